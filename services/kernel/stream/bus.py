"""The only module that knows Kafka: topics, CloudEvents on the wire, producer, consumer, lag."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IllegalStateError, KafkaError, MessageSizeTooLargeError, TopicAlreadyExistsError
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from services.kernel.contracts import TOPICS
from services.kernel.domain.event import Message

Consumer = AIOKafkaConsumer
Partition = TopicPartition
Wire: TypeAlias = ConsumerRecord[bytes, bytes]
BUS_ERRORS = (KafkaError, IllegalStateError, OSError)
SOURCE_PREFIX = "/services/"


class Unreadable(Exception):
    """A message that is no CloudEvent of ours."""


class Unsendable(KafkaError):  # type: ignore[misc]  # aiokafka is untyped
    """A message that Kafka can never take: it has no envelope, or is too large. `id`: the message's."""

    def __init__(self, id: str, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}"[:500])
        self.id = id


class AsSent(JSONFormat):
    """The JSON is made when the fact is written and kept as received: never parsed or dumped on the way."""

    def write_data(self, data: Any, datacontenttype: str | None) -> bytes:
        assert isinstance(data, bytes)
        return data

    def read_data(self, body: Any, datacontenttype: str | None) -> Any:
        return body


AS_SENT = AsSent()


def encode(m: Message) -> KafkaMessage:
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": m.id,
        "source": SOURCE_PREFIX + m.source,
        "type": m.type,
        "time": m.time,
        "subject": m.subject,
        "datacontenttype": "application/json",
        "dataschema": f"/events/{m.type}.json",
        "sequence": str(m.sequence),
        "correlationid": m.correlation,
    }
    if m.trace:
        attributes["traceparent"] = m.trace
    return to_binary(CloudEvent(attributes, m.value), AS_SENT, key_mapper=lambda event: event.get_subject())


def encoded(m: Message) -> KafkaMessage:
    """The same with its key as bytes; `Unsendable` where it cannot be encoded."""
    try:
        wire = encode(m)
        return KafkaMessage(wire.headers, str(wire.key).encode(), wire.value)
    except Exception as error:
        raise Unsendable(m.id, error) from error


@contextmanager
def too_large_named(m: Message) -> Iterator[None]:
    """Around what gives one message to Kafka, and what waits for its answer."""
    try:
        yield
    except MessageSizeTooLargeError as error:
        raise Unsendable(m.id, error) from error


def event_of(headers: Mapping[str, bytes], value: bytes) -> BaseCloudEvent:
    return from_binary(KafkaMessage(dict(headers), None, value), AS_SENT, CloudEvent)


def decode(record: Wire) -> Message:
    """`Unreadable` where the envelope is not one of ours; the value is not looked at."""
    try:
        event = event_of(dict(record.headers), record.value or b"")
        time, subject = event.get_time(), event.get_subject()
        assert time
        assert subject
        return Message(
            id=event.get_id(),
            type=event.get_type(),
            source=event.get_source().removeprefix(SOURCE_PREFIX),
            subject=subject,
            sequence=int(event.get_extension("sequence")),
            time=time.astimezone(UTC),
            correlation=str(event.get_extension("correlationid") or "-"),
            trace=event.get_extension("traceparent"),
            value=record.value or b"",
        )
    except Exception as error:  # whatever a stranger may have written must not stop the partition
        raise Unreadable(f"{type(error).__name__}: {error}") from error


class Bus:
    """One program's way to Kafka; connects when first used, again after a fatal error."""

    def __init__(self, servers: str, namespace: str) -> None:
        self.servers, self.namespace = servers, namespace
        self._prepared = False
        self._producer: AIOKafkaProducer | None = None

    def topic(self, name: str) -> str:
        return f"{self.namespace}.{name}"

    async def send(self, messages: Sequence[Message], *, topic: str | None = None) -> None:
        """All of them acknowledged by every replica, in order per key; or an error, and then perhaps some of them.

        `Unsendable` where one of them is at fault.
        """
        wires = [(message, encoded(message)) for message in messages]
        producer = await self._ready()
        try:
            sent = []
            for message, wire in wires:
                to, headers = self.topic(topic or message.source), list(wire.headers.items())
                with too_large_named(message):
                    sent.append((message, await producer.send(to, wire.value, wire.key, headers=headers)))
            for message, acknowledged in sent:
                with too_large_named(message):
                    await acknowledged
        except BaseException:
            await self.close()
            raise

    def forget(self) -> None:
        """Kafka may have been emptied: its topics are looked after again before anything is sent."""
        self._prepared = False

    async def _ready(self) -> AIOKafkaProducer:
        if not self._prepared and (wrong := await self.prepare()):
            raise KafkaError("; ".join(wrong))  # what is said waits in the journal, and is in no wrong partition
        if self._producer is None:
            producer = AIOKafkaProducer(bootstrap_servers=self.servers, enable_idempotence=True, acks="all")
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        """An idempotent producer can stay broken after an error, so it is never used again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            stopping = asyncio.ensure_future(producer.stop())
            await asyncio.wait([stopping], timeout=5)
            stopping.cancel()

    def consumer(self, group: str) -> AIOKafkaConsumer:
        """From the beginning; what is handled is committed by hand."""
        return AIOKafkaConsumer(
            bootstrap_servers=self.servers,
            group_id=f"{self.namespace}.{group}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=10_000,
            fetch_max_wait_ms=500,
        )

    async def prepare(self) -> list[str]:
        """Make the topics that are missing. What is wrong with those that exist, in words; empty: all is well."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            names = set(await admin.list_topics())
            copies = min(3, len((await admin.describe_cluster())["brokers"]))
            for name, topic in TOPICS.items():
                if self.topic(name) not in names:
                    await self._make(admin, self.topic(name), topic.partitions, copies)
            wrong = await self._wrong(admin)
            self._prepared = not wrong
            return wrong
        finally:
            await admin.close()

    async def _make(self, admin: AIOKafkaAdminClient, name: str, partitions: int, copies: int) -> None:
        kept_for_ever = {"retention.ms": "-1", "retention.bytes": "-1"}
        new = NewTopic(name, num_partitions=partitions, replication_factor=copies, topic_configs=kept_for_ever)
        answer = await admin.create_topics([new])
        for _, code, *_ in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise KafkaError(f"Kafka would not make the topic {name} (error {code})")

    async def _described(self, admin: AIOKafkaAdminClient) -> list[dict[str, Any]]:
        """Our topics; a new one is seen without partitions for a moment."""
        while True:
            found: list[dict[str, Any]] = await admin.describe_topics([self.topic(name) for name in TOPICS])
            if all(topic["partitions"] for topic in found):
                return found
            await asyncio.sleep(0.05)

    async def _wrong(self, admin: AIOKafkaAdminClient) -> list[str]:
        found = []
        for described in await self._described(admin):
            name, count = described["topic"], len(described["partitions"])
            wanted = TOPICS[name.removeprefix(f"{self.namespace}.")].partitions
            if count != wanted:
                found.append(f"the topic {name} has {count} partitions instead of {wanted}")
        asked = [ConfigResource(ConfigResourceType.TOPIC, self.topic(n), {"retention.ms": None}) for n in TOPICS]
        for answer in await admin.describe_configs(asked):
            for *_, name, configs in answer.resources:
                if configs and configs[0][1] != "-1":
                    found.append(f"the topic {name} forgets after {configs[0][1]} ms instead of never")
        return found

    async def lag(self, group: str, sources: Iterable[str]) -> int:
        """Messages of these services that the group has not yet handled, over all partitions and replicas."""
        consumer = self.consumer(group)
        await consumer.start()
        try:
            parts = [TopicPartition(self.topic(s), p) for s in sources for p in range(TOPICS[s].partitions)]
            ends = await consumer.end_offsets(parts)
            done = [await consumer.committed(part) or 0 for part in parts]
            return int(sum(ends[part] for part in parts) - sum(done))
        finally:
            await consumer.stop()
