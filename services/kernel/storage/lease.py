"""Leave for one replica at a time, given by MongoDB's clock and not by any host's."""

import asyncio
from typing import Any
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from services.kernel.storage.mongo import Database

HOLDER = uuid4().hex  # this process


async def hold(db: Database, name: str, *, seconds: float, holder: str = HOLDER) -> bool:
    """Take or renew the lease; whether it is ours for so long. It falls to others when it ran out or was let go."""
    until: dict[str, Any] = {"$add": ["$$NOW", int(seconds * 1000)]}
    may = {"$or": [{"$eq": ["$holder", holder]}, {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}]}
    take = {name: {"$cond": [may, new, f"${name}"]} for name, new in (("holder", holder), ("until", until))}
    try:
        found = await db["leases"].find_one_and_update(
            {"_id": name}, [{"$set": take}], upsert=True, return_document=True
        )
    except DuplicateKeyError:  # two made it at once
        return False
    return bool(found["holder"] == holder)


async def let_go(db: Database, name: str, *, holder: str = HOLDER) -> None:
    await db["leases"].delete_one({"_id": name, "holder": holder})


class Lease:
    """One taker's side of a lease, and how long it is surely still its own.

    That is reckoned on this process's clock, from before MongoDB was asked: a process that was frozen finds it run out.
    """

    def __init__(self, db: Database, name: str, *, seconds: float, holder: str = HOLDER) -> None:
        self.db, self.name, self.seconds, self.holder = db, name, seconds, holder
        self._until = float("-inf")

    def held(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    async def take(self) -> bool:
        """Take or renew it; whether it is ours now."""
        asked = asyncio.get_running_loop().time()
        mine = await hold(self.db, self.name, seconds=self.seconds, holder=self.holder)
        self._until = asked + self.seconds if mine else float("-inf")
        return self.held()

    async def let_go(self) -> None:
        self._until = float("-inf")
        await let_go(self.db, self.name, holder=self.holder)
