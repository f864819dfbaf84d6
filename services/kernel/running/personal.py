"""What is done with the keys of personal data: wrapped anew under another key of the program, and erased."""

from datetime import datetime
from typing import Protocol

from pymongo import UpdateOne

from services.kernel.domain.decision import Aggregate, Unit
from services.kernel.storage.crypto import Vault
from services.kernel.storage.mongo import Database, Document, asking

BATCH = 500  # keys wrapped anew in one write


class Erase(Protocol):
    """The action that erases what is personal in one aggregate."""

    async def __call__(self, unit: Unit, id: str, /, *, reason: str, at: datetime) -> Aggregate: ...


async def rewrap(db: Database, kind: type[Aggregate], vault: Vault) -> int:
    """Wrap the keys of a kind under this vault's first key. Returns how many. Killed, it goes on when it runs again.

    It is no task: another replica may not know the new key yet, or have another one first. A key is written only where
    it is still the one that was read; a transaction that writes the same document meanwhile runs again.
    """
    done, keys = 0, db[kind.KIND]
    where: Document = {"key.by": {"$exists": True, "$ne": vault.mark}}
    while True:
        with asking():
            found = await keys.find(where, {"key": 1}).sort("_id", 1).limit(BATCH).to_list(BATCH)
        if not found:
            return done
        writes = [
            UpdateOne(
                {"_id": each["_id"], "key": each["key"]},
                {"$set": {"key": {"by": vault.mark, "wrapped": vault.rotate(each["key"]["wrapped"])}}},
            )
            for each in found
        ]
        with asking():
            done += (await keys.bulk_write(writes, ordered=False)).modified_count
        where["_id"] = {"$gt": found[-1]["_id"]}
