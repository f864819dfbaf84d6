"""What was said is sent: all of it, in order per aggregate, by one sender."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaConnectionError
from bson import ObjectId
from prometheus_client import REGISTRY

from deploy.local.stack import Servers
from services.kernel.contracts import TOPICS
from services.kernel.domain.event import Message
from services.kernel.running.commands import resend
from services.kernel.storage import journal
from services.kernel.storage.lease import hold
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus, wanted
from services.kernel.stream.relay import Relay, send_once
from services.mailbox import __main__ as mailbox
from services.mailbox.settings import MailboxSettings
from tests.kernel.telling import on_topic, say, sequences
from tests.support.proof import in_order
from tests.support.sample import rename_bureau
from tests.support.services import running
from tests.support.topics import admin
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


class Wire:
    """Sends through the bus, and notes what Kafka acknowledged. While it is `cut`, Kafka is not reached."""

    def __init__(self, bus: Bus) -> None:
        self.bus, self.nowhere = bus, Bus("127.0.0.1:1", bus.namespace)
        self.sent: list[Message] = []
        self.cut = False

    async def __call__(self, messages: Sequence[Message]) -> None:
        await (self.nowhere if self.cut else self.bus).send(messages)
        self.sent.extend(messages)

    def sequences(self, subject: str) -> list[int]:
        return [m.sequence for m in self.sent if m.subject == subject]


@pytest.fixture
def wire(bus: Bus) -> Wire:
    return Wire(bus)


async def test_what_was_said_is_sent_once_and_in_order(db: Database, transact: Transactor, wire: Wire) -> None:
    await say(transact, "finance", 3)
    await say(transact, "water", 2)

    assert await send_once(db, wire) == 5
    assert await send_once(db, wire) == 0

    assert wire.sequences("department/finance") == [1, 2, 3]
    assert wire.sequences("department/water") == [1, 2]
    assert wire.sent[0].source == "columns"


async def test_the_journal_notes_when_a_fact_was_sent(db: Database, transact: Transactor, wire: Wire) -> None:
    await say(transact, "finance", 1)
    await send_once(db, wire)

    [record] = await db["journal"].find().to_list(None)
    assert "unsent" not in record
    assert abs(record["sent"] - record["written"]) < timedelta(minutes=1)


async def test_what_could_not_be_sent_stays_unsent(db: Database, transact: Transactor, wire: Wire) -> None:
    await say(transact, "finance", 2)
    wire.cut = True
    with pytest.raises(KafkaConnectionError):
        await send_once(db, wire)

    wire.cut = False
    assert await send_once(db, wire) == 2
    assert wire.sequences("department/finance") == [1, 2]


async def test_an_aggregate_whose_earlier_fact_is_not_in_hand_waits_a_round(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    await say(transact, "finance", 3)
    records = await db["journal"].find().sort("sequence", 1).to_list(None)
    for record, place in zip(records, ("2", "0", "1"), strict=True):  # the first to be said is found last
        await db["journal"].delete_one({"_id": record["_id"]})
        await db["journal"].insert_one(record | {"_id": ObjectId(place * 24)})

    while await send_once(db, wire, limit=2):
        pass

    assert wire.sequences("department/finance") == [1, 2, 3]


async def test_records_marked_again_are_sent_again_and_never_out_of_order(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    await say(transact, "finance", 4)
    await send_once(db, wire)
    await db["journal"].update_many(journal.span(subject="department/finance"), {"$set": {"unsent": True}})
    await transact(rename_bureau, "finance", "新名")

    while await send_once(db, wire, limit=3):
        pass

    assert wire.sequences("department/finance") == [1, 2, 3, 4, 1, 2, 3, 4, 5]


async def test_what_aggregates_count_together_is_sent_by_that_count_whoever_wrote_it(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    for code in ("finance", "water", "health"):
        await say(transact, code, 1)
    places = {"finance": "2", "water": "0", "health": "1"}  # of three replicas in the same second, by chance
    for order, (code, place) in enumerate(places.items(), start=7):
        [record] = await db["journal"].find({"subject": f"department/{code}"}).to_list(None)
        await db["journal"].delete_one({"_id": record["_id"]})
        await db["journal"].insert_one(record | {"_id": ObjectId(place * 24), "order": order})

    while await send_once(db, wire, limit=2):
        pass

    assert [m.subject for m in wire.sent] == ["department/finance", "department/water", "department/health"]


async def test_a_relay_sends_what_another_process_says_without_waiting_for_its_poll(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    relay = Relay(db, wire, asyncio.Event())  # its own event: nobody in this process wakes it
    relaying = asyncio.create_task(relay.run())
    await say(transact, "finance", 1)
    await eventually(lambda: wire.sequences("department/finance") == [1])
    await say(transact, "water", 1)
    await eventually(lambda: wire.sequences("department/water") == [1])
    relaying.cancel()
    await asyncio.wait([relaying])

    assert await hold(db, "relay", seconds=1, holder="successor")


async def test_a_relay_goes_on_after_kafka_was_away(db: Database, transact: Transactor, wire: Wire) -> None:
    wire.cut = True
    relaying = asyncio.create_task(Relay(db, wire, transact.unsent).run())
    await say(transact, "finance", 2)
    wire.cut = False
    await eventually(lambda: wire.sequences("department/finance") == [1, 2])
    relaying.cancel()
    await asyncio.wait([relaying])


async def test_a_type_that_the_running_code_does_not_know_is_sent_all_the_same(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    await say(transact, "finance", 2)
    await db["journal"].update_one({"sequence": 1}, {"$set": {"type": "department.renumbered"}})

    assert await send_once(db, wire) == 2
    assert [(m.type, m.source) for m in wire.sent] == [
        ("department.renumbered", "columns"),
        ("department.changed", "columns"),
    ]


def set_apart(type: str) -> float:
    return REGISTRY.get_sample_value("citygate_relay_set_apart_total", {"type": type}) or 0


async def relay_all(db: Database, bus: Bus) -> None:
    while await send_once(db, bus.send):
        pass


@pytest.mark.parametrize("broken", [{"at": "yesterday"}, {"value": "x" * 1_200_000}], ids=["no envelope", "too large"])
async def test_a_record_that_can_never_be_sent_is_set_apart_and_only_its_aggregate_waits(
    db: Database, transact: Transactor, bus: Bus, broken: dict[str, str]
) -> None:
    before = set_apart("department.changed")
    await say(transact, "finance", 3)
    await say(transact, "water", 2)
    whole = await db["journal"].find_one({"subject": "department/finance", "sequence": 2})
    assert whole
    await db["journal"].update_one({"_id": whole["_id"]}, {"$set": broken})

    await relay_all(db, bus)
    await say(transact, "health", 1)
    await relay_all(db, bus)

    kept = await db["journal"].find_one({"_id": whole["_id"]})
    assert kept
    assert kept["unsent"]
    assert kept["error"]
    assert set_apart("department.changed") == before + 1
    assert set(await sequences(bus, "department/finance")) == {1}
    assert set(await sequences(bus, "department/water")) == {1, 2}
    assert set(await sequences(bus, "department/health")) == {1}

    await db["journal"].replace_one({"_id": whole["_id"]}, whole)  # mended, and to be sent again
    await relay_all(db, bus)
    in_order(await on_topic(bus))
    assert set(await sequences(bus, "department/finance")) == {1, 2, 3}


async def test_a_record_that_the_broker_finds_too_large_is_set_apart_as_well(
    servers: Servers, namespace: str, db: Database, transact: Transactor
) -> None:
    bus = Bus(servers.kafka_address, namespace)
    small = wanted(1) | {"max.message.bytes": "50000"}
    async with admin(servers.kafka_address) as there:
        await there.create_topics(
            [NewTopic(bus.topic("columns"), TOPICS["columns"].partitions, 1, topic_configs=small)]
        )
    await say(transact, "finance", 3)
    await say(transact, "water", 2)
    await db["journal"].update_one({"subject": "department/finance", "sequence": 2}, {"$set": {"value": "x" * 100_000}})

    await relay_all(db, bus)

    assert set(await sequences(bus, "department/finance")) == {1}
    assert set(await sequences(bus, "department/water")) == {1, 2}
    await bus.close()


async def test_a_record_that_is_set_apart_is_tried_again_when_people_send_it_again(
    servers: Servers, namespace: str, tmp_path: Path, wire: Wire
) -> None:
    async with running(replace(mailbox.SERVICE, first=None), MailboxSettings, servers, namespace, tmp_path) as program:
        await say(program.transact, "finance", 2)
        await program.db["journal"].update_one({"sequence": 1}, {"$set": {"error": "too large"}})
        assert await send_once(program.db, wire) == 0

        await resend(program, Namespace(since=None, until=None, subject="department/finance", run=None))

        assert await send_once(program.db, wire) == 2
        assert wire.sequences("department/finance") == [1, 2]


async def test_what_is_no_fault_of_a_server_ends_the_relay(db: Database, transact: Transactor, wire: Wire) -> None:
    async def wrong(messages: Sequence[Message]) -> None:
        raise ZeroDivisionError

    await say(transact, "finance", 1)

    with pytest.raises(ExceptionGroup) as ended:
        await Relay(db, wrong, transact.unsent).run()
    assert ended.group_contains(ZeroDivisionError)
    await db["journal"].update_many({}, {"$set": {"unsent": True}})
    assert await send_once(db, wire) == 1
