"""The gateway's read model made from the log, against a bare read and as many bulk writes."""

from time import perf_counter

from pymongo import ReplaceOne

from deploy.local.stack import Servers
from gateway.projections import HEARING
from services.kernel.contracts.publishing import ItemPublished
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import queue
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.listener import Listener
from tests.bench.table import Row
from tests.contracts.examples import AT, EXAMPLES

COUNT = 10_000


def published(n: int) -> Message:
    example = EXAMPLES["item.published"]
    assert isinstance(example, ItemPublished)
    body = f"<p>{'正文' * 200}</p>"
    event = example.model_copy(update={"item_id": f"i{n}", "title": f"信息{n}", "body": body})
    return Message(
        id=f"m{n}", type=event.TYPE, source="publishing", subject=event.subject, sequence=1, time=AT,
        correlation="bench", trace=None, value=event.model_dump_json().encode(),
    )  # fmt: skip


async def measure(servers: Servers) -> Row:
    bus, db = Bus(servers.kafka_address, "rebuild"), connect(servers.mongo_url, "bench_rebuild")
    await db.client.drop_database(db.name)
    await bus.prepare()
    for start in range(0, COUNT, 500):
        await bus.send([published(n) for n in range(start, start + 500)])
    ceiling = COUNT / await bare(bus, servers)
    hearing = Hearing(sources=["publishing"], handlers=HEARING.copies)
    await queue.make_indexes(db)
    listener = Listener("rebuild", hearing, Transactor(db, Cause(who="bench", request="-")), bus)
    consumer = bus.consumer("ours")
    consumer.subscribe([bus.topic("publishing")])
    await consumer.start()
    began, read = perf_counter(), 0
    while read < COUNT:
        for records in (await consumer.getmany(timeout_ms=500, max_records=200)).values():
            await listener.hear(records)
            read += len(records)
    ours = COUNT / (perf_counter() - began)
    await consumer.stop()
    assert await db["item"].count_documents({}) == COUNT
    await bus.close()
    db.client.close()
    return Row.at_least("Read model rebuilt from the log", ours, ceiling, "events/s", "bare read + bulk write", 0.3)


async def bare(bus: Bus, servers: Servers) -> float:
    """Seconds."""
    db = connect(servers.mongo_url, "bench_rebuild_bare")
    await db.client.drop_database(db.name)
    consumer = bus.consumer("bare")
    consumer.subscribe([bus.topic("publishing")])
    await consumer.start()
    began, read = perf_counter(), 0
    while read < COUNT:
        for records in (await consumer.getmany(timeout_ms=500, max_records=200)).values():
            writes = [ReplaceOne({"_id": (r.key or b"").decode()}, {"value": r.value}, upsert=True) for r in records]
            await db["item"].bulk_write(writes, ordered=False)
            read += len(records)
    took = perf_counter() - began
    await consumer.stop()
    db.client.close()
    return took
