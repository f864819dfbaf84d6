"""A month closed with a million facts recorded, and a look at a running month, each against its own ceiling."""

import asyncio
import logging
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter

import httpx
import psutil
import structlog
from dateutil.relativedelta import relativedelta

from deploy.local.stack import Servers
from services.kernel.domain.calendar import day_of, month_of, month_span
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Cause
from services.kernel.domain.person import Role
from services.kernel.storage.mongo import Database, Document, connect, make_indexes
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.scoring import store, timers
from services.scoring.actions import close_month
from services.scoring.domain.assessment import Month
from services.scoring.domain.score import Inputs, sha256
from services.scoring.store import evidence
from services.scoring.store import month as months
from tests.bench import facts
from tests.bench.hauling import peak
from tests.bench.table import Row
from tests.support.programs import Suite

FEW, MANY, OF_MONTH = 1_000, int(os.environ.get("BENCH_FACTS", "1000000")), 80_000
TIMES = 60
SCHEME = "qingyuan-2008/1"


async def measure(servers: Servers) -> Sequence[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="citygate-bench-", ignore_cleanup_errors=True) as home:
        cities = {name: Suite(servers, Path(home) / name) for name in ("few", "many")}
        rooms = {name: connect(servers.mongo_url, f"{city.namespace}_scoring") for name, city in cities.items()}
        try:
            await fill(rooms["few"], FEW, 1)
            await fill(rooms["many"], MANY, max(MANY // OF_MONTH, 1))
            rows += await looks(cities)
            rows += await closed(rooms["many"], servers)
        finally:
            for name, city in cities.items():
                city.end()
                await rooms[name].client.drop_database(rooms[name].name)
                rooms[name].client.close()
    return rows


async def fill(db: Database, count: int, months: int) -> None:
    """So many facts over so many months, of which the last is the one that runs, as far as it has come."""
    last = day_of(now()).replace(day=1)
    names = [f"{last - relativedelta(months=n):%Y-%m}" for n in reversed(range(months))]
    await make_indexes(db, store.INDEXES, {})
    await facts.record(db, names, count)
    transact = Transactor(db, Cause(who="bench", request="-"))
    while await timers.gather_once(transact, at=now()):
        """Some are left."""


async def looks(cities: dict[str, Suite]) -> list[Row]:
    """Asked in turn, so that what else the machine does falls on both."""
    took: dict[str, list[float]] = {name: [] for name in cities}
    clients = {}
    for name, city in cities.items():
        city.start("scoring")
        bearer = {"Authorization": f"Bearer {city.keys.mint(Role.OFFICE, department='office')}"}
        clients[name] = httpx.Client(base_url=city.address("scoring"), headers=bearer, timeout=60)
    path = f"/assessments/{month_of(now())}"
    for _ in range(TIMES):
        for name, client in clients.items():
            began = perf_counter()
            answer = client.get(path)
            took[name].append(perf_counter() - began)
            assert len(answer.raise_for_status().json()["rows"]) == facts.DEPARTMENTS
    for client in clients.values():
        client.close()
    ours, ceiling = (statistics.median(took[name]) * 1000 for name in ("many", "few"))
    what = f"A look at a running month, {MANY:,} facts"
    return [
        Row.at_most(what, ours, ceiling, "ms", f"the same over {FEW:,}", 1.2),
        Row.within(f"{what}: at most", ours, "ms", 50),
    ]


async def closed(db: Database, servers: Servers) -> list[Row]:
    month = month_of(month_span(month_of(now()))[0] - timedelta(days=1))
    ceiling = await aggregated(db, month)
    env = os.environ | {"BENCH_MONGO": servers.mongo_url, "BENCH_DB": db.name, "BENCH_MONTH": month}
    child = [sys.executable, "-m", "tests.bench.closing"]
    ran = await asyncio.to_thread(subprocess.run, child, env=env, check=True, capture_output=True, text=True)
    took, memory = map(float, ran.stdout.split())
    what = f"A month closed, {MANY:,} facts recorded, {OF_MONTH:,} of that month"
    return [
        Row.at_most(what, took, ceiling, "s", "one aggregation that gives what its lines may cite", 2),
        Row.within(f"{what}: memory", memory, "MB", 250),
    ]


async def aggregated(db: Database, month: str) -> float:
    """All facts of the month by aggregate, in the order of time, with what a line says of each. Index: type, time."""
    start, end = month_span(month)
    types = await db["fact"].distinct("type")
    each = {"position": "$position", "type": "$type", "subject": "$subject", "at": "$time", "sequence": "$sequence"}
    stages: list[Document] = [
        {"$match": {"type": {"$in": types}, "time": {"$gte": start, "$lt": end}}},
        {"$sort": {"time": 1, "subject": 1, "type": 1}},
        {"$group": {"_id": "$subject", "facts": {"$push": each}}},
    ]
    began = perf_counter()
    found = await db["fact"].aggregate(stages, allowDiskUse=True).to_list(None)
    took = perf_counter() - began
    assert sum(len(of["facts"]) for of in found) > OF_MONTH // 2
    return took


async def close() -> None:
    """As the task does it, in a process of its own. `BENCH_PROVE`: a replay must give the same bytes."""
    db = connect(os.environ["BENCH_MONGO"], os.environ["BENCH_DB"])
    month, transact = os.environ["BENCH_MONTH"], Transactor(db, Cause(who="bench", request="-"))
    inputs = Inputs(position=0, scheme=SCHEME, calendar="", month=month, as_of=now())
    await months.look(transact.reader(), inputs)  # the connection, and what is made once in a process
    began = perf_counter()

    async def act(unit: MongoUnit) -> Month:
        of = replace(inputs, position=await evidence.reached(unit))
        scored, noticed = await months.whole(unit, of)
        return await close_month(unit, of, scored, noticed=noticed, at=now())

    done = await transact.named("close", act)
    took = perf_counter() - began
    memory = max(peak(), psutil.Process().memory_info().rss / 1e6)
    if os.environ.get("BENCH_PROVE"):
        assert done.sha256 == sha256(await months.replayed(transact.reader(), done.inputs), done.inputs)
    print(took, memory)
    db.client.close()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(close())
