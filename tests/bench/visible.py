"""From the publication's request to its being on the portal, against the bare steps it cannot do without."""

import asyncio
import statistics
from collections.abc import Sequence
from time import perf_counter

from services.kernel.bus import Bus
from services.kernel.mongo import connect
from services.kernel.person import Role
from tests.bench.table import Row
from tests.support.city import draft, ok, release
from tests.support.programs import Suite
from tests.support.sample import message

COUNT = 60


async def measure(running: Suite) -> Sequence[Row]:
    bare, ours = sorted(await bare_steps(running)), sorted(await seen(running))
    against = "one transaction + one Kafka round trip + one write"
    return [
        Row.at_most("Publication → visible, p50", at(ours, 50), at(bare, 50), "ms", against, 2),
        Row.at_most("Publication → visible, p99", at(ours, 99), at(bare, 99), "ms", against, 2),
    ]


def at(times: Sequence[float], percent: int) -> float:
    """A percentile, in milliseconds."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] * 1000


async def seen(running: Suite) -> list[float]:
    gateway = running.client("gateway")
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    times = []
    for n in range(COUNT):
        item = release(running, draft(running, running.columns["news"], title=f"测速{n}"))
        began = perf_counter()
        ok(editor.post(f"/items/{item['id']}/publication"))
        while gateway.get(f"/items/{item['id']}").status_code != 200:
            await asyncio.sleep(0.002)  # who asks without a pause measures the asking
        times.append(perf_counter() - began)
    return times


async def bare_steps(running: Suite) -> list[float]:
    db, bus = (
        connect(running.servers.mongo_url, f"{running.namespace}_bare"),
        Bus(running.servers.kafka_address, f"{running.namespace}x"),
    )
    await bus.prepare()
    consumer = bus.consumer("bare")
    consumer.subscribe([bus.topic("columns")])
    await consumer.start()
    await bus.send([message("warm", 1, "暖")])
    await consumer.getone()
    times = []
    for n in range(COUNT):
        began = perf_counter()
        async with await db.client.start_session() as session, session.start_transaction():
            await db["item"].insert_one({"_id": f"{began}-{n}"}, session=session)
            await db["journal"].insert_one({"_id": f"{began}-{n}"}, session=session)
        await bus.send([message(f"b{n}", 1, "名")])
        await consumer.getone()
        await db["page"].insert_one({"_id": f"{began}-{n}"})
        times.append(perf_counter() - began)
    await consumer.stop()
    await bus.close()
    db.client.close()
    return times
