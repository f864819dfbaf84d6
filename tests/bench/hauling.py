"""A large file stored and read by a process of its own: how much more memory that takes, at its peak."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import psutil

from deploy.local.stack import Servers
from services.kernel.storage import files
from services.kernel.storage.mongo import connect
from tests.bench.table import Row

SIZE, PART = 1_000_000_000, 65_536  # bytes
NAME = "bench_hauling"


async def measure(servers: Servers) -> Row:
    env = os.environ | {"BENCH_MONGO": servers.mongo_url}
    child = [sys.executable, "-m", "tests.bench.hauling"]
    ran = await asyncio.to_thread(subprocess.run, child, env=env, check=True, capture_output=True, text=True)
    more, up, down = map(float, ran.stdout.split())
    speed = f"{SIZE / 1e6 / up:,.0f} MB/s up, {SIZE / 1e6 / down:,.0f} MB/s down"
    return Row.within(f"A file of {SIZE / 1e9:g} GB stored and read ({speed}): more memory", more, "MB", 30)


def peak() -> float:
    """Of this process, in MB. `getrusage` would count what its parent had when it began."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


async def parts() -> AsyncIterator[bytes]:
    part = random.Random(1).randbytes(PART)
    for n in range(SIZE // PART):
        yield n.to_bytes(8, "big") + part[8:]
    yield part[: SIZE % PART]


async def haul() -> None:
    db = connect(os.environ["BENCH_MONGO"], NAME)
    try:
        await files.make_indexes(db)
        there = files.Files(db)
        await there.put(small(), "application/pdf", most=SIZE)  # so that everything is loaded
        before, began = psutil.Process().memory_info().rss / 1e6, perf_counter()
        check = await there.put(parts(), "application/pdf", most=SIZE, referenced=True)
        stored = perf_counter()
        found = await there.look(check.sha256)
        assert found
        read = sum([len(piece) async for piece in found.read()])
        assert read == SIZE
        print(peak() - before, stored - began, perf_counter() - stored)
    finally:
        await db.client.drop_database(NAME)
        db.client.close()


async def small() -> AsyncIterator[bytes]:
    yield b"x" * 2 * files.CHUNK


if __name__ == "__main__":
    asyncio.run(haul())
