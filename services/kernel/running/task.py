"""Long work in small transactions, with a stored cursor. One replica at a time does it, and resumes at the cursor."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pymongo import UpdateOne

from services.kernel.storage.lease import hold, let_go
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import log

LEASE = 30.0  # seconds; a batch is far shorter

Batch = Callable[[MongoUnit, str | None], Awaitable[str | None]]
"""Works from a cursor on (None: the beginning). Returns the cursor of the next batch, or None when all is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of long work. `name` identifies the run: the same name resumes it, and does nothing once it is done."""

    name: str
    batch: Batch

    async def run(self, transact: Transactor) -> int:
        """Returns the number of batches done now. Waits while another process has the lease."""
        done = 0
        try:
            while True:
                while not await hold(transact.db, self.name, seconds=LEASE):
                    await asyncio.sleep(1)
                if await transact.named(f"task:{self.name.partition(':')[0]}", self._once):
                    return done
                done += 1
        finally:
            await let_go(transact.db, self.name)

    async def _once(self, unit: MongoUnit) -> bool:
        """Do one batch and store its cursor, in one transaction. Returns True if all was done before."""
        found = await unit.db["tasks"].find_one({"_id": self.name}, session=unit.session) or {}
        if found.get("done"):
            return True
        cursor = await self.batch(unit, found.get("cursor"))
        mark = {"$set": {"cursor": cursor, "done": cursor is None}}
        unit.write("tasks", UpdateOne({"_id": self.name}, mark, upsert=True))
        log.info("task.batch", task=self.name, cursor=cursor)
        return False
