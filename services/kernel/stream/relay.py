"""Sends what the journal has not sent: one sender per service, in order per aggregate."""

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
TURN = [("order", 1), ("_id", 1)]  # what several aggregates count together, then the order of saying


def always() -> bool:
    return True


async def send_once(db: Database, send: Send, *, limit: int = BATCH, may: May = always) -> int:
    """In the order of saying; an aggregate whose earlier fact is not in hand, or set apart, waits.

    How many were sent or set apart; the journal notes when. `may` is asked last thing before sending, and before what
    was sent is marked.
    """
    found: list[Document] = await as_of_now(db).find(UNSENT_RECORDS).sort(TURN).limit(limit).to_list(limit)
    records = in_order(found, lowest(found) if len(found) < limit else await lowest_unsent(db, found))
    if not records and len(found) == limit:  # hosts' clocks differ: the earlier facts lie further on
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
    """A record that can never be sent stays unsent, with its error, and is not tried until it is sent again by hand."""
    await db["journal"].update_one({"_id": record["_id"]}, {"$set": {"error": error}})
    SET_APART.labels(type=record["type"]).inc()
    log.error("relay.set_apart", type=record["type"], id=str(record["_id"]), subject=record["subject"], error=error)


def as_of_now(db: Database) -> Collection:
    """The journal read as of one moment: no record appears in it without those committed before."""
    return db.get_collection("journal", read_concern=ReadConcern("snapshot"))


def lowest(found: Sequence[Document]) -> dict[str, int]:
    """The lowest sequence by aggregate, where all the unsent are in hand."""
    expected: dict[str, int] = {}
    for record in found:
        expected[record["subject"]] = min(record["sequence"], expected.get(record["subject"], record["sequence"]))
    return expected


async def lowest_unsent(db: Database, found: Sequence[Document]) -> dict[str, int]:
    """The same where more may be unsent than is in hand."""
    mine = {"$match": UNSENT_RECORDS | {"subject": {"$in": list({r["subject"] for r in found})}}}
    group = {"$group": {"_id": "$subject", "next": {"$min": "$sequence"}}}
    return {d["_id"]: d["next"] async for d in db["journal"].aggregate([mine, group])}


def in_order(found: Sequence[Document], expected: dict[str, int]) -> list[Document]:
    """Those that continue, without a gap, the lowest unsent of their aggregate; none after one that is set apart."""
    records = []
    for record in found:
        if record["sequence"] == expected.get(record["subject"]) and "error" not in record:
            expected[record["subject"]] += 1
            records.append(record)
    return records


class Relay:
    """The program's part in sending.

    It looks every second whether something is unsent. It looks at once when `unsent` is set, by this process or by
    its change stream, which hears of the other replicas.
    """

    def __init__(
        self, db: Database, send: Send, unsent: asyncio.Event, *, seconds: float = LEASE, holder: str = HOLDER
    ) -> None:
        self.db, self.send, self.unsent = db, send, unsent
        self.lease = Lease(db, "relay", seconds=seconds, holder=holder)

    async def run(self) -> None:
        """For ever. MongoDB and Kafka may come and go; any other error ends it."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep())
                group.create_task(self._watch())
                group.create_task(self._work())
        finally:
            with suppress(Away), asking():  # it runs out by itself
                await self.lease.let_go()

    async def _keep(self) -> None:
        """Holds the lease or tries to take it; renewed while a long sending is under way."""
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
        """Hears what other replicas write. Only wakes: what a lost stream missed is found by looking."""
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
