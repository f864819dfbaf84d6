"""Sends the unsent records of the journal to Kafka: one sender per service, in order per aggregate."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from pymongo.read_concern import ReadConcern

from services.kernel.domain.decision import Away
from services.kernel.domain.event import Message
from services.kernel.storage.journal import as_message
from services.kernel.storage.lease import HOLDER, Lease
from services.kernel.storage.mongo import Collection, Database, Document, asking
from services.kernel.stream.bus import BUS_ERRORS, Unsendable
from services.kernel.telemetry import SENT, SET_APART, Waits, log

Send = Callable[[Sequence[Message]], Awaitable[None]]
May = Callable[[], bool]

BATCH = 500
LEASE, POLL, BACKOFF = 5.0, 1.0, 30.0  # seconds
UNSENT_RECORDS = {"unsent": True}
TURN = [("order", 1), ("_id", 1)]  # the count that aggregates share, then the order of writing


def always() -> bool:
    return True


async def send_once(db: Database, send: Send, *, limit: int = BATCH, may: May = always) -> int:
    """Send unsent records in the order of writing. Returns how many were sent or set apart. The journal notes when.

    An aggregate waits if an earlier fact of it was not found in this batch, or is set apart. `may` is asked just before
    the sending, and again before what was sent is marked.
    """
    found: list[Document] = await as_of_now(db).find(UNSENT_RECORDS).sort(TURN).limit(limit).to_list(limit)
    records = in_order(found, lowest(found) if len(found) < limit else await lowest_unsent(db, found))
    if not records and len(found) == limit:  # clocks of hosts differ: earlier facts lie further on
        return await send_once(db, send, limit=limit * 2, may=may)
    try:
        messages = [message_of(record) for record in records]
        if not messages or not may():
            return 0
        await send(messages)
    except Unsendable as error:
        await set_apart(db, next(r for r in records if str(r["_id"]) == error.id), str(error))
        return 1
    if may():
        done = {"_id": {"$in": [r["_id"] for r in records]}}
        await db["journal"].update_many(done, {"$unset": {"unsent": 1}, "$currentDate": {"sent": True}})
    SENT.inc(len(records))
    return len(records)


def message_of(record: Document) -> Message:
    try:
        return as_message(record)
    except Exception as error:
        raise Unsendable(str(record["_id"]), error) from error


async def set_apart(db: Database, record: Document, error: str) -> None:
    """Mark a record that can never be sent. It stays unsent, with its error, until people send it again by hand."""
    await db["journal"].update_one({"_id": record["_id"]}, {"$set": {"error": error}})
    SET_APART.labels(type=record["type"]).inc()
    log.error("relay.set_apart", type=record["type"], id=str(record["_id"]), subject=record["subject"], error=error)


def as_of_now(db: Database) -> Collection:
    """The journal as of one moment: whoever sees a record also sees all that were committed before it."""
    return db.get_collection("journal", read_concern=ReadConcern("snapshot"))


def lowest(found: Sequence[Document]) -> dict[str, int]:
    """The lowest sequence of each aggregate, if all unsent records were found."""
    expected: dict[str, int] = {}
    for record in found:
        expected[record["subject"]] = min(record["sequence"], expected.get(record["subject"], record["sequence"]))
    return expected


async def lowest_unsent(db: Database, found: Sequence[Document]) -> dict[str, int]:
    """The lowest unsent sequence of each aggregate, if there may be more unsent records than were found."""
    mine = {"$match": UNSENT_RECORDS | {"subject": {"$in": list({r["subject"] for r in found})}}}
    group = {"$group": {"_id": "$subject", "next": {"$min": "$sequence"}}}
    return {d["_id"]: d["next"] async for d in db["journal"].aggregate([mine, group])}


def in_order(found: Sequence[Document], expected: dict[str, int]) -> list[Document]:
    """The records that follow their aggregate's lowest unsent without a gap, up to the first one that is set apart."""
    records = []
    for record in found:
        if record["sequence"] == expected.get(record["subject"]) and "error" not in record:
            expected[record["subject"]] += 1
            records.append(record)
    return records


class Relay:
    """The part of a program that sends.

    It looks for unsent records every second, and at once when `unsent` is set. This process sets it, and so does the
    change stream, which sees what other replicas write.
    """

    def __init__(
        self, db: Database, send: Send, unsent: asyncio.Event, *, seconds: float = LEASE, holder: str = HOLDER
    ) -> None:
        self.db, self.send, self.unsent = db, send, unsent
        self.lease = Lease(db, "relay", seconds=seconds, holder=holder)

    async def run(self) -> None:
        """Runs for ever. MongoDB and Kafka may come and go. Any other error ends it."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep())
                group.create_task(self._watch())
                group.create_task(self._work())
        finally:
            with suppress(Away), asking():  # the lease runs out by itself
                await self.lease.let_go()

    async def _keep(self) -> None:
        """Take the lease and keep renewing it, also while a long sending is under way."""
        waits = Waits("relay.lease", Away)
        while True:
            before = self.lease.held()
            try:
                with asking():
                    if await self.lease.take() and not before:
                        self.unsent.set()
                waits.over()
            except Away as error:
                waits.again(error)
            await asyncio.sleep(self.lease.seconds * 0.3)

    async def _work(self) -> None:
        waits, backoff = Waits("relay", Away, TimeoutError, *BUS_ERRORS), POLL
        while True:
            self.unsent.clear()
            try:
                with asking():
                    sent = self.lease.held() and await send_once(self.db, self.send, may=self.lease.held)
            except waits.errors as error:
                waits.again(error)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, BACKOFF)
                continue
            waits.over()
            backoff = POLL
            if not sent:
                await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.unsent.wait(), POLL)

    async def _watch(self) -> None:
        """Wake up when another replica writes. What a lost stream misses is found by the look every second."""
        waits = Waits("relay.stream", Away)
        said: list[Document] = [
            {"$match": {"operationType": "insert", "fullDocument.unsent": True}},
            {"$project": {"_id": 1}},
        ]
        while True:
            try:
                with asking():
                    async with self.db["journal"].watch(said) as stream:
                        while stream.alive:
                            if await stream.try_next():
                                self.unsent.set()
                            waits.over()
            except Away as error:
                waits.again(error)
            await asyncio.sleep(POLL)
