"""Leave for one replica at a time, given by MongoDB's clock and not by any host's."""

from typing import Any
from uuid import uuid4

from pymongo.errors import DuplicateKeyError

from services.kernel.mongo import Database

HOLDER = uuid4().hex  # this process


async def hold(db: Database, name: str, *, seconds: float, holder: str = HOLDER) -> bool:
    """Take or renew the lease; whether it is ours for so long. It falls to others when it ran out or was let go."""
    free = {"$or": [{"holder": holder}, {"$expr": {"$lte": ["$until", "$$NOW"]}}]}
    until: dict[str, Any] = {"$add": ["$$NOW", int(seconds * 1000)]}
    try:
        await db["leases"].update_one(
            {"_id": name, **free}, [{"$set": {"holder": holder, "until": until}}], upsert=True
        )
    except DuplicateKeyError:
        return False
    return True


async def let_go(db: Database, name: str, *, holder: str = HOLDER) -> None:
    await db["leases"].delete_one({"_id": name, "holder": holder})
