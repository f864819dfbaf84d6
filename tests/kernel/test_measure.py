"""What waits is measured whatever happens: gauges and /readyz tell the truth while servers are gone or hang."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from deploy.local.processes import Process, free_ports
from deploy.local.stack import Servers
from services.kernel.contracts import TOPICS
from services.kernel.domain.clock import host
from services.kernel.running.program import Program
from services.kernel.running.serving import inside
from services.kernel.storage.mongo import Database, connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import measure as measuring
from services.kernel.stream.bus import Bus, Partition
from services.kernel.stream.measure import Measure
from services.kernel.stream.relay import Relay
from services.mailbox import __main__ as mailbox
from services.mailbox.settings import MailboxSettings
from tests.support.sample import found_bureau, message
from tests.support.services import running
from tests.support.topics import admin, delete, topics
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
Fault = Callable[[Servers], None]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that may be killed and frozen."""
    mongo, kafka, controller = free_ports(3)
    home = tmp_path_factory.mktemp("own")
    made = Servers(home, mongo, kafka, controller, given_mongo=None, given_kafka=None)
    try:
        made.start()
        yield made
    finally:
        for server in (made.mongo, made.kafka):
            if server and server.alive:
                send(server, signal.SIGCONT)
        made.end()


def send(server: Process | None, number: signal.Signals) -> None:
    assert server
    assert server.running
    os.kill(server.running.pid, number)


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "EVERY", 0.1)
    monkeypatch.setattr(measuring, "PATIENCE", 1.0)
    monkeypatch.setattr(measuring, "LATE", 0.5)


def gauge(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(f"citygate_{name}", labels)
    assert found is not None, f"{name} is not shown"
    return found


def nothing() -> None:
    """Kafka is not emptied here."""


@asynccontextmanager
async def measured(db: Database, bus: Bus, *sources: str) -> AsyncIterator[Measure]:
    made = Measure(db, bus, journal=db["journal"], group="there", sources=sources, emptied=nothing)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.usefixtures("_soon")
async def test_a_replica_without_the_lease_shows_what_is_unsent_as_the_one_that_holds_it(
    db: Database, transact: Transactor, bus: Bus
) -> None:
    async def away(_: object) -> None:
        raise ConnectionError

    relaying = asyncio.create_task(Relay(db, away, transact.unsent, holder="another").run())
    async with measured(db, bus) as holding, measured(db, bus) as idle:
        for code in ("finance", "water", "health"):
            await transact(found_bureau, code)
        await eventually(lambda: (holding.unsent, idle.unsent) == (3, 3))
        first = await db["journal"].find_one({}, sort=[("written", 1)])
        assert first
        assert holding.unsent_since == idle.unsent_since == first["written"]
        assert gauge("relay_unsent_facts") == 3
        assert gauge("relay_lag_seconds") <= (host() - first["written"]).total_seconds()

        relaying.cancel()
        await asyncio.wait([relaying])
        await db["journal"].update_many({}, {"$unset": {"unsent": 1}})
        await eventually(lambda: (holding.unsent, idle.unsent) == (0, 0))
        await eventually(lambda: gauge("relay_lag_seconds") == 0)


@pytest.mark.usefixtures("_soon")
async def test_messages_that_wait_are_counted_with_the_age_of_the_first(db: Database, bus: Bus) -> None:
    long_ago = host() - timedelta(hours=2)
    await db["waiting"].insert_many([{"_id": "a", "since": host()}, {"_id": "b", "since": long_ago}])

    async with measured(db, bus):
        await eventually(lambda: gauge("consumer_waiting_messages") == 2)
        assert gauge("consumer_waiting_seconds") == pytest.approx(7200, abs=60)


def lag(bus: Bus) -> float:
    return gauge("consumer_lag_messages", topic=bus.topic("columns"), partition="0")


@pytest.mark.usefixtures("_soon")
async def test_the_lag_is_that_of_the_whole_group_and_stands_at_0_from_the_start(db: Database, bus: Bus) -> None:
    made = Measure(db, bus, journal=db["journal"], group="there", sources=["columns", "mailbox"], emptied=nothing)
    assert lag(bus) == 0
    parts = [str(p) for p in range(TOPICS["mailbox"].partitions)]
    assert [gauge("consumer_lag_messages", topic=bus.topic("mailbox"), partition=p) for p in parts] == [0] * 6
    assert made.late().keys() == {"kafka"}  # nothing is known yet

    await bus.send([message("finance", n, f"名{n}") for n in (1, 2, 3)])
    async with measured(db, bus, "columns") as seen:
        await eventually(lambda: lag(bus) == 3)
        assert seen.late() == {}
        consumer = bus.consumer("there")  # another replica's
        part = Partition(bus.topic("columns"), 0)
        await consumer.start()
        consumer.assign([part])
        await consumer.commit({part: 2})
        await consumer.stop()
        await eventually(lambda: lag(bus) == 1)


async def test_topics_that_hold_less_than_they_did_are_noticed_once(db: Database, bus: Bus) -> None:
    noticed: list[str] = []
    made = Measure(
        db, bus, journal=db["journal"], group="there", sources=["columns"], emptied=lambda: noticed.append("emptied")
    )
    await bus.send([message("finance", n, f"名{n}") for n in (1, 2, 3)])
    await made.measure_kafka()
    assert lag(bus) == 3

    await delete(bus, ["columns"])
    await eventually(lambda: is_prepared(bus))  # by whoever was first, before it was measured again
    await eventually(lambda: measured_again(made, noticed))
    await made.measure_kafka()

    assert noticed == ["emptied"]
    assert lag(bus) == 0
    await made.stop()


async def is_prepared(bus: Bus) -> bool:
    return await bus.prepare() == []


async def measured_again(made: Measure, noticed: list[str]) -> bool:
    await made.measure_kafka()
    return bool(noticed)


@pytest.mark.usefixtures("_soon")
async def test_known_labels_stand_at_0_from_the_start(servers: Servers, namespace: str, tmp_path: Path) -> None:
    async with working(servers, namespace, tmp_path) as program:
        await eventually(lambda: well(program))
        for part in ("measure", "prepare", "listener", "relay", "sweep:letters"):
            assert gauge("part_failures_total", part=part) == 0
        for error in ("Away", "KafkaError", "TimeoutError"):
            assert gauge("part_waits_total", part="relay", error=error) >= 0
        assert gauge("dead_letters_total", type="unreadable") >= 0
        assert gauge("dead_letters_total", type="column.opened") >= 0
        assert gauge("consumer_messages_total", type="column.opened", outcome="failed") >= 0
        assert gauge("facts_total", type="letter.received") >= 0
        assert gauge("relay_set_apart_total", type="letter.received") == 0
        assert gauge("swept_total", sweep="letters", outcome="failed") >= 0


@pytest.mark.usefixtures("_soon")
async def test_topics_that_are_gone_are_made_again_and_read_from_the_beginning(
    servers: Servers, namespace: str, tmp_path: Path
) -> None:
    async with working(servers, namespace, tmp_path) as program:
        await program.bus.send([message("finance", 1, "财政局")])
        await eventually(lambda: knows(program, "finance"))
        await eventually(lambda: program.measure.late() == {})

        async with admin(servers.kafka_address) as there:
            await there.delete_topics([program.bus.topic(name) for name in TOPICS])
        await eventually(lambda: topics_are_there(program.bus))
        await program.bus.send([message("water", 1, "水务局")])
        await eventually(lambda: knows(program, "water"))


async def topics_are_there(bus: Bus) -> bool:
    return {bus.topic(name) for name in TOPICS} <= await topics(bus)


async def knows(program: Program, code: str) -> bool:
    return bool(await program.db["department"].count_documents({"_id": code}))


@asynccontextmanager
async def working(servers: Servers, namespace: str, keys: Path) -> AsyncIterator[Program]:
    """A service that listens and speaks, all its parts at work."""
    async with running(replace(mailbox.SERVICE, first=None), MailboxSettings, servers, namespace, keys) as program:
        task = asyncio.create_task(program.work())
        try:
            yield program
        finally:
            task.cancel()
            await asyncio.wait([task])


async def late(program: Program) -> dict[str, str]:
    """What /readyz says; that it is ready all the same."""
    transport = httpx.ASGITransport(inside(program))
    async with httpx.AsyncClient(transport=transport, base_url="http://mailbox") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    found: dict[str, str] = answer.json()["late"]
    return found


def since(sentence: str, begins: str) -> datetime:
    assert sentence.startswith(begins)
    return datetime.fromisoformat(sentence.removeprefix(begins).split("Z")[0] + "+00:00")


def freeze(servers: Servers) -> None:
    send(servers.kafka, signal.SIGSTOP)


def thaw(servers: Servers) -> None:
    send(servers.kafka, signal.SIGCONT)


def kill(servers: Servers) -> None:
    assert servers.kafka
    servers.kafka.kill()


def restart(servers: Servers) -> None:
    servers.restart(servers.kafka)


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize(("take", "give"), [(freeze, thaw), (kill, restart)], ids=["frozen", "killed"])
async def test_while_kafka_is_away_readyz_says_since_when_and_ages_grow_and_then_all_is_well(
    own: Servers, namespace: str, tmp_path: Path, take: Fault, give: Fault
) -> None:
    async with working(own, namespace, tmp_path) as program:
        await eventually(lambda: well(program))
        taken = host()
        take(own)
        await program.transact(found_bureau, "finance")
        await eventually(lambda: both_late(program))

        said = await late(program)
        assert since(said["kafka"], "does not answer since ") >= taken - timedelta(seconds=1)
        assert since(said["relay"], "unsent since ") >= taken - timedelta(seconds=1)
        ages = [gauge("relay_lag_seconds"), gauge("measured_age_seconds", what="kafka")]
        await eventually(lambda: gauge("relay_lag_seconds") > ages[0] + 1)
        assert gauge("measured_age_seconds", what="kafka") > ages[1]
        assert gauge("measured_age_seconds", what="mongodb") < 1
        assert gauge("relay_unsent_facts") == 1
        assert await late(program) == said

        give(own)
        await eventually(lambda: well(program), seconds=90)
        assert gauge("relay_unsent_facts") == 0
        assert gauge("relay_lag_seconds") == 0
        assert gauge("measured_age_seconds", what="kafka") < 1.5


async def both_late(program: Program) -> bool:
    return (await late(program)).keys() == {"kafka", "relay"}


async def well(program: Program) -> bool:
    return not await late(program)


@pytest.mark.usefixtures("_soon")
async def test_while_mongodb_hangs_ages_grow_and_say_how_old_they_are(own: Servers, namespace: str) -> None:
    db, bus = connect(own.mongo_url, f"{namespace}_sample"), Bus(own.kafka_address, namespace)
    await db["journal"].insert_one({"unsent": True, "written": host()})
    async with measured(db, bus):
        await eventually(lambda: gauge("relay_unsent_facts") == 1)
        send(own.mongo, signal.SIGSTOP)
        await eventually(lambda: gauge("relay_lag_seconds") > 2)
        assert gauge("measured_age_seconds", what="mongodb") > 1
        assert gauge("measured_age_seconds", what="kafka") < 1
        send(own.mongo, signal.SIGCONT)
        await db["journal"].delete_many({})
        await eventually(lambda: gauge("relay_lag_seconds") == 0)
        assert gauge("measured_age_seconds", what="mongodb") < 1
