"""What people do with the queues: look, try again, pass. Only what they pass is recorded."""

import asyncio
import getpass
from collections.abc import Sequence
from dataclasses import dataclass

from pymongo import InsertOne

from services.kernel.domain.clock import host
from services.kernel.storage.mongo import Document, MongoReader
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream import generation as generations
from services.kernel.stream.consumer import Handler
from services.kernel.stream.delivery import FOREIGN, Delivery
from services.kernel.stream.inbox import Inbox
from services.kernel.stream.listener import Listener
from services.kernel.stream.queue import Place, PlaceState
from services.kernel.stream.retry import Retry

PASSED = "passed"  # the collection that records what people passed
PASSING = "passed while new copies were filled"
SOON = 0.2  # seconds between two looks at what is tried again by itself
ONLY_WAIT = "waiting"  # the group of places that wait for others before them
MOST = 1_000  # messages of one gap that are recorded one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Places that failed with the same error at the same place in the code, or that only wait (`name` ONLY_WAIT)."""

    name: str
    places: Sequence[Place]

    @property
    def line(self) -> str:
        """The group on one line: its name, how many places, the first and the last time, why."""
        times = sorted(place.failed_at or place.since for place in self.places)
        failure = self.places[0].failure if self.name != ONLY_WAIT else None
        why = f"{failure.error} ({failure.where})" if failure else "wait for those before them"
        span = f"{times[0]:%Y-%m-%d %H:%M:%S} to {times[-1]:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.name}  {len(self.places)} {self.places[0].state}, {span}: {why}"


def group_of(place: Place) -> str:
    """The name of the group. An event that overtakes may fail before its turn; until its turn it only waits."""
    return place.failure.group if place.failure and place.state is not PlaceState.WAITING else ONLY_WAIT


def grouped(places: Sequence[Place]) -> list[Group]:
    """The places by group. The groups are in the order of their first place."""
    by: dict[str, list[Place]] = {}
    for place in places:
        by.setdefault(group_of(place), []).append(place)
    return [Group(name=name, places=found) for name, found in by.items()]


async def places(listener: Listener, where: str | None = None) -> list[Place]:
    """All places, or those of one message (`…#3`), one aggregate (`letter/…`) or one group."""
    asked: Document = {}
    if where == ONLY_WAIT:
        asked = {"state": PlaceState.WAITING}
    elif where is not None:
        subject, _, sequence = where.rpartition("#")
        failed = {"$ne": PlaceState.WAITING}
        one: Document = {"subject": subject, "sequence": int(sequence)} if subject and sequence.isdecimal() else {}
        asked = {
            "$or": [
                {"_id": where},
                {"subject": where},
                {"failure.group": where, "state": failed},
                *([one] if one else []),
            ]
        }
    return await MongoReader(listener.transact.db).find(Place, asked, sort="since", limit=0)


def heads(found: Sequence[Place]) -> list[Place]:
    """The first place of each queue."""
    first: dict[str, Place] = {}
    for place in sorted(found, key=lambda place: place.sequence):
        first.setdefault(place.queue, place)
    return list(first.values())


async def replay(listener: Listener, where: str) -> int:
    """Try places again, and what waits behind them until something fails. Returns how many were handled."""
    retry = Retry(listener)
    return sum([await retry.work_off(place) for place in heads(await places(listener, where))])


async def discard(listener: Listener, where: str, *, reason: str = "-") -> list[Place]:
    """Pass exactly one message of each queue, the head whose turn it is. Nothing is run. Returns those passed."""
    found = [place for place in heads(await places(listener, where)) if _handler(listener, place)]
    return [place for place in found if await listener.transact(_pass, listener, place, reason)]


async def _pass(unit: MongoUnit, listener: Listener, place: Place, reason: str) -> bool:
    inbox, delivery = await _opened(unit, listener, place)
    if place.sequence != inbox.guard(delivery.handler, place.message).sequence + 1:
        return False
    inbox.skip(delivery)
    _record(unit, place, place.sequence, place.sequence, reason)
    await inbox.finish()
    return True


async def catch_up(listener: Listener, *, passing: bool = False) -> list[Place]:
    """Work off the queues of fresh copies. What people passed in the live copies is passed here too.

    Returns what still waits or fails. `passing`: all that fails is passed.
    """
    retry = Retry(listener)
    while True:
        while await retry.once():
            pass
        found = await generations.worse(listener.transact.db, listener.generation)
        if any(place.state is PlaceState.FAILING for place in found):
            await asyncio.sleep(SOON)
            continue
        may = [place for place in heads(found) if passing or await _was_passed(listener, place)]
        failed = [place for place in may if place.state is PlaceState.FAILED]
        if not [place for place in failed if await listener.transact(_pass, listener, place, PASSING)]:
            return found


async def _was_passed(listener: Listener, place: Place) -> bool:
    """Whether people passed the same message in the live copies."""
    same: Document = {"handler": place.handler, "subject": place.subject, "sequence": place.sequence}
    return await listener.transact.db[PASSED].count_documents(same, limit=1) > 0


async def pass_gap(listener: Listener, where: str, *, reason: str = "-") -> list[tuple[Place, int]]:
    """Go on behind messages that never came. Returns each queue's head, and how many before it were given up.

    A message that came and failed is no gap: that is for `discard`.
    """
    found = [place for place in heads(await places(listener, where)) if _handler(listener, place)]
    given_up = [(place, await listener.transact(_give_up, listener, place, reason)) for place in found]
    return [(place, count) for place, count in given_up if count]


async def _give_up(unit: MongoUnit, listener: Listener, place: Place, reason: str) -> int:
    inbox, delivery = await _opened(unit, listener, place)
    last = inbox.guard(delivery.handler, place.message).sequence
    missing = min(inbox.queues[place.queue]) - last - 1
    if missing > 0 and place.sequence == last + missing + 1:
        inbox.move(delivery, place.sequence - 1)
        _record(unit, place, last + 1, place.sequence - 1, reason)
        await inbox.finish()
        return missing
    return 0


async def _opened(unit: MongoUnit, listener: Listener, place: Place) -> tuple[Inbox, Delivery]:
    handler = _handler(listener, place)
    assert handler
    delivery = Delivery(handler=handler, message=place.message, partition=place.partition)
    inbox = Inbox(unit)
    await inbox.load([delivery])
    return inbox, delivery


def _handler(listener: Listener, place: Place) -> Handler | None:
    """The handler of a place. None for a copy that this program's code does not keep."""
    return FOREIGN if place.handler == FOREIGN.name else listener.handler(place)


def _record(unit: MongoUnit, place: Place, first: int, last: int, reason: str) -> None:
    """Record who passed what, and why. The message itself stays on its topic."""
    why = place.failure.error if place.failure else None
    unit.write(
        PASSED,
        *(
            InsertOne(
                {
                    "at": host(), "who": getpass.getuser(), "reason": reason, "handler": place.handler,
                    "queue": place.queue, "subject": place.subject, "sequence": sequence, "error": why,
                }
            )
            for sequence in range(first, min(last, first + MOST) + 1)
        ),
    )  # fmt: skip
