"""Sends what the journal has not sent: one sender per service, in order per aggregate."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from services.kernel.domain.event import Message
from services.kernel.storage.journal import as_message
from services.kernel.storage.lease import hold, let_go
from services.kernel.storage.mongo import Collection, Database, Document
from services.kernel.stream.bus import BUS_ERRORS
from services.kernel.telemetry import RELAY_LAG, SENT, UNSENT, log

Send = Callable[[Sequence[Message]], Awaitable[None]]

BATCH = 500
LEASE, RENEW, POLL, BACKOFF = 5.0, 1.5, 1.0, 30.0  # seconds
UNSENT_RECORDS = {"unsent": True}
TURN = [("order", 1), ("_id", 1)]  # what several aggregates count together, then the order of saying


async def send_once(db: Database, send: Send, *, limit: int = BATCH) -> int:
    """In the order of saying; an aggregate whose earlier fact is not in hand waits a round. How many were sent."""
    found: list[Document] = await as_of_now(db).find(UNSENT_RECORDS).sort(TURN).limit(limit).to_list(limit)
    if not found:
        return 0
    records = in_order(found, lowest(found) if len(found) < limit else await lowest_unsent(db, found))
    if not records and len(found) == limit:  # hosts' clocks differ: the earlier facts lie further on
        return await send_once(db, send, limit=limit * 2)
    await send([as_message(r) for r in records])
    done = {"_id": {"$in": [r["_id"] for r in records]}}
    await db["journal"].update_many(done, {"$unset": {"unsent": 1}})
    SENT.inc(len(records))
    RELAY_LAG.set((datetime.now(UTC) - found[0]["written"]).total_seconds())
    return len(records)


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
    """Those of the records found that continue, without a gap, the lowest unsent of their aggregate."""
    records = []
    for record in found:
        if record["sequence"] == expected.get(record["subject"]):
            expected[record["subject"]] += 1
            records.append(record)
    return records


class Relay:
    """The program's part in sending. `told` wakes it in process, a change stream across replicas, the poll in truth."""

    def __init__(self, db: Database, send: Send, told: asyncio.Event) -> None:
        self.db, self.send, self.told = db, send, told
        self._renewed = float("-inf")

    async def run(self) -> None:
        watching = asyncio.create_task(self._watch())
        try:
            await self._work()
        finally:
            watching.cancel()
            await let_go(self.db, "relay")

    async def _work(self) -> None:
        backoff = POLL
        while True:
            self.told.clear()
            try:
                idle = not await self._mine() or not await send_once(self.db, self.send)
                backoff = POLL
                if idle:
                    await self._rest()
            except (PyMongoError, *BUS_ERRORS) as error:
                log.warning("relay.waits", error=f"{type(error).__name__}: {error}", seconds=backoff)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, BACKOFF)

    async def _mine(self) -> bool:
        time = asyncio.get_running_loop().time()
        if time - self._renewed < RENEW:
            return True
        mine = await hold(self.db, "relay", seconds=LEASE)
        self._renewed = time if mine else float("-inf")
        if mine:
            unsent = await self.db["journal"].count_documents(UNSENT_RECORDS, limit=100_000)
            UNSENT.set(unsent)
            if not unsent:
                RELAY_LAG.set(0)
        return mine

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self.told.wait(), POLL)
        except TimeoutError:
            return  # the poll is the truth

    async def _watch(self) -> None:
        """Another replica's word. Whatever happens to the stream, a new one is opened: it only wakes."""
        said: list[Document] = [
            {"$match": {"operationType": "insert", "fullDocument.unsent": True}},
            {"$project": {"_id": 1}},
        ]
        while True:
            try:
                async with self.db["journal"].watch(said) as stream:
                    async for _ in stream:
                        self.told.set()
            except PyMongoError as error:
                log.warning("relay.stream_lost", error=str(error))
                await asyncio.sleep(POLL)
