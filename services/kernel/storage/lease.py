"""Leave for one replica at a time, given by MongoDB's clock and not by any host's."""

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
