"""Letters taken in, 32 at once, against bare FastAPI and Motor writing two documents in one transaction: in turn."""

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
from tests.support.waiting import eventually

ROUNDS, COUNT, AT_ONCE = 10, 300, 32


async def load(address: str, path: str, body: dict[str, object], headers: dict[str, str]) -> float:
    """Seconds for all answers; every one of them a success."""
    left = iter(range(COUNT))

    async def writer(client: httpx.AsyncClient) -> None:
        for _ in left:
            answer = await client.post(path, json=body, headers=headers)
            assert answer.status_code == 201, answer.text

    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        began = perf_counter()
        await asyncio.gather(*(writer(client) for _ in range(AT_ONCE)))
        return perf_counter() - began


async def load_and_settle(running: Suite, letter: dict[str, object], headers: dict[str, str]) -> float:
    """Seconds for all answers; afterwards everybody has heard of them, so that no later round pays for this one."""
    with running.client("gateway") as portal:

        def counted() -> int:
            found: int = portal.get("/api/v1/letters").json()["statistics"]["received"]
            return found

        before = counted()
        took = await load(running.address("mailbox"), "/letters", letter, headers)
        await eventually(lambda: counted() == before + COUNT)
    return took


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
        took = [
            (
                await load(f"http://127.0.0.1:{port}", "/letters", letter, {}),
                await load_and_settle(running, letter, headers),
            )
            for _ in range(ROUNDS)
        ]
    finally:
        bare.end()
    bare_took, took_ours = (sum(each) for each in zip(*took, strict=True))
    return Row.at_least(
        "Letters taken in, 32 at once", ROUNDS * COUNT / took_ours, ROUNDS * COUNT / bare_took, "letters/s",
        "bare FastAPI + Motor, two documents in one transaction", 0.6,
    )  # fmt: skip
