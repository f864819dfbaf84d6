"""Letters taken in, 32 at once, against bare FastAPI and Motor writing two documents in one transaction."""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

import httpx

from deploy.local.processes import Process, free_ports
from deploy.local.stack import is_ready
from services.kernel.domain.person import Role
from tests.bench.table import Row
from tests.support.city import CONTACT
from tests.support.programs import Suite

COUNT, AT_ONCE = 1_500, 32


async def load(address: str, path: str, body: dict[str, object], headers: dict[str, str]) -> float:
    """Answers per second; every one of them a success."""
    left = iter(range(COUNT))

    async def writer(client: httpx.AsyncClient) -> None:
        for _ in left:
            answer = await client.post(path, json=body, headers=headers)
            assert answer.status_code == 201, answer.text

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        began = perf_counter()
        await asyncio.gather(*(writer(client) for _ in range(AT_ONCE)))
        return COUNT / (perf_counter() - began)


async def measure(running: Suite) -> Row:
    letter = {
        "kind": "complaint", "mailbox": "finance", "title": "路灯", "text": "路灯坏了三天没有人修。",
        "contact": CONTACT, "consent": True,
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {running.keys.mint(Role.SERVICE, sub='bench')}"}
    [port] = free_ports(1)
    env = running.env("mailbox") | {"BENCH_PORT": str(port)}
    bare = Process("bare", [sys.executable, "-m", "tests.bench.bare"], Path(running.home) / "log" / "bare.log", env)
    bare.start()
    try:
        bare.until(lambda: is_ready(port), 30)
        ceiling = await load(f"http://127.0.0.1:{port}", "/letters", letter, {})
    finally:
        bare.end()
    ours = await load(running.address("mailbox"), "/letters", letter, headers)
    return Row.at_least(
        "Letters taken in, 32 at once", ours, ceiling, "letters/s",
        "bare FastAPI + Motor, two documents in one transaction", 0.6,
    )  # fmt: skip
