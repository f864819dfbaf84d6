"""The real servers of a local run: what they can, and that they survive what is done to them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import NewTopic
from pymongo import MongoClient

from deploy.local.kept_up import addresses
from deploy.local.places import ROOT
from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from tests.support.servers import running
from tests.support.topics import admin
from tests.support.waiting import until

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers of this module alone, because it kills them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MONGO_URL", raising=False)
        patch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
        with running(tmp_path_factory.mktemp("own")) as servers:
            yield servers


def write(servers: Servers, number: int) -> None:
    """In a transaction, so that only a primary takes it."""
    with MongoClient[dict[str, Any]](servers.mongo_url) as client, client.start_session() as session:
        session.with_transaction(lambda s: client.survival.kept.insert_one({"_id": number}, session=s))


def kept(servers: Servers) -> list[int]:
    with MongoClient[dict[str, Any]](servers.mongo_url) as client:
        return sorted(document["_id"] for document in client.survival.kept.find())


async def say(servers: Servers, word: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=servers.kafka_address, acks="all", enable_idempotence=True
    ) as producer:
        await producer.send_and_wait("survival", word)


async def heard(servers: Servers, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(
        "survival", bootstrap_servers=servers.kafka_address, auto_offset_reset="earliest"
    ) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


def test_mongo_keeps_what_it_confirmed_through_a_kill(own: Servers) -> None:
    write(own, 1)
    own.restart(own.mongo)
    write(own, 2)

    assert kept(own) == [1, 2]


def test_data_made_on_one_port_serve_on_another(own: Servers) -> None:
    write(own, 3)
    assert own.mongo
    own.mongo.end()
    mongo, kafka, controller = free_ports(3)
    moved = Servers(own.home, mongo, kafka, controller, own.record, given_mongo=None, given_kafka=own.kafka_address)
    try:
        moved.start()
        assert 3 in kept(moved)
    finally:
        moved.end()
    own.restart(own.mongo)

    assert 3 in kept(own)


async def test_kafka_keeps_what_it_confirmed_through_a_kill(own: Servers) -> None:
    async with admin(own.kafka_address) as there:
        await there.create_topics([NewTopic("survival", 1, 1)])

    await say(own, b"before")
    own.restart(own.kafka)
    await say(own, b"after")

    assert await heard(own, 2) == [b"before", b"after"]


def test_servers_that_are_kept_up_serve_a_run_of_tests_which_leaves_them_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGO_URL", raising=False)
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    script = f"from pathlib import Path; from deploy.local.kept_up import keep_up; keep_up(Path({str(tmp_path)!r}))"
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, process_group=0) as keeping:
        try:
            mongo, kafka = until(lambda: addresses(tmp_path) or False, seconds=90)
            for number in (1, 2):
                with running(tmp_path) as found:
                    write(found, number)
                    assert (found.mongo, found.kafka) == (None, None)
                    assert (found.mongo_url, found.kafka_address) == (mongo, kafka)
            assert kept(found) == [1, 2]
            keeping.send_signal(signal.SIGINT)
            assert keeping.wait(60) == 0
            assert addresses(tmp_path) is None
            assert list(tmp_path.iterdir()) == []
        finally:
            keeping.terminate()


def test_what_runs_is_written_down_and_what_ended_is_not(own: Servers, tmp_path: Path) -> None:
    assert own.record
    assert sorted(path.stem.rpartition("-")[0] for path in own.record.glob("*.json")) == ["kafka", "mongod"]
