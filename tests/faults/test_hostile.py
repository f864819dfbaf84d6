"""Strangers write into every topic while people work: all that is good arrives, and what is not is left for people."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.kernel.contracts import TOPICS
from services.kernel.stream.bus import Bus, Partition
from tests.faults.commands import listed, places, work_off
from tests.faults.hostile import drawn, produce, under_other_ids
from tests.faults.inside import megabytes, unharmed
from tests.faults.promises import all_told, everything_holds, facts
from tests.faults.writing import Written, writing
from tests.support.programs import Suite
from tests.support.proof import SPEAKERS, caught_up, everything_was_sent, shown_exactly
from tests.support.waiting import until
from tests.support.wild import send_header_of_no_text

pytestmark = pytest.mark.servers
READERS = ("gateway", "scoring")
MEMORY = 250.0  # megabytes of the gateway


@contextmanager
def attacked(running: Suite, count: int, *, number: int, good: int) -> Iterator[Written]:
    """Hostile messages in portions, among good writes; all are read at the end, and nobody was harmed."""
    print(f"hostile messages drawn with the number {number}")
    records = drawn(count, number=number)
    with writing(running, good) as written:
        until(lambda: written.titles, seconds=60)
        for portion in range(0, len(records), 100):
            assert produce(running, records[portion : portion + 100])
            produce(running, under_other_ids(running, 5))
        for speaker in SPEAKERS:
            asyncio.run(send_header_of_no_text(running.servers.kafka_address, f"{running.namespace}.{speaker}"))
    yield written
    for reader in READERS:
        until(lambda reader=reader: caught_up(running, reader), seconds=120)  # type: ignore[misc]  # bound
    unharmed(running, "columns", "publishing", "mailbox", *READERS)
    assert megabytes(running, "gateway") < MEMORY


def test_hostile_messages_in_every_topic_stop_nothing_and_wait_for_people(running: Suite) -> None:
    with attacked(running, 60, number=2008, good=2) as written:
        pass
    groups = listed(running, "gateway")
    assert len(groups) < sum(map(len, groups.values()))  # the same failure once
    everything_was_sent(running, "publishing")
    shown_exactly(running, written.titles)
    until(lambda: facts(running) == Counter(set(all_told(running))))


@pytest.mark.all_faults
def test_hostile_messages_of_every_shape_stop_nothing_and_what_was_passed_does_not_come_back(running: Suite) -> None:
    with attacked(running, 2_000, number=random.randrange(2**32), good=6) as written:
        pass
    for reader in READERS:
        work_off(running, reader)
        running.processes[reader].end()
        from_the_beginning(running, reader)
        running.start(reader)
        until(lambda reader=reader: caught_up(running, reader), seconds=120)  # type: ignore[misc]  # bound
        assert places(running, reader) == []
    everything_holds(running, written)


def from_the_beginning(running: Suite, reader: str) -> None:
    """Kafka forgets how far the group was."""

    async def forget() -> None:
        bus = Bus(running.servers.kafka_address, running.namespace)
        parts = [Partition(bus.topic(s), p) for s in SPEAKERS for p in range(TOPICS[s].partitions)]
        consumer = bus.consumer(reader)
        await consumer.start()
        consumer.assign(parts)
        await consumer.commit(dict.fromkeys(parts, 0))
        await consumer.stop()

    asyncio.run(forget())
