"""Sending the journal again: a readable past for readers that lost theirs, and the refill of an empty topic."""

from datetime import datetime

from pymongo import UpdateMany

from services.kernel.domain import task as tasks
from services.kernel.domain.decision import Unit
from services.kernel.domain.task import Progress, Task
from services.kernel.running.task import Act, Work
from services.kernel.storage import journal
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.unit import MongoUnit

BATCH = 1_000  # records of the journal marked in one transaction


async def begin(
    unit: Unit, id: str, *, since: datetime | None, until: datetime | None, subject: str | None, by: str, at: datetime
) -> Task:
    """Mark told records as unsent, including those set apart. The relay sends them, in order.

    `since`, `until`: of the time of writing; `subject`: of one aggregate only. Readers skip messages that they know.
    """
    span = {"since": since, "until": until, "subject": subject}
    return unit.save(tasks.begin(await unit.look(Task, id), id, RESENDING.name, span, by=by, request=id, at=at))


async def _think(read: MongoReader, task: Task) -> Act:
    found = await journal.ids(read.db, journal.span(**task.arguments), after=task.progress.cursor, limit=BATCH)

    async def mark(unit: MongoUnit) -> Progress:
        if found:
            again = {"$set": {"unsent": True}, "$unset": {"error": 1}}
            unit.write("journal", UpdateMany({"_id": {"$in": found}}, again))
        cursor = str(found[-1]) if len(found) == BATCH else None
        return Progress(cursor=cursor, done=task.progress.done + len(found))

    return mark


RESENDING = Work("resend", _think)
