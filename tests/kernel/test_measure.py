"""What waits is measured: unsent, unheard, set aside, and how old the oldest is."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.local.stack import Servers
from services.kernel.contracts import TOPICS
from services.kernel.domain.clock import host
from services.kernel.running.program import Program
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus, Partition
from services.kernel.stream.measure import Measure
from services.kernel.stream.relay import Relay
from tests.kernel.measuring import gauge, measured, nothing, well, working
from tests.support.sample import found_bureau, message
from tests.support.topics import admin, delete, topics
from tests.support.waiting import eventually

pytestmark = [pytest.mark.servers, pytest.mark.alone]
Fault = Callable[[Servers], None]


@pytest.mark.usefixtures("measured_soon")
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


@pytest.mark.usefixtures("measured_soon")
async def test_messages_that_wait_are_counted_with_the_age_of_the_first(db: Database, bus: Bus) -> None:
    long_ago = host() - timedelta(hours=2)
    await db["waiting"].insert_many([{"_id": "a", "since": host()}, {"_id": "b", "since": long_ago}])

    async with measured(db, bus):
        await eventually(lambda: gauge("consumer_waiting_messages") == 2)
        assert gauge("consumer_waiting_seconds") == pytest.approx(7200, abs=60)


def lag(bus: Bus) -> float:
    return gauge("consumer_lag_messages", topic=bus.topic("columns"), partition="0")


@pytest.mark.usefixtures("measured_soon")
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


@pytest.mark.usefixtures("measured_soon")
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


@pytest.mark.usefixtures("measured_soon")
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
