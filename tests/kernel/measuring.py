"""A measure at work, a whole program at work, and what their gauges and /readyz say."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from prometheus_client import REGISTRY

from deploy.local.stack import Servers
from services.kernel.running.program import Program
from services.kernel.running.serving import inside
from services.kernel.storage.mongo import Database
from services.kernel.stream.bus import Bus
from services.kernel.stream.measure import Measure
from services.mailbox import __main__ as mailbox
from services.mailbox.settings import MailboxSettings
from tests.support.services import running


def gauge(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(f"citygate_{name}", labels)
    assert found is not None, f"{name} is not shown"
    return found


def nothing() -> None:
    """Kafka is not emptied here."""


@asynccontextmanager
async def at_work(part: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(part)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()  # once more where a library swallowed it; where everything stood is said then
            if (await asyncio.wait([task], timeout=20))[1]:
                for each in asyncio.all_tasks():
                    each.print_stack(limit=5)


@asynccontextmanager
async def measured(db: Database, bus: Bus, *sources: str) -> AsyncIterator[Measure]:
    made = Measure(db, bus, journal=db["journal"], group="there", sources=sources, emptied=nothing)
    async with at_work(made.run()):
        yield made


@asynccontextmanager
async def working(servers: Servers, namespace: str, keys: Path) -> AsyncIterator[Program]:
    """A service that listens and speaks, all its parts at work."""
    service = replace(mailbox.SERVICE, first=None)
    async with running(service, MailboxSettings, servers, namespace, keys) as program, at_work(program.work()):
        yield program


async def late(program: Program) -> dict[str, str]:
    """What /readyz says; that it is ready all the same."""
    transport = httpx.ASGITransport(inside(program))
    async with httpx.AsyncClient(transport=transport, base_url="http://mailbox") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    found: dict[str, str] = answer.json()["late"]
    return found


async def well(program: Program) -> bool:
    return not await late(program)
