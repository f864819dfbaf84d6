"""The relay against a bare idempotent producer sending the same messages."""

import asyncio
from time import perf_counter

from aiokafka import AIOKafkaProducer

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause, Unit
from services.kernel.domain.event import Message
from services.kernel.storage import journal
from services.kernel.storage.journal import as_message
from services.kernel.storage.mongo import Database, connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus, encode
from services.kernel.stream.relay import send_once
from tests.bench.table import Row
from tests.support.sample import found_bureau

COUNT = 10_000


async def measure(servers: Servers) -> Row:
    db, bus = connect(servers.mongo_url, "bench_relay"), Bus(servers.kafka_address, "bench")
    await bus.prepare()
    await db.client.drop_database(db.name)
    await journal.make_indexes(db)
    await say(db)
    messages = [as_message(r) for r in await db["journal"].find().sort("_id", 1).to_list(None)]
    await bare(servers, bus, messages[:500])  # both producers and the topic's log are warm from here
    ceiling = COUNT / await bare(servers, bus, messages)
    began = perf_counter()
    while await send_once(db, bus.send):
        pass
    ours = COUNT / (perf_counter() - began)
    await bus.close()
    db.client.close()
    return Row.at_least("Relay", ours, ceiling, "events/s", "aiokafka idempotent producer, same messages", 0.3)


async def say(db: Database) -> None:
    transact = Transactor(db, Cause(who="bench", request="bench"))

    async def many(unit: Unit, start: int) -> None:
        for n in range(start, start + 500):
            await found_bureau(unit, f"d{n}", name="名" * 60)

    for start in range(0, COUNT, 500):
        await transact(many, start)


async def bare(servers: Servers, bus: Bus, messages: list[Message]) -> float:
    """Seconds."""
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka_address, enable_idempotence=True, acks="all")
    await producer.start()
    wires = [(encode(m), f"{bus.namespace}.{m.source}") for m in messages]
    began = perf_counter()
    sent = [
        await producer.send(topic, w.value, m.subject.encode(), headers=list(w.headers.items()))
        for (w, topic), m in zip(wires, messages, strict=True)
    ]
    await asyncio.gather(*sent)
    took = perf_counter() - began
    await producer.stop()
    return took
