"""From the publication's request to its being on the portal, against the bare steps it cannot do without."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from http.client import HTTPConnection
from time import perf_counter, time

from services.kernel.domain.person import Role
from services.kernel.storage.mongo import connect
from services.kernel.stream.bus import Bus
from tests.bench.table import Row
from tests.support.city import draft, ok, release
from tests.support.programs import Suite
from tests.support.proof import topic
from tests.support.sample import message

COUNT = 60
APART = 0.1  # seconds from one to the next: what else is made of it, and the machine's own sleep, are in both
ASKING = 0.004  # seconds between two questions: who asks without a pause measures the asking


async def measure(running: Suite) -> Sequence[Row]:
    bare, published = await side_by_side(running)
    ours = sorted(visible for *_, visible in published)
    against = "one transaction + one Kafka round trip + one write"
    steps = await where_the_time_goes(running, published)
    return [
        Row.at_most("Publication → visible, p50", at(ours, 50), at(bare, 50), "ms", against, 4, aim=2, profile=steps),
        Row.at_most("Publication → visible, p99", at(ours, 99), at(bare, 99), "ms", against, 4, aim=2),
    ]


def at(times: Sequence[float], percent: int) -> float:
    """A percentile, in milliseconds."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] * 1000


Published = tuple[str, float, float, float]
"""An item, when its publication was asked for (seconds since 1970), seconds to the answer and to the page."""


async def side_by_side(running: Suite) -> tuple[list[float], list[Published]]:
    """One bare step, one publication, in turn: whatever else the machine does is in both."""
    public = HTTPConnection("127.0.0.1", running.ports["gateway"])
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    released = [release(running, draft(running, running.columns["news"], title=f"测速{n}")) for n in range(COUNT)]
    bare, found = [], []
    async with bare_steps(running) as step:
        for item in released:
            bare.append(await step())
            await asyncio.sleep(APART)
            began, clock = time(), perf_counter()
            ok(editor.post(f"/items/{item['id']}/publication"))
            answered = perf_counter() - clock
            while not is_there(public, f"/items/{item['id']}"):
                await asyncio.sleep(ASKING)
            found.append((item["id"], began, answered, perf_counter() - clock))
            await asyncio.sleep(APART)
    return sorted(bare), found


def is_there(public: HTTPConnection, path: str) -> bool:
    """Asked with as little as can be: the asking takes from what it waits for."""
    public.request("GET", path)
    answer = public.getresponse()
    answer.read()
    return answer.status == 200


async def where_the_time_goes(running: Suite, published: Iterable[Published]) -> str:
    """Medians from the request on, by what each step itself noted."""
    sent = {r.key: r.timestamp / 1000 for r in await topic(running, "publishing") if said(r.headers)}
    db = connect(running.servers.mongo_url, f"{running.namespace}_gateway")
    projected = {key: drop["at"].timestamp() async for drop in db["drops"].find() for key in drop["keys"]}
    db.client.close()
    steps: dict[str, list[float]] = {"answered": [], "taken by Kafka": [], "read model written": [], "on the page": []}
    for id, began, answered, visible in published:
        on_kafka, written = sent[f"item/{id}".encode()] - began, projected[f"item:{id}"] - began
        for step, moment in zip(steps, (answered, on_kafka, written, visible), strict=True):
            steps[step].append(moment * 1000)
    return "medians from the request on: " + ", ".join(f"{s} {statistics.median(t):.1f} ms" for s, t in steps.items())


def said(headers: Iterable[tuple[str, bytes]]) -> bool:
    return ("ce_type", b"item.published") in headers


@asynccontextmanager
async def bare_steps(running: Suite) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """Seconds that the steps take which no suite of this shape can do without."""
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

    async def step() -> float:
        began = perf_counter()
        async with await db.client.start_session() as session, session.start_transaction():
            await db["item"].insert_one({"_id": f"{began}"}, session=session)
            await db["journal"].insert_one({"_id": f"{began}"}, session=session)
        await bus.send([message(f"b{began}", 1, "名")])
        await consumer.getone()
        await db["page"].insert_one({"_id": f"{began}"})
        return perf_counter() - began

    try:
        yield step
    finally:
        await consumer.stop()
        await bus.close()
        db.client.close()
