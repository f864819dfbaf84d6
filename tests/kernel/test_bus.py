"""Topics as they are declared, made again when they are gone; what is sent arrives."""

import json
from dataclasses import replace

import pytest
from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from services.kernel.contracts import DEAD_LETTERS, TOPICS
from services.kernel.stream.bus import Bus, Partition, Wire, decode, unfit, wanted
from tests.support.sample import message
from tests.support.topics import admin, delete, topics
from tests.support.wild import send_bomb

pytestmark = pytest.mark.servers
SAID = message("finance", 1, "财政局")


async def heard(bus: Bus, topic: str) -> list[Wire]:
    """All that is on a topic's first partition now."""
    consumer = bus.consumer("tests")
    part = Partition(bus.topic(topic), 0)
    await consumer.start()
    consumer.assign([part])
    await consumer.seek_to_beginning(part)
    end = (await consumer.end_offsets([part]))[part]
    found: list[Wire] = []
    while len(found) < end:
        found += (await consumer.getmany(part, timeout_ms=500)).get(part, [])
    await consumer.stop()
    return found


async def test_topics_that_are_gone_are_made_again_by_whoever_speaks(bus: Bus) -> None:
    await bus.send([SAID])
    declared = {bus.topic(name) for name in TOPICS}
    assert declared <= await topics(bus)
    await delete(bus, TOPICS)

    with pytest.raises(KafkaError):  # the relay keeps what it could not send, and sends it again
        await bus.send([SAID])
    await bus.send([SAID])

    assert [decode(record, bus.namespace) for record in await heard(bus, "columns")] == [SAID]
    assert declared <= await topics(bus)


async def test_a_topic_keeps_each_message_for_ever_and_acknowledges_what_all_have(bus: Bus) -> None:
    asked = [ConfigResource(ConfigResourceType.TOPIC, bus.topic(name), dict.fromkeys(wanted(1))) for name in TOPICS]
    async with admin(bus.servers) as there:
        answers = await there.describe_configs(asked)

    found = [{s[0]: s[1] for s in settings} for answer in answers for *_, settings in answer.resources]
    kept = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete", "min.insync.replicas": "1"}
    kept["compression.type"] = "uncompressed"
    assert found == [kept] * len(TOPICS)


async def test_a_topic_that_forgets_is_named_and_nothing_is_said_on_any(bus: Bus, namespace: str) -> None:
    late = Bus(bus.servers, f"{namespace}-late")
    forgetful = {
        "cleanup.policy": "compact", "retention.ms": "1000", "retention.bytes": "5000", "compression.type": "gzip",
    }  # fmt: skip
    async with admin(bus.servers) as there:
        await there.create_topics([NewTopic(late.topic("columns"), 1, 1, topic_configs=forgetful)])

    with pytest.raises(KafkaError) as raised:
        await late.send([SAID])
    await late.close()

    wrongs = ("forgets after 1000 ms", "forgets beyond 5000 bytes", "keeps only the last message of a key")
    for wrong in (*wrongs, "takes compressed messages"):
        assert f"the topic {late.topic('columns')} {wrong}" in str(raised.value)


def test_with_three_replicas_two_must_have_what_is_acknowledged() -> None:
    assert unfit("city.columns", 3, wanted(1)) == [
        "the topic city.columns acknowledges before 2 replicas have it (min.insync.replicas)"
    ]
    assert unfit("city.columns", 3, wanted(3)) == []
    assert unfit("city.columns", 1, wanted(1)) == []
    assert unfit("city.columns", 1, wanted(3)) == []


async def test_a_copy_for_the_dead_letters_arrives_however_large_the_message_was(bus: Bus) -> None:
    large = replace(SAID, value=b"x" * 1_048_576, correlation="there: what was wrong with it")
    with pytest.raises(KafkaError, match="MessageSizeTooLarge"):
        await bus.send([large])

    await bus.send([large, SAID], topic=DEAD_LETTERS)

    named, whole = await heard(bus, DEAD_LETTERS)
    assert json.loads(named.value or b"")["size"] == 1_048_576
    assert dict(named.headers)["ce_correlationid"] == large.correlation.encode()
    assert named.key == whole.key == b"department/finance"
    assert whole.value == SAID.value


async def test_what_is_small_only_while_it_is_packed_is_not_taken(bus: Bus) -> None:
    with pytest.raises(MessageSizeTooLargeError):
        await send_bomb(bus.servers, bus.topic("columns"), 20_000_000)


async def test_an_offset_of_a_log_that_is_gone_neither_hides_what_is_unread_nor_counts_as_less(bus: Bus) -> None:
    await bus.send([SAID])
    parts = [Partition(bus.topic(name), 0) for name in ("columns", "mailbox")]
    consumer = bus.consumer("reader")
    consumer.assign(parts)
    await consumer.start()
    await consumer.commit(dict.fromkeys(parts, 40))
    await consumer.stop()

    assert await bus.lag("reader", ["columns"]) == 1
    assert await bus.lag("reader", ["columns", "mailbox"]) == 1
