"""The gateway's read model made from the log, against a bare read and as many bulk writes."""

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from pymongo import ReplaceOne

from deploy.local.stack import Servers
from gateway import store
from gateway.projections import HEARING, Letter
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Cause
from services.kernel.storage.mongo import Database, MongoReader, connect, make_indexes
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import queue, tally
from services.kernel.stream.bus import Bus, Wire
from services.kernel.stream.listener import BATCH, Listener
from tests.bench.lives import LIFE, told
from tests.bench.table import Row

COUNT = int(os.environ.get("BENCH_EVENTS", "100000"))
SOURCES = ("publishing", "mailbox")

Do = Callable[[Sequence[Wire]], Awaitable[None]]


async def measure(servers: Servers) -> Row:
    bus = Bus(servers.kafka_address, "rebuild")
    count = await tell(bus, COUNT)
    against = await emptied(servers, "bench_rebuild_bare")
    ceiling = count / await seconds(bus, "bare", count, bare(against))
    db = await emptied(servers, "bench_rebuild")
    ours = count / await seconds(bus, "ours", count, (await listener(db, bus)).hear)
    await all_there(db, count // len(LIFE))
    await bus.close()
    for each in (db, against):
        await each.client.drop_database(each.name)
        each.client.close()
    what = f"Read model rebuilt from {count:,} events, indexes and tallies included"
    return Row.at_least(what, ours, ceiling, "events/s", "bare read + bulk write of as many documents", 0.3)


async def tell(bus: Bus, count: int) -> int:
    """How many there are."""
    await bus.prepare()
    sent = 0
    for messages in told(count):
        await bus.send(messages)
        sent += len(messages)
    return sent


async def emptied(servers: Servers, name: str) -> Database:
    db = connect(servers.mongo_url, name)
    await db.client.drop_database(name)
    return db


async def listener(db: Database, bus: Bus) -> Listener:
    await queue.make_indexes(db)
    await make_indexes(db, store.INDEXES, {})
    made = Listener("rebuild", HEARING, Transactor(db, Cause(who="bench", request="-")), bus, fetch=nothing)
    await tally.make_indexes(db, HEARING, made.generation.copies)
    return made


async def nothing(_: str, __: ClaimCheck) -> None:
    """No event of these names content."""


async def seconds(bus: Bus, group: str, count: int, do: Do) -> float:
    """For reading that many and doing something with each batch."""
    consumer = bus.consumer(group)
    consumer.subscribe([bus.topic(source) for source in SOURCES])
    await consumer.start()
    read, began = 0, perf_counter()
    while read < count:
        found = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        records = [record for each in found.values() for record in each]
        if records:
            await do(records)
            read += len(records)
    took = perf_counter() - began
    await consumer.stop()
    return took


def bare(db: Database) -> Do:
    """An item's revision is a second document, as it is in ours."""

    async def write(records: Sequence[Wire]) -> None:
        mine: dict[str, list[ReplaceOne[dict[str, object]]]] = {"letter": [], "item": [], "revision": []}
        for record in records:
            kind, _, id = (record.key or b"").decode().partition("/")
            mine[kind].append(ReplaceOne({"_id": id}, {"value": record.value}, upsert=True))
            if kind == "item":
                number = dict(record.headers)["ce_sequence"].decode()
                mine["revision"].append(ReplaceOne({"_id": f"{id}.{number}"}, {"value": record.value}, upsert=True))
        for collection, writes in mine.items():
            if writes:
                await db[collection].bulk_write(writes, ordered=False)

    return write


async def all_there(db: Database, lives: int) -> None:
    counts = await tally.tally(MongoReader(db), Letter, {})
    letters = sum((Counter(count.of) for count in counts), Counter[str]())
    assert letters["received"] == letters["answered"] == letters["ratings"] == lives, letters
    assert await db["item"].count_documents({}) == lives
    assert await db["revision"].count_documents({}) == 2 * lives
    assert await db["waiting"].count_documents({}) == 0
