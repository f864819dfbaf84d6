"""Sweeps: actions that run because the time has come."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from services.kernel.domain.clock import now
from services.kernel.domain.decision import Aggregate, Away, Busy, Cause
from services.kernel.storage.mongo import MongoReader, asking
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import SWEEP_SECONDS, SWEPT, Waits, log

BATCH = 200


class Due(Protocol):
    """A sweep's question: the ids of the aggregates that are due at a moment, soonest first."""

    async def __call__(self, read: MongoReader, moment: datetime, *, limit: int) -> list[str]: ...


class Act(Protocol):
    """A sweep's action, for one aggregate that is due."""

    async def __call__(self, unit: MongoUnit, id: str, /, *, at: datetime) -> object: ...


@dataclass(slots=True, kw_only=True)
class Sweep:
    """A question for ids and the action for each of them. Every replica runs it: a lost race does nothing twice.

    Ids that failed are left out for a growing number of rounds, or they would starve the rest. `guilty`: id → how
    often it failed, and the round from which it may be tried again.
    """

    name: str
    of: type[Aggregate]
    due: Due
    act: Act
    seconds: float = 1.0
    guilty: dict[str, tuple[int, int]] = field(default_factory=dict)
    round: int = 0

    async def run(self, transact: Transactor) -> None:
        waits = Waits(f"sweep:{self.name}", Away, Busy)
        for outcome in ("ok", "failed"):
            SWEPT.labels(sweep=self.name, outcome=outcome)
        while True:
            try:
                with asking():
                    done = await self.once(transact, now())
                waits.over()
            except waits.errors as error:
                waits.again(error)
                done = 0
            if done < BATCH:
                await asyncio.sleep(self.seconds)

    async def once(self, transact: Transactor, moment: datetime) -> int:
        """Run one batch in one transaction, or one by one if that fails. Returns how many were due and tried."""
        self.round += 1
        ids = await self.due(transact.reader(), moment, limit=BATCH + len(self.guilty))
        ids = [id for id in ids if self.guilty.get(id, (0, 0))[1] <= self.round][:BATCH]
        if not ids:
            return 0
        with SWEEP_SECONDS.labels(sweep=self.name).time():
            transact = transact.because(Cause(who=f"timer:{self.name}", request=uuid4().hex))
            try:
                await transact(self.batch, ids, moment)
                SWEPT.labels(sweep=self.name, outcome="ok").inc(len(ids))
            except (Away, Busy):
                raise
            except Exception:
                await self._one_by_one(transact, ids, moment)
        return len(ids)

    async def _one_by_one(self, transact: Transactor, ids: Sequence[str], moment: datetime) -> None:
        for id in ids:
            try:
                await transact(self.batch, [id], moment)
                self.guilty.pop(id, None)
                SWEPT.labels(sweep=self.name, outcome="ok").inc()
            except (Away, Busy):
                raise
            except Exception as error:
                times = self.guilty.get(id, (0, 0))[0] + 1
                self.guilty[id] = (times, self.round + 2 ** min(times, 10))
                SWEPT.labels(sweep=self.name, outcome="failed").inc()
                log.error("sweep.set_aside", sweep=self.name, id=id, times=times, exc_info=error)

    async def batch(self, unit: MongoUnit, ids: Sequence[str], moment: datetime) -> None:
        await unit.load(self.of, ids)
        for id in ids:
            await self.act(unit, id, at=moment)
