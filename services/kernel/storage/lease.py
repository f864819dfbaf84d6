"""Leases: one replica at a time may do something. MongoDB's clock decides how long, and no host's clock."""

import asyncio
from typing import Any
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from services.kernel.storage.mongo import Database

HOLDER = uuid4().hex  # this process


async def hold(db: Database, name: str, *, seconds: float, holder: str = HOLDER) -> bool:
    """Take or renew the lease. Returns whether it is ours. Others may take it once it has run out or was let go."""
    until: dict[str, Any] = {"$add": ["$$NOW", int(seconds * 1000)]}
    may = {"$or": [{"$eq": ["$holder", holder]}, {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}]}
    take = {name: {"$cond": [may, new, f"${name}"]} for name, new in (("holder", holder), ("until", until))}
    try:
        found = await db["leases"].find_one_and_update(
            {"_id": name}, [{"$set": take}], upsert=True, return_document=True
        )
    except DuplicateKeyError:  # another replica made it at the same moment
        return False
    return bool(found["holder"] == holder)


async def let_go(db: Database, name: str, *, holder: str = HOLDER) -> None:
    await db["leases"].delete_one({"_id": name, "holder": holder})


class Lease:
    """A lease as its holder sees it. `held` is true only while no other can have it.

    The seconds count on this process's clock, from before MongoDB was asked. A process that was frozen finds that the
    lease has run out.
    """

    def __init__(self, db: Database, name: str, *, seconds: float, holder: str = HOLDER) -> None:
        self.db, self.name, self.seconds, self.holder = db, name, seconds, holder
        self._until = float("-inf")

    def held(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    async def take(self) -> bool:
        """Take or renew it. Returns whether it is ours now."""
        asked = asyncio.get_running_loop().time()
        mine = await hold(self.db, self.name, seconds=self.seconds, holder=self.holder)
        self._until = asked + self.seconds if mine else float("-inf")
        return self.held()

    async def let_go(self) -> None:
        self._until = float("-inf")
        await let_go(self.db, self.name, holder=self.holder)
