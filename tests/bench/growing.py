"""The gateway's memory while it hears a long log: a process of its own, as it runs in a city."""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from deploy.local.stack import Servers
from services.kernel.stream.bus import Bus
from tests.bench.hot import pid_of
from tests.bench.rebuilding import COUNT, tell
from tests.bench.table import Row
from tests.support.programs import Suite

LOOK = 0.5  # seconds
HANDLED = re.compile(r'^citygate_consumer_messages_total\{outcome="handled",type="(?!any)[^"]+"\} (\S+)$', re.MULTILINE)
PAGES = re.compile(r"^citygate_gateway_page_bytes (\S+)$", re.MULTILINE)


async def measure(servers: Servers) -> Sequence[Row]:
    with tempfile.TemporaryDirectory(prefix="citygate-bench-", ignore_cleanup_errors=True) as home:
        running = Suite(servers, Path(home))
        bus = Bus(servers.kafka_address, running.namespace)
        count = await tell(bus, COUNT)
        await bus.close()
        try:
            running.start("gateway")
            half = await resident(running, count // 2)
            end = await resident(running, count)
        finally:
            running.end()
    what = f"Gateway's memory, {count:,} events heard"
    return [
        Row.within(what, end.all, "MB", 250),
        Row.at_most(f"{what}, finished pages apart", end.apart, half.apart, "MB", "itself at half of them", 1.05),
    ]


@dataclass(frozen=True, slots=True)
class Resident:
    """Megabytes. Finished pages have a bound of their own, a setting, and fill it as long as they are new."""

    all: float
    pages: float

    @property
    def apart(self) -> float:
        return self.all - self.pages


async def resident(running: Suite, handled: int) -> Resident:
    """Once so many were handled."""
    process = psutil.Process(pid_of(running.processes["gateway"]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{running.inside('gateway')}", timeout=30) as inside:
        while True:
            said = (await inside.get("/metrics")).text
            if sum(map(float, HANDLED.findall(said))) >= handled:
                pages = sum(map(float, PAGES.findall(said)))
                return Resident(process.memory_info().rss / 1e6, pages / 1e6)
            await asyncio.sleep(LOOK)
