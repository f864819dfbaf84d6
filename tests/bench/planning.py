"""A tree of 5,000 columns: read as a whole, against the same bytes from memory; and what one change of it writes."""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import bson
import httpx
import psutil

from deploy.local.processes import Process, free_ports
from deploy.local.stack import Servers
from services.kernel.domain.person import Role
from services.kernel.storage.mongo import Database, connect
from tests.bench.hot import listens, pid_of
from tests.bench.table import Row
from tests.columns.desk import NEWS
from tests.columns.examples import FINANCE, column, id_of, tree
from tests.support.city import ok
from tests.support.programs import Suite
from tests.support.sample import stored

SECTIONS, AREAS, EACH = 8, 24, 25  # columns of level 1, below each of those, below each of these
ABOVE = "section-0/area-0"
SECONDS, CONNECTIONS = 4, 4


def paths() -> Iterator[str]:
    """5,000 of them."""
    for section in (f"section-{n}" for n in range(SECTIONS)):
        yield section
        for area in (f"{section}/area-{n}" for n in range(AREAS)):
            yield area
            yield from (f"{area}/column-{n}" for n in range(EACH))


async def measure(servers: Servers) -> Sequence[Row]:
    with tempfile.TemporaryDirectory(prefix="citygate-bench-", ignore_cleanup_errors=True) as home:
        running = Suite(servers, Path(home))
        db = connect(servers.mongo_url, f"{running.namespace}_columns")
        every = list(paths())
        await db["column"].insert_many([stored(column(path)) for path in every])
        await db["tree"].insert_one(stored(tree(*every)))
        await db["department"].insert_one(stored(FINANCE))
        try:
            running.start("columns")
            return [read(running, f"{len(every):,}"), await changed(running, db, f"{len(every):,}")]
        finally:
            running.end()
            await db.client.drop_database(db.name)
            db.client.close()


def read(running: Suite, count: str) -> Row:
    address = f"{running.address('columns')}/columns"
    bearer = {"Authorization": f"Bearer {running.keys.mint(Role.EDITOR, department='finance')}"}
    body = Path(running.home) / "columns.json"
    body.write_bytes(httpx.get(address, headers=bearer, timeout=60).content)
    [port] = free_ports(1)
    env = running.env("columns") | {"BENCH_PORT": str(port), "BENCH_BODY": str(body)}
    command, log = [sys.executable, "-m", "tests.bench.whole"], Path(running.home) / "log" / "whole.log"
    memory = Process("whole", command, log, env)
    memory.start()
    try:
        memory.until(lambda: listens(port), 30)
        ceiling = fetched(memory, f"http://127.0.0.1:{port}/", {})
    finally:
        memory.end()
    ours = fetched(running.processes["columns"], address, bearer)
    what = f"Tree of {count} columns read, {body.stat().st_size / 1e6:.1f} MB, one core"
    return Row.at_least(what, ours, ceiling, "requests/s", "the same bytes from memory", 0.3)


def fetched(process: Process, address: str, headers: Mapping[str, str]) -> float:
    """Requests per second while the process has one core. The client is one that is quick with large bodies."""
    where = urlsplit(address)
    psutil.Process(pid_of(process)).cpu_affinity([0])
    until = perf_counter() + SECONDS

    def one() -> int:
        done, connection = 0, HTTPConnection(where.hostname or "", where.port)
        while perf_counter() < until:
            connection.request("GET", where.path, headers=dict(headers))
            answer = connection.getresponse()
            assert answer.status == 200
            answer.read()
            done += 1
        connection.close()
        return done

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(lambda _: one(), range(CONNECTIONS))) / SECONDS


async def changed(running: Suite, db: Database, count: str) -> Row:
    """The largest of its transactions as MongoDB logs them: a proposal, both decisions, a retirement."""
    editor = running.client("columns", Role.EDITOR, department="finance", sub="editor")
    leaders = running.client("columns", Role.LEADING_GROUP, sub="leaders")

    def decided(slug: str, **said: str) -> Any:
        column = ok(editor.post("/columns", json=NEWS | {"slug": slug, "parent_id": id_of(ABOVE)}))
        return ok(leaders.post(f"/columns/{column['id']}/decision", json=said))

    decided("first", decision="refuse", reason="重复")
    opened = decided("second", decision="approve")
    gone = {"successor_id": id_of(ABOVE), "reason": "合并"}
    ok(leaders.post(f"/columns/{opened['id']}/retirement", json=gone))
    log = db.client["local"]["oplog.rs"].find({"o.applyOps.ns": f"{db.name}.tree"}).sort("$natural", -1).limit(5)
    written = [len(bson.encode(entry)) / 1e3 for entry in await log.to_list(5)]
    assert len(written) == 5
    return Row.within(f"One change of a tree of {count} columns writes", max(written), "kB", 10)
