"""What is done with the keys of personal data: wrapped anew under another key of the program, and erased."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Protocol

from pymongo import UpdateOne

from services.kernel.domain import task as tasks
from services.kernel.domain.decision import Aggregate, Unit
from services.kernel.domain.task import Progress, Task
from services.kernel.running.task import Act, Work
from services.kernel.storage.crypto import Vault
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.unit import MongoUnit

BATCH = 200  # keys wrapped anew in one transaction
ROTATION = "rotation"


class Erase(Protocol):
    """The action that erases what is personal in one aggregate."""

    async def __call__(self, unit: Unit, id: str, /, *, reason: str, at: datetime) -> Aggregate: ...


async def begin_rotation(unit: Unit, id: str, *, by: str, at: datetime) -> Task:
    """Wrap the keys of all aggregates under the first of the program's keys, so that the others can be taken away."""
    return unit.save(tasks.begin(await unit.look(Task, id), id, ROTATION, {}, by=by, request=id, at=at))


def rotation(vault: Vault, kinds: Iterable[type[Aggregate]]) -> Work:
    return Work(ROTATION, partial(_think, vault, [kind.KIND for kind in kinds]))


async def _think(vault: Vault, kinds: list[str], read: MongoReader, task: Task) -> Act:
    """One kind after the other; the cursor is `kind/id`."""
    kind, _, after = (task.progress.cursor or f"{next(iter(kinds), '')}/").partition("/")
    later = kinds[kinds.index(kind) + 1 :] if kind else []
    where = {"key": {"$exists": True}, "_id": {"$gt": after}}
    found = await read.db[kind].find(where, {"key": 1}).sort("_id", 1).limit(BATCH).to_list(BATCH) if kind else []
    cursor = f"{kind}/{found[-1]['_id']}" if len(found) == BATCH else f"{later[0]}/" if later else None

    async def wrap(unit: MongoUnit) -> Progress:
        for each in found:  # unless it was erased meanwhile
            there = {"_id": each["_id"], "key": each["key"]}
            unit.write(kind, UpdateOne(there, {"$set": {"key": vault.rotate(each["key"])}}))
        return Progress(cursor=cursor, done=task.progress.done + len(found))

    return wrap
