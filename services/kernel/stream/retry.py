"""Tries due places of the queues again, each in a transaction of its own, and sends the dead letters."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from services.kernel.contracts import DEAD_LETTERS
from services.kernel.domain.clock import host
from services.kernel.domain.decision import Away, Busy
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Document, MongoReader, asking
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream.bus import BUS_ERRORS
from services.kernel.stream.consumer import Handler
from services.kernel.stream.delivery import NOT_ITS_FAULT, Delivery, Outcome, cause
from services.kernel.stream.inbox import Inbox, set_aside
from services.kernel.stream.listener import Listener
from services.kernel.stream.queue import Place, PlaceState
from services.kernel.telemetry import log

LOOK = 1.0  # seconds between two looks at what is due
BATCH = 100
OTHERS, REST = 19, 5.0  # while messages come it rests so many times as long as a try in vain took; seconds at most


class Retry:
    """Runs in every replica. Of two that try the same place at once, one finds it gone."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self._unknown = False  # whether something waits for what is not known yet

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                with asking():
                    await self.once()
                    await self.copy_dead_letters()
            except (Away, Busy, *BUS_ERRORS) as error:
                log.info("retry.waits", error=f"{type(error).__name__}: {error}"[:200])
            await self._rest()

    async def _rest(self) -> None:
        """Wait for the next look, or until something came that others may have waited for."""
        try:
            async with asyncio.timeout(LOOK):
                await (self.listener.came.wait() if self._unknown else asyncio.Event().wait())
        except TimeoutError:
            return

    async def once(self) -> int:
        """Try once what is due, and what waits for something not known. Returns how many were tried."""
        reader = MongoReader(self.listener.transact.db)
        mine = self.listener.mine  # what another version fails at would fill the batch, and starve these
        unknown = {**mine, "state": PlaceState.UNKNOWN, "again_at": {"$type": "date"}}
        came = self.listener.came.is_set()
        self.listener.came.clear()
        due = {**mine, "again_at": {"$type": "date", "$lte": host()}}
        found = await reader.find(Place, due, sort="again_at", limit=BATCH)
        if came and self._unknown:
            found = await reader.find(Place, unknown, sort="again_at", limit=BATCH) + found
        places = {place.id: place for place in found}
        for place in places.values():
            began = monotonic()
            if not await self.work_off(place) and self.listener.busy:
                await asyncio.sleep(min((monotonic() - began) * OTHERS, REST))
        self._unknown = await reader.count(Place, unknown) > 0
        return len(places)

    async def work_off(self, place: Place) -> int:
        """Try a place and those behind it until one fails. Returns how many succeeded."""
        done = 0
        head: Place | None = place
        while head and (handler := self.listener.handler(head)):
            outcomes, head = await self._attempt(handler, head)
            self.listener.report(outcomes)
            done += all(outcome.place is None for outcome in outcomes)
        return done

    async def _attempt(self, handler: Handler, place: Place) -> tuple[Sequence[Outcome], Place | None]:
        """Fetch the content it names, then try it. Returns the place behind it if that succeeded."""
        trouble = await self.listener.trouble(place.message)
        delivery = Delivery(handler=handler, message=place.message, partition=place.partition, trouble=trouble)

        async def act(unit: MongoUnit) -> tuple[Sequence[Outcome], Place | None]:
            return await again(unit, delivery)

        async def aside(unit: MongoUnit) -> Sequence[Outcome]:
            return await set_aside(unit, delivery, guilty)

        try:
            return await self.listener.transact.named("retry", act)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:
            guilty = cause(error)
        return await self.listener.transact.named("set_aside", aside), None

    async def copy_dead_letters(self) -> None:
        """Copy what was left for people to the dead letters, however long Kafka was away before."""
        reader = MongoReader(self.listener.transact.db)
        for place in await reader.find(Place, {"copy_due": True}, sort="_id", limit=BATCH):
            await self.listener.bus.send([dead_letter(place, self.listener.program)], topic=DEAD_LETTERS)
            sent: Document = {"$set": {"copy_due": False}}
            await self.listener.transact.db[Place.KIND].update_one({"_id": place.id}, sent)


async def again(unit: MongoUnit, delivery: Delivery) -> tuple[Sequence[Outcome], Place | None]:
    """Try a queued message if its turn has come. Returns the place behind it if that succeeded."""
    inbox = Inbox(unit)
    await inbox.load([delivery])
    behind = await inbox.retry(delivery)
    await inbox.finish()
    return inbox.outcomes, behind


def dead_letter(place: Place, program: str) -> Message:
    """The message of a place, with the reason why it failed as its correlation."""
    why = place.failure.error if place.failure else "-"
    return replace(place.message, correlation=f"{program}/{place.handler}: {why}"[:500])
