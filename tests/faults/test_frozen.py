"""Servers and programs that stand still while people write, and go on as if nothing had been."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest
from pymongo import MongoClient

from deploy.local.processes import Process
from services.kernel.domain.person import Role
from services.kernel.storage.mongo import Document
from tests.faults.hostile import forged, produce, wrapped
from tests.faults.inside import late, readyz, unharmed
from tests.faults.promises import everything_holds
from tests.faults.writing import writing
from tests.support.city import draft, release
from tests.support.programs import Suite
from tests.support.proof import NOBODY, caught_up, documents, in_order, told, unsent
from tests.support.waiting import until

pytestmark = pytest.mark.servers
PROGRAMS = ("columns", "publishing", "mailbox", "scoring", "gateway")
SINCE = re.compile(r"since (\S+Z)")


@contextmanager
def frozen(process: Process | None) -> Iterator[datetime]:
    """Stands still until the block ends; since when."""
    assert process
    assert process.running
    os.kill(process.running.pid, signal.SIGSTOP)
    try:
        yield datetime.now(UTC)
    finally:
        os.kill(process.running.pid, signal.SIGCONT)


@pytest.mark.parametrize("seconds", [15, pytest.param(60, marks=pytest.mark.all_faults)])
def test_kafka_that_stands_still_under_writes_is_said_with_since_when_and_loses_nothing(
    killable: Suite, seconds: float
) -> None:
    with writing(killable, 4) as written:
        until(lambda: len(written.titles) >= 1)
        with frozen(killable.servers.kafka) as since:
            before, back = len(written.titles), time.monotonic() + seconds
            for program in PROGRAMS:
                says_late(killable, program, since)
            until(lambda: time.monotonic() > back, seconds=2 * seconds)
            accepted = len(written.titles) - before

    assert accepted > 3  # an API is up without Kafka
    until(lambda: all(late(killable, program) == {} for program in PROGRAMS), seconds=60)
    unharmed(killable, *PROGRAMS)
    everything_holds(killable, written)


def says_late(running: Suite, program: str, since: datetime) -> None:
    """Ready, and late since the moment, give or take what it takes to notice."""
    said = until(lambda: late(running, program).get("kafka", ""))
    [moment] = SINCE.findall(said)
    assert abs((datetime.fromisoformat(moment) - since).total_seconds()) < 6, said
    assert readyz(running, program)["ok"]


@pytest.mark.all_faults
def test_a_relay_frozen_with_its_lease_is_followed_by_another_and_repeats_at_most(running: Suite) -> None:
    second, _ = running.replica("publishing")
    with writing(running, 6) as written:
        for process in (running.processes["publishing"], second):
            until(lambda: len(written.titles) >= 1)
            holder = lease(running)
            with frozen(process):  # the one that holds it: who came first, then who took over
                until(lambda holder=holder: lease(running) != holder)  # type: ignore[misc]  # bound
                until(lambda: not unsent(running, "publishing"))

    in_order(told(running, "publishing"))
    everything_holds(running, written)


def lease(running: Suite) -> str:
    [found] = documents(running, "publishing", "leases", {"_id": "relay"})
    return str(found["holder"])


@pytest.mark.all_faults
def test_a_gateway_frozen_inside_a_transaction_holds_the_other_up_for_seconds(running: Suite) -> None:
    with writing(running, 2) as written:
        pass
    running.processes["scoring"].end()
    produce(running, [wrapped(forged("item.withdrawn", id=f"{NOBODY}{n}")) for n in range(5_000)])
    with frozen_inside(running, running.processes["gateway"]):
        _, address = running.replica("gateway")
        begun = time.monotonic()
        until(lambda: shows_withdrawn(address, f"{NOBODY}4999") and caught_up(running, "gateway"), seconds=90)
        assert time.monotonic() - begun < 60

    running.start("scoring")
    until(lambda: caught_up(running, "gateway"))
    unharmed(running, "gateway")
    everything_holds(running, written)


@contextmanager
def frozen_inside(running: Suite, process: Process) -> Iterator[None]:
    """Frozen again and again, until that was while a transaction was open."""
    while True:
        with frozen(process):
            if transactions(running):
                yield
                return
        time.sleep(0.01)


def transactions(running: Suite) -> int:
    """Those that are open now, over all programs."""
    with MongoClient[Document](running.servers.mongo_url) as client:
        open_: int = client.admin.command("serverStatus")["transactions"]["currentOpen"]
        return open_


def shows_withdrawn(address: str, id: str) -> bool:
    return httpx.get(f"{address}/api/v1/items/{id}").status_code == 410


@pytest.mark.all_faults
def test_who_is_frozen_inside_a_transaction_keeps_others_busy_until_the_server_ends_it(running: Suite) -> None:
    with writing(running, 1) as written:
        pass
    item = release(running, draft(running, running.columns["news"], title="其后"))
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    path, begun = f"/items/{item['id']}/publication", time.monotonic()
    answers: list[httpx.Response] = []
    with holding(running, "publishing", "ledger"):
        while not answers or answers[-1].status_code == 503:
            answers.append(editor.post(path))
            assert time.monotonic() - begun < 90

    busy = [answer for answer in answers if answer.status_code == 503]
    assert {answer.json()["code"] for answer in busy} == {"busy"}
    assert all(answer.elapsed.total_seconds() < 16 for answer in busy)
    written.titles.append("其后")
    everything_holds(running, written)


@contextmanager
def holding(running: Suite, service: str, collection: str) -> Iterator[None]:
    """A process that wrote a document in a transaction stands still, its connection open."""
    script = (
        "import sys, time; from pymongo import MongoClient; c = MongoClient(sys.argv[1]); s = c.start_session(); "
        "s.start_transaction(); n = c[sys.argv[2]][sys.argv[3]].update_many({}, {'$set': {'held': 1}}, session=s); "
        "assert n.modified_count; print('held', flush=True); time.sleep(600)"
    )
    database = f"{running.namespace}_{service}"
    arguments = [sys.executable, "-c", script, running.servers.mongo_url, database, collection]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            process.kill()
