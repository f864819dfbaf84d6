"""What scoring does beside its requests: evidence, and long work on a month. Only people close a month, never time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from prometheus_client import Gauge

from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away, Busy, Cause, Reader, Unit
from services.kernel.domain.task import Progress, Task
from services.kernel.running.parts import Part
from services.kernel.running.task import Act, Work
from services.kernel.storage.mongo import asking
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import Waits, log
from services.scoring.actions import CLOSING, PUBLISHING, adopt_schemes, close_month, publish_month
from services.scoring.domain import refusals
from services.scoring.domain.score import Inputs
from services.scoring.store import evidence, month

BEHIND = Gauge("citygate_scoring_evidence_behind_facts", "Facts heard that are not added to the evidence yet.")
PAUSE = 0.25  # seconds until it is looked again whether a fact came
UNUSED = 3600.0  # seconds between two looks for evidence that nobody uses any more


async def first(transact: Transactor) -> None:
    """Tell of the schemes that were not told of yet."""
    await transact(adopt_schemes, month.schemes(), at=now())


async def gather(transact: Transactor) -> None:
    """Add the facts to the evidence as they are heard. Every replica does; of two that add the same, one sees that."""
    waits, transact = Waits("evidence", Away, Busy), transact.because(Cause(who="evidence", request="-"))
    looked, clock = -UNUSED, asyncio.get_running_loop().time
    while True:
        try:
            with asking():
                left = await gather_once(transact, at=now())
                if clock() - looked > UNUSED:
                    looked = clock()
                    for version in await evidence.forget(transact.reader(), at=now()):
                        log.info("evidence.forgotten", version=version)
            waits.over()
        except waits.errors as error:
            waits.again(error)
            left = 0
        if not left:
            await asyncio.sleep(PAUSE)


async def gather_once(transact: Transactor, *, at: datetime) -> int:
    """Add the facts of some positions, if there are any. Returns how many are left."""
    left = await evidence.behind(transact.reader())
    if left:
        left -= await transact(evidence.add, at=at)
    BEHIND.set(left)
    return left


def beside(transact: Transactor) -> Sequence[Part]:
    return [("evidence", partial(gather, transact))]


async def closing(_: Reader, task: Task) -> Act:
    """Everything in one unit, so that all of it is read as of one moment: the position is that of the evidence then."""
    begun = Inputs(**task.arguments)

    async def close(unit: MongoUnit) -> Progress:
        inputs = replace(begun, position=await reached(unit, begun.position))
        scored, noticed = await month.whole(unit, inputs)
        closed = await close_month(unit, inputs, scored, noticed=noticed, at=task.begun_at)
        return Progress(cursor=None, done=len(closed.departments), total=len(closed.departments))

    return close


async def reached(read: Reader, position: int) -> int:
    """How far the evidence has come. `Away` while it has not come to a position."""
    there = await evidence.reached(read)
    if there < position:
        raise refusals.EVIDENCE_BEHIND()
    return there


async def publishing(_: Reader, task: Task) -> Act:
    async def publish(unit: Unit) -> Progress:
        month = await publish_month(unit, task.arguments["month"], at=task.begun_at)
        return Progress(cursor=None, done=len(month.departments), total=len(month.departments))

    return publish


WORKS = (Work(CLOSING, closing), Work(PUBLISHING, publishing))
