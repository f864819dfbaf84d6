"""The journal: outbox and audit trail in one. Each record stays; a partial index finds the unsent."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from services.kernel.domain.decision import Cause, Refused
from services.kernel.domain.event import Event, Fact, Message
from services.kernel.storage.mongo import Database, Document, Session, plain

LARGEST = 900_000  # bytes of one event; the broker takes a megabyte with its envelope
COUNTERS = {"version", "sequence", "_id"}


def changes(before: Document | None, after: Document) -> dict[str, list[Any]]:
    """The fields that differ: before, after."""
    was = before or {}
    names = (was.keys() | after.keys()) - COUNTERS
    return {name: [was.get(name), after.get(name)] for name in sorted(names) if differ(was.get(name), after.get(name))}


def differ(before: Any, after: Any) -> bool:
    return bool(before != after) and as_read(before) != as_read(after)


def as_read(value: Any) -> Any:
    """As MongoDB gives it back: a tuple just made is the list that was read."""
    if isinstance(value, dict):
        return {name: as_read(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_read(each) for each in value]
    if isinstance(value, set | frozenset | Decimal) or (isinstance(value, date) and not isinstance(value, datetime)):
        return plain(value)
    return value


def entry(fact: Fact, subject: str, version: int, n: int, cause: Cause) -> Document:
    """A record of the journal, not yet numbered. `TypeError` where the fact speaks of another aggregate."""
    if isinstance(fact, Event) and fact.subject != subject:
        raise TypeError(f"{fact.TYPE} speaks of {fact.subject}, not of {subject}")
    value = fact.model_dump_json()
    if len(value.encode()) > LARGEST:
        raise Refused("event.too_large", f"{fact.TYPE} would be larger than {LARGEST // 1000} kB. Shorten its texts.")
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
    """The filter for told records by time of writing (until exclusive) and by aggregate."""
    where: Document = {"sequence": {"$exists": True}}
    if subject is not None:
        where["subject"] = subject
    written = {k: v for k, v in (("$gte", since), ("$lt", until)) if v is not None}
    return where | ({"written": written} if written else {})


async def ids(db: Database, session: Session, where: Document, *, after: str | None, limit: int) -> list[ObjectId]:
    """Ids of the journal's records under a filter, in the order of saying, beginning after one of them."""
    beyond = {"_id": {"$gt": ObjectId(after)}} if after else {}
    found = db["journal"].find(where | beyond, {"_id": 1}, session=session).sort("_id", 1).limit(limit)
    return [record["_id"] for record in await found.to_list(limit)]


async def make_indexes(db: Database) -> None:
    unsent = {"unsent": True}
    journal = db["journal"]
    await journal.create_index([("order", 1), ("_id", 1)], name="turn", partialFilterExpression=unsent)
    await journal.create_index([("subject", 1), ("sequence", 1)], name="next", partialFilterExpression=unsent)
    await journal.create_index([("subject", 1), ("version", 1), ("n", 1)], unique=True)
    await journal.create_index([("written", 1)])
