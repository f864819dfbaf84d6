"""What people decide about the queues: look, try again, pass. What is passed is recorded, and nothing else is."""

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

PASSED = "passed"  # the record of what people passed
PASSING = "passed while new copies were filled"
SOON = 0.2  # seconds until what is tried again by itself is looked at again
ONLY_WAIT = "waiting"  # the group of those that wait for others before them
MOST = 1_000  # messages of one gap that are recorded one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Places that failed with the same error at the same place in the code, or that only wait (`name` ONLY_WAIT)."""

    name: str
    places: Sequence[Place]

    @property
    def line(self) -> str:
        """For a list: the group, how many, the first and the last time, why."""
        times = sorted(place.failed_at or place.since for place in self.places)
        failure = self.places[0].failure if self.name != ONLY_WAIT else None
        why = f"{failure.error} ({failure.where})" if failure else "wait for those before them"
        span = f"{times[0]:%Y-%m-%d %H:%M:%S} to {times[-1]:%Y-%m-%d %H:%M:%S} UTC"
        return f"{self.name}  {len(self.places)} {self.places[0].state}, {span}: {why}"


def group_of(place: Place) -> str:
    """What hides may have failed before its turn; until that comes it waits like any other."""
    return place.failure.group if place.failure and place.state is not PlaceState.WAITING else ONLY_WAIT


def grouped(places: Sequence[Place]) -> list[Group]:
    """Those that failed most recently last."""
    by: dict[str, list[Place]] = {}
    for place in places:
        by.setdefault(group_of(place), []).append(place)
    return [Group(name=name, places=found) for name, found in by.items()]


async def places(listener: Listener, where: str | None = None) -> list[Place]:
    """All, or those of one place (`…#3`), one aggregate (`letter/…`), or one group."""
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
    """The first of each queue among them."""
    first: dict[str, Place] = {}
    for place in sorted(found, key=lambda place: place.sequence):
        first.setdefault(place.queue, place)
    return list(first.values())


async def replay(listener: Listener, where: str) -> int:
    """Try them again, with what waits behind them; each queue stops at what fails. How many were handled."""
    retry = Retry(listener)
    return sum([await retry.work_off(place) for place in heads(await places(listener, where))])


async def discard(listener: Listener, where: str, *, reason: str = "-") -> list[Place]:
    """Pass exactly one of each queue, the head whose turn it is, and run none. Those passed."""
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
    """Work the queues of fresh copies off; what people passed in the live ones before is passed again.

    What then still waits or fails comes back. `passing`: all that fails is passed.
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
    """Go on behind messages that never came. Each queue's head, and how many messages before it were given up.

    What is there and failed is no gap: it is discarded.
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
    """Whose place it is; None for a copy that this program's code does not keep."""
    return FOREIGN if place.handler == FOREIGN.name else listener.handler(place)


def _record(unit: MongoUnit, place: Place, first: int, last: int, reason: str) -> None:
    """Who passed what, and why; the message itself stays on its topic."""
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
