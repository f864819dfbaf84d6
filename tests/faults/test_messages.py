"""What Kafka delivers is delivered again, in another order, or is none of ours."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from services.kernel.domain.event import EVENTS, Message
from services.kernel.storage.mongo import Document
from services.kernel.stream.bus import Bus, Wire, decode, encode
from tests.contracts.examples import EXAMPLES
from tests.faults.promises import all_told, everything_holds, facts
from tests.faults.writing import writing
from tests.support.city import published
from tests.support.programs import Suite
from tests.support.proof import FORGED, documents, topic
from tests.support.waiting import until

pytestmark = pytest.mark.servers
NOT_FOLDED = {
    "drops",
    "waiting",
    "heard",
    "leases",
    "answers",
    "journal",
    "fact",
    "positions",
    "content",
    "generation",
    "passed",
}


def produce(running: Suite, records: Sequence[tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]]) -> None:
    """Write (topic without namespace, key, value, headers) as they are, one after the other."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=running.servers.kafka_address, max_request_size=5_000_000)
        await producer.start()
        for name, key, value, headers in records:
            await producer.send_and_wait(f"{running.namespace}.{name}", value, key, headers=headers)
        await producer.stop()

    asyncio.run(send())


def again(running: Suite, to: Suite, *, chance: random.Random, times: int = 1) -> None:
    """All that was told up to now, to the topics of a suite, in any order."""
    told: list[Wire] = asyncio.run(topic(running)) * times
    chance.shuffle(told)
    produce(to, [(decode(r, running.namespace).source, r.key, r.value, list(r.headers)) for r in told])


def read_model(running: Suite) -> dict[str, Document]:
    """All that the gateway has folded from events, by collection and id."""
    with MongoClient[Document](running.servers.mongo_url) as client:
        names = client[f"{running.namespace}_gateway"].list_collection_names()
    folded = sorted(set(names) - NOT_FOLDED)
    found = ((name, document) for name in folded for document in documents(running, "gateway", name))
    return {f"{name}/{d['_id']}": {f: v for f, v in d.items() if f not in ("heard_at", "stamp")} for name, d in found}


@pytest.mark.all_faults
def test_events_delivered_three_times_and_in_another_order_change_nothing(running: Suite) -> None:
    with writing(running, 4) as written:
        pass
    until(lambda: sum(facts(running).values()) == len(set(all_told(running))))
    before = read_model(running)
    again(running, running, chance=random.Random(55), times=2)

    everything_holds(running, written)
    after = read_model(running)
    assert {key: after[key] for key in before if not key.startswith("letter/")} == {
        key: document for key, document in before.items() if not key.startswith("letter/")
    }


@pytest.mark.all_faults
def test_who_first_hears_everything_in_another_order_comes_to_the_same(running: Suite, tmp_path: Path) -> None:
    published(running, running.columns["notices"], title="另一栏目")
    with writing(running, 4):
        pass
    late = Suite(running.servers, tmp_path / "late")
    late.ports = running.ports | {name: late.ports[name] for name in ("gateway", "scoring")}
    asyncio.run(Bus(late.servers.kafka_address, late.namespace).prepare())
    again(running, late, chance=random.Random(2008))
    try:
        late.start("gateway", "scoring")
        until(lambda: facts(late) == facts(running), seconds=60)
        until(lambda: read_model(late) == read_model(running), seconds=60)
        assert documents(late, "gateway", "waiting") == []
    finally:
        late.end()


def of_nobody(type_: str) -> Message:
    """A first event of an aggregate that does not exist, as its speaker would wrap it."""
    event = EVENTS[type_]
    return Message(
        id="nobody-1", type=type_, source=event.SOURCE, subject=f"{type_.partition('.')[0]}/nobody", sequence=1,
        time=EXAMPLES[type_].at, correlation=FORGED, trace=None, value=b"{}",
    )  # fmt: skip


STRANGE = "ce_id", b"\xff\xfe"
UNREADABLE: Sequence[Callable[[Message], tuple[bytes | None, list[tuple[str, bytes]]]]] = [
    lambda _: (b"hello", []),
    lambda _: (b"{}", [STRANGE, ("ce_time", b"soon"), ("ce_sequence", b"-1")]),
    lambda _: (b"\x00" * 900_000, [("ce_specversion", b"9")]),
]
BREAKING: Sequence[Callable[[Message], tuple[bytes | None, list[tuple[str, bytes]]]]] = [
    lambda m: (b'{"at": "soon"}', list(encode(m).headers.items())),
    lambda m: (None, list(encode(m).headers.items())),  # the same place in the order once more, without a word
]
SAID = ["department.changed", "item.withdrawn", "letter.accepted"]


def test_malformed_messages_in_every_topic_stop_nothing_and_wait_for_people(running: Suite) -> None:
    with writing(running, 2) as written:
        for message, unreadable in zip(map(of_nobody, SAID), UNREADABLE, strict=True):
            key = message.subject.encode()
            produce(running, [(message.source, key, *make(message)) for make in (unreadable, *BREAKING)])

    for reader in ("gateway", "scoring"):
        until(lambda reader=reader: len(listed(running, reader)) == 2 * len(SAID))  # type: ignore[misc]  # bound
        for subject in listed(running, reader):
            assert "Passed" in queue(running, reader, "discard", subject)
        assert listed(running, reader) == []
    everything_holds(running, written)


def listed(running: Suite, reader: str) -> list[str]:
    """Aggregates for which something is set aside."""
    return [line.split()[1].rpartition("#")[0] for line in queue(running, reader, "list").splitlines()]


def queue(running: Suite, reader: str, *arguments: str) -> str:
    module = reader if reader == "gateway" else f"services.{reader}"
    command = [sys.executable, "-m", module, "waiting", *arguments]
    done = subprocess.run(command, env=os.environ | running.env(reader), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
