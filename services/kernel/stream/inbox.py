"""One batch of messages in one transaction: each handled once and in order, or given a place in its queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymongo import DeleteOne, UpdateOne
from pymongo.errors import PyMongoError

from services.kernel.domain.clock import host, now
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import EVENTS, Message
from services.kernel.storage.mongo import Document, document
from services.kernel.storage.unit import Folded, Guard, MongoUnit
from services.kernel.stream.batch import Batch
from services.kernel.stream.consumer import Copy, Effects, Recorder, Spread
from services.kernel.stream.delivery import FOREIGN, NOT_ITS_FAULT, Delivery, Outcome, Spoilt, overtakes
from services.kernel.stream.queue import ATTEMPTS, Place, PlaceState, place


@dataclass(slots=True)
class Inbox(Batch):
    """Decides what happens to each message of a batch."""

    async def hear(self, d: Delivery) -> None:
        """Handle the message, pass it as a duplicate, or give it a place in the queue."""
        guard, here = self.guard(d.handler, d.message), self.here(d)
        if d.past:
            if d.message.sequence > guard.sequence:
                self._pass(d, "past")
        elif d.message.sequence <= guard.sequence:
            contradicts = d.message.sequence == guard.sequence and guard.event not in (None, d.message.id)
            self.outcomes.append(Outcome(d.message, "contradicts" if contradicts else "duplicate"))
        elif here:
            contradicts = here.event_id != d.message.id
            self.outcomes.append(Outcome(d.message, "contradicts" if contradicts else "duplicate"))
        elif d.message.sequence > guard.sequence + 1:
            self._wait(d)
        elif await self.attempt(d):
            await self.drain(d)

    def _wait(self, d: Delivery) -> None:
        """Queue a message that came too early. One that hides is folded at once as well.

        The guard is written unchanged. Another transaction that moves it then collides with this one, and sees the
        place.
        """
        queue, guard = self.queue(d.handler, d.message.subject), self.guard(d.handler, d.message)
        self.set_guard(d, guard)
        new = place(queue, d.handler, d.message, d.partition)
        if overtakes(d.message) and isinstance(d.handler, Copy):
            try:
                self._fold(d.handler, d.message, guard)
            except Exception as error:  # it fails again in its turn, and is tried again from then on
                new = new.noted(error)
        self.put(new, "waiting")

    async def attempt(self, d: Delivery) -> bool:
        """Handle a message whose turn it is, and say whether that succeeded.

        If the message is at fault, or needs something that is not known yet, it gets a place in the queue.
        """
        try:
            if d.trouble:
                raise d.trouble
            await self._handle(d)
        except (*NOT_ITS_FAULT, PyMongoError, Spoilt):
            raise
        except Exception as error:
            self.set_aside(d, error)
            return False
        self._pass(d, "handled" if d.message.type in EVENTS else "unknown")
        return True

    def set_aside(self, d: Delivery, error: Exception) -> None:
        """Make it the head of its queue, with its error."""
        known = self.here(d) or place(self.queue(d.handler, d.message.subject), d.handler, d.message, d.partition)
        after = known.failed(error, attempts=1 if d.handler is FOREIGN else ATTEMPTS)
        self.put(after, after.state.value)

    def _pass(self, d: Delivery, word: str) -> None:
        """Move the guard past it, and take it out of the queue."""
        queue = self.queue(d.handler, d.message.subject)
        self.set_guard(d, Guard(d.message.sequence, d.message.id, host()))
        if self.queues[queue].pop(d.message.sequence, None):
            self.unit.write(Place.KIND, DeleteOne({"_id": f"{queue}#{d.message.sequence}"}))
        self.outcomes.append(Outcome(d.message, word))

    async def retry(self, d: Delivery) -> Place | None:
        """Try a queued message if its turn has come. Returns the place behind it if that succeeded."""
        sequence, turn = d.message.sequence, self.guard(d.handler, d.message).sequence + 1
        here = self.here(d)
        if here is None:
            return None
        if sequence < turn:  # somebody else has handled it
            self.unit.write(Place.KIND, DeleteOne({"_id": here.id}))
            return None
        if sequence > turn:
            self.put(replace(here, state=PlaceState.WAITING, again_at=None), "waiting")
            return None
        return self.next(d) if await self.attempt(d) else None

    def move(self, d: Delivery, sequence: int) -> None:
        """Set the guard as if everything up to a sequence had been handled. The next place is then due."""
        self.set_guard(d, Guard(sequence, None, host()))
        self.call_next(d)

    def skip(self, d: Delivery) -> None:
        """Pass a message unhandled, as people decided. The next place is then due."""
        self._pass(d, "passed")
        self.call_next(d)

    async def drain(self, d: Delivery) -> None:
        """Handle the queued messages whose turn has come. One that needs content is left to the retry."""
        while (head := self.next(d)) and head.state is PlaceState.WAITING:
            if isinstance(d.handler, Copy) and head.type in d.handler.fetches:
                return self.call_next(d)
            d = Delivery(handler=d.handler, message=head.message, partition=head.partition)
            if not await self.attempt(d):
                return

    def call_next(self, d: Delivery) -> None:
        """Make the place whose turn it is due, so that the next look at the queue tries it."""
        if head := self.next(d):
            self.unit.write(Place.KIND, UpdateOne({"_id": head.id}, {"$set": {"again_at": host()}}))

    async def _handle(self, d: Delivery) -> None:
        message = d.message
        self.unit.cause = Cause(who=message.source, request=message.correlation, trace=message.trace)
        if isinstance(d.handler, Copy):
            self._fold(d.handler, message, Guard(message.sequence, message.id, host()))
        elif isinstance(d.handler, Effects):
            await self._run(d.handler, message)
        elif isinstance(d.handler, Recorder):
            message.event()
            self.recorded.append(message)

    def _fold(self, copy: Copy[Any], message: Message, guard: Guard) -> None:
        """Fold a message, and after it again every queued one that hides, unless that one failed itself."""
        collection = self.collection(copy)
        queue = self.queues[self.queue(copy, message.subject)]
        behind = [p for n, p in sorted(queue.items()) if n > message.sequence and p.failure is None]
        hiding = [p.message for p in behind if overtakes(p.message)]
        state, spreads = self.unit.copied[collection, message.key].state, []
        for each in (message, *hiding):
            spread = copy.fold(state, each)
            state = spread.state if spread else None
            spreads.append(spread)
        beside = self._beside(filter(None, spreads))
        stored = None if state is None else document(state)
        self.unit.must_fit(*filter(None, (stored, *beside.values())))
        self.beside |= beside
        self.unit.copied[collection, message.key] = Folded(state, guard, stored=stored)

    def _beside(self, spreads: Iterable[Spread[Any]]) -> dict[tuple[str, str], Document | None]:
        found: dict[tuple[str, str], Document | None] = {}
        for spread in spreads:
            for record in spread.beside:
                found[self.unit.name(type(record)), record.id] = document(record)
            for kind, id in spread.without:
                found[self.unit.name(kind), id] = None
        return found

    async def _run(self, effects: Effects, message: Message) -> None:
        if (effect := effects.effects.get(message.type)) is None:
            return
        point = self.unit.savepoint()
        try:
            await effect(self.unit, message.event(), now())
            self.unit.must_fit_since(point)
        except (*NOT_ITS_FAULT, PyMongoError):
            raise
        except Exception as error:
            if not self.unit.back_to(point):
                raise Spoilt from error
            raise


async def hear_all(unit: MongoUnit, deliveries: Sequence[Delivery]) -> list[Outcome]:
    """Handle one batch. Returns what became of each message."""
    inbox = Inbox(unit)
    await inbox.load(deliveries)
    for delivery in deliveries:
        await inbox.hear(delivery)
    await inbox.finish()
    return inbox.outcomes


async def set_aside(unit: MongoUnit, delivery: Delivery, error: Exception) -> list[Outcome]:
    """Set one aside whose write can never succeed. Nothing but its place is read, as the rest may be what fails."""
    inbox = Inbox(unit)
    id = f"{inbox.queue(delivery.handler, delivery.message.subject)}#{delivery.message.sequence}"
    if known := await unit.look(Place, id):
        inbox.queues[known.queue][known.sequence] = known
    inbox.set_aside(delivery, error)
    return inbox.outcomes
