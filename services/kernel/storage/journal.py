"""The journal: outbox and audit trail in one. Each record stays; a partial index finds the unsent."""

from datetime import UTC, datetime

from bson import ObjectId

from services.kernel.domain import refusals
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import LARGEST, Event, Fact, Message
from services.kernel.storage.mongo import Database, Document
from services.kernel.storage.sealing import DataKey, as_json


def entry(fact: Fact, subject: str, version: int, n: int, cause: Cause, key: DataKey | None = None) -> Document:
    """A record of the journal, without its sequence. `key`: the aggregate's, for sealed texts.

    Raises `TypeError` if the fact speaks of another aggregate, and `Refused` if it is too large.
    """
    if isinstance(fact, Event) and fact.subject != subject:
        raise TypeError(f"{fact.TYPE} speaks of {fact.subject}, not of {subject}")
    value = as_json(fact, key, f"{fact.TYPE}/{version}.{n}")
    if len(value.encode()) > LARGEST:
        raise refusals.EVENT_TOO_LARGE(type=fact.TYPE, limit=LARGEST // 1000)
    order = {"order": getattr(fact, fact.ORDER)} if isinstance(fact, Event) and fact.ORDER else {}
    return order | {
        "_id": ObjectId(),
        "subject": subject,
        "version": version,
        "n": n,
        "type": fact.TYPE,
        "source": fact.SOURCE if isinstance(fact, Event) else None,
        "at": fact.at,
        "written": datetime.now(UTC),
        "who": cause.who,
        "request": cause.request,
        "trace": cause.trace,
        "value": value,
    }


def as_message(record: Document) -> Message:
    return Message(
        id=str(record["_id"]),
        type=record["type"],
        source=record["source"],
        subject=record["subject"],
        sequence=record["sequence"],
        time=record["at"],
        correlation=record["request"],
        trace=record["trace"],
        value=record["value"].encode(),
    )


def span(*, since: datetime | None = None, until: datetime | None = None, subject: str | None = None) -> Document:
    """The filter for told records, by time of writing (`until` is exclusive) and by aggregate."""
    where: Document = {"sequence": {"$exists": True}}
    if subject is not None:
        where["subject"] = subject
    written = {k: v for k, v in (("$gte", since), ("$lt", until)) if v is not None}
    return where | ({"written": written} if written else {})


async def ids(db: Database, where: Document, *, after: str | None, limit: int) -> list[ObjectId]:
    """Ids of the journal's records that match a filter, in the order of writing, beginning after the id `after`."""
    beyond = {"_id": {"$gt": ObjectId(after)}} if after else {}
    found = db["journal"].find(where | beyond, {"_id": 1}).sort("_id", 1).limit(limit)
    return [record["_id"] for record in await found.to_list(limit)]


async def make_indexes(db: Database) -> None:
    unsent = {"unsent": True}
    journal = db["journal"]
    turn = [("unsent", 1), ("order", 1), ("_id", 1)]  # with `unsent` not first, it serves the order but no count
    await journal.create_index(turn, partialFilterExpression=unsent)
    await journal.create_index([("subject", 1), ("sequence", 1)], name="next", partialFilterExpression=unsent)
    await journal.create_index([("subject", 1), ("version", 1), ("n", 1)], unique=True)
    await journal.create_index([("written", 1)])
