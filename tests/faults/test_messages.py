"""What Kafka delivers is delivered again, or in another order."""

import asyncio
import random
from pathlib import Path

import pytest
from pymongo import MongoClient

from services.kernel.storage.mongo import Document
from services.kernel.stream.bus import Bus, Wire
from tests.faults.hostile import Record, produce
from tests.faults.promises import all_told, everything_holds, facts
from tests.faults.writing import writing
from tests.support.city import published
from tests.support.programs import Suite
from tests.support.proof import documents, topic
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


def again(running: Suite, to: Suite, *, chance: random.Random, times: int = 1) -> None:
    """All that was told up to now, to the topics of a suite, in any order."""
    told: list[Wire] = asyncio.run(topic(running)) * times
    chance.shuffle(told)
    produce(to, [Record(r.topic.rpartition(".")[2], r.key, r.value, tuple(r.headers)) for r in told])


def read_model(running: Suite) -> dict[str, Document]:
    """All that the gateway has folded from events, by collection and id."""
    with MongoClient[Document](running.servers.mongo_url) as client:
        names = client[f"{running.namespace}_gateway"].list_collection_names()
    folded = sorted(set(names) - NOT_FOLDED)
    found = ((name, document) for name in folded for document in documents(running, "gateway", name))
    return {f"{name}/{document['_id']}": comparable(document) for name, document in found}


def comparable(document: Document) -> Document:
    """Without when it was heard, and without sums that are 0 again."""
    kept = {field: value for field, value in document.items() if field not in ("heard_at", "stamp")}
    return kept | ({"of": {name: n for name, n in kept["of"].items() if n}} if "of" in kept else {})


@pytest.mark.all_faults
def test_events_delivered_three_times_and_in_another_order_change_nothing(running: Suite) -> None:
    with writing(running, 4) as written:
        pass
    until(lambda: sum(facts(running).values()) == len(set(all_told(running))))
    before = read_model(running)
    again(running, running, chance=random.Random(55), times=2)

    everything_holds(running, written)
    after = read_model(running)
    assert {key: after[key] for key in before if not key.startswith("letter")} == {
        key: document for key, document in before.items() if not key.startswith("letter")
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
