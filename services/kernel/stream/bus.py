"""The only module that knows Kafka: topics, producer, consumer, lag."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import IllegalStateError, KafkaError, MessageSizeTooLargeError, TopicAlreadyExistsError
from cloudevents.core.bindings.kafka import KafkaMessage

from services.kernel.contracts import DEAD_LETTERS, TOPICS
from services.kernel.domain.event import Message
from services.kernel.stream.envelope import Unreadable, decode, encode, fitting

__all__ = ["BUS_ERRORS", "Bus", "Consumer", "Partition", "Taken", "Unreadable", "Wire", "decode", "encode", "fitting"]

Consumer = AIOKafkaConsumer
Partition = TopicPartition
Wire: TypeAlias = ConsumerRecord[bytes, bytes]
BUS_ERRORS = (KafkaError, IllegalStateError, OSError)
ANSWER = 10.0  # seconds until a missing topic or a silent broker is an error
PAUSE = 100  # milliseconds before something is tried again
LOOK = 5.0  # seconds after which a reader looks at the latest whether a topic was made that it missed
KEPT = {
    "retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete",  # each message is kept for ever
    "compression.type": "uncompressed",  # so that the broker's limit bounds what a reader must hold
}  # fmt: skip


def wanted(copies: int) -> dict[str, str]:
    """A topic's settings. With three replicas, two must have a message before it is acknowledged."""
    return KEPT | {"min.insync.replicas": str(in_sync(copies))}


def in_sync(copies: int) -> int:
    return 2 if copies > 2 else 1


def unfit(topic: str, copies: int, settings: Mapping[str, str]) -> list[str]:
    """What is wrong with the settings of a topic that exists, in words."""
    found = []
    if settings["retention.ms"] != "-1":
        found.append(f"the topic {topic} forgets after {settings['retention.ms']} ms instead of never")
    if settings["retention.bytes"] != "-1":
        found.append(f"the topic {topic} forgets beyond {settings['retention.bytes']} bytes instead of never")
    if settings["cleanup.policy"] != "delete":
        found.append(f"the topic {topic} keeps only the last message of a key (cleanup.policy)")
    if settings["compression.type"] != KEPT["compression.type"]:
        found.append(f"the topic {topic} takes compressed messages, whose size nobody bounds (compression.type)")
    if int(settings["min.insync.replicas"]) < in_sync(copies):
        found.append(f"the topic {topic} acknowledges before {in_sync(copies)} replicas have it (min.insync.replicas)")
    return found


def unread(handled: int, end: int) -> int:
    """Messages of a partition that a group has not handled.

    An offset beyond the end is one of the log that was there before: the group reads this one from its beginning.
    """
    return end - (handled if handled <= end else 0)


class Unsendable(KafkaError):  # type: ignore[misc]  # aiokafka is untyped
    """A message that Kafka can never take: it has no envelope, or is too large. `id`: the message's."""

    def __init__(self, id: str, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}"[:500])
        self.id = id


def encoded(m: Message, portal: str) -> KafkaMessage:
    """The message for Kafka, its key as bytes. Raises `Unsendable` if it cannot be encoded."""
    try:
        wire = encode(m, portal)
        return KafkaMessage(wire.headers, str(wire.key).encode(), wire.value)
    except Exception as error:
        raise Unsendable(m.id, error) from error


@contextmanager
def too_large_named(m: Message) -> Iterator[None]:
    """Wraps the sending of one message and the wait for its answer: `Unsendable` if Kafka finds it too large."""
    try:
        yield
    except MessageSizeTooLargeError as error:
        raise Unsendable(m.id, error) from error


class Taken(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """Says when Kafka takes a member's partitions, to share them out anew."""

    def __init__(self, say: Callable[[], None]) -> None:
        self.say = say

    def on_partitions_revoked(self, _: object) -> None:
        self.say()

    def on_partitions_assigned(self, _: object) -> None:
        """They are read from what the group has handled."""


class Bus:
    """One program's connection to Kafka. It is opened at first use, and again after a fatal error.

    `portal`: the address where readers find the events' schemas.
    """

    def __init__(self, servers: str, namespace: str, portal: str = "") -> None:
        self.servers, self.namespace, self.portal = servers, namespace, portal
        self._prepared = False
        self._producer: AIOKafkaProducer | None = None

    def topic(self, name: str) -> str:
        return f"{self.namespace}.{name}"

    async def send(self, messages: Sequence[Message], *, topic: str | None = None) -> None:
        """Send messages in order per key, until every in-sync replica has all. After an error, some may have been sent.

        Raises `Unsendable` if one of the messages is at fault. A dead letter always fits.
        """
        fit = fitting if topic == DEAD_LETTERS else lambda message: message
        wires = [(message, encoded(fit(message), self.portal)) for message in messages]
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
            self._prepared = False  # the topics may be gone
            await self.close()
            raise

    def forget(self) -> None:
        """Kafka may have been emptied: check the topics again before anything is sent."""
        self._prepared = False

    async def _ready(self) -> AIOKafkaProducer:
        if not self._prepared and (wrong := await self.prepare()):
            raise KafkaError("; ".join(wrong))  # events wait in the journal, and go to no wrong partition
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.servers,
                enable_idempotence=True,
                acks="all",
                request_timeout_ms=int(ANSWER * 1000),
            )
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

    def consumer(self, group: str, *, pause: int = PAUSE) -> AIOKafkaConsumer:
        """A consumer that begins at the first message. Offsets are committed by hand. `pause`: in milliseconds."""
        return AIOKafkaConsumer(
            bootstrap_servers=self.servers,
            group_id=f"{self.namespace}.{group}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            session_timeout_ms=10_000,
            fetch_max_wait_ms=500,
            retry_backoff_ms=pause,
            metadata_max_age_ms=int(LOOK * 1000),
        )

    async def prepare(self) -> list[str]:
        """Make the topics that are missing. Returns in words what is wrong with the topics; empty if nothing is."""
        async with self._admin() as admin:
            there = set(await admin.list_topics())
            if missing := [name for name in TOPICS if self.topic(name) not in there]:
                await self._make(admin, missing)
            wrong = await self._wrong(admin)
            self._prepared = not wrong
            return wrong

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()

    async def _make(self, admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
        copies = min(3, len((await admin.describe_cluster())["brokers"]))
        new = [NewTopic(self.topic(n), TOPICS[n].partitions, copies, topic_configs=wanted(copies)) for n in names]
        answer = await admin.create_topics(new)
        for topic, code, *_ in answer.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise KafkaError(f"Kafka would not make the topic {topic} (error {code})")

    async def _described(self, admin: AIOKafkaAdminClient) -> list[dict[str, Any]]:
        """Our topics. This waits, as a new topic is shown without partitions for a moment."""
        async with asyncio.timeout(ANSWER):
            while True:
                found: list[dict[str, Any]] = await admin.describe_topics([self.topic(name) for name in TOPICS])
                if all(topic["partitions"] for topic in found):
                    return found
                await asyncio.sleep(0.05)

    async def _wrong(self, admin: AIOKafkaAdminClient) -> list[str]:
        found, copies = [], {}
        for described in await self._described(admin):
            name, partitions = described["topic"], described["partitions"]
            count = TOPICS[name.removeprefix(f"{self.namespace}.")].partitions
            copies[name] = min(len(partition["replicas"]) for partition in partitions)
            if len(partitions) != count:
                found.append(f"the topic {name} has {len(partitions)} partitions instead of {count}")
        asked = [ConfigResource(ConfigResourceType.TOPIC, self.topic(n), dict.fromkeys(wanted(1))) for n in TOPICS]
        for answer in await admin.describe_configs(asked):
            for *_, name, settings in answer.resources:
                found += unfit(name, copies[name], {setting[0]: setting[1] for setting in settings})
        return found

    def place(self, topic: str, partition: int) -> str:
        """The name of a partition, `topic/partition`, without the namespace."""
        return f"{topic.removeprefix(self.topic(''))}/{partition}"

    async def handled(self, group: str, sources: Iterable[str]) -> dict[str, int]:
        """The offset that a group has committed in each partition of these services, by `place`."""
        async with self._asking(group) as consumer:
            found = {part: await consumer.committed(part) or 0 for part in self._parts(sources)}
        return {self.place(part.topic, part.partition): offset for part, offset in found.items()}

    async def ends(self, sources: Iterable[str]) -> dict[str, int]:
        """The offset where each partition of these services ends now, by `place`."""
        async with self._asking("ends") as consumer:
            found = await consumer.end_offsets(self._parts(sources))
        return {self.place(part.topic, part.partition): offset for part, offset in found.items()}

    async def lag(self, group: str, sources: Iterable[str]) -> int:
        """Messages of these services that the group has not yet handled, over all partitions and replicas.

        The ends are asked for last, as they only grow.
        """
        parts = self._parts(sources)
        async with self._asking(group) as consumer:
            done = [await consumer.committed(part) or 0 for part in parts]
            ends = await consumer.end_offsets(parts)
            return sum(unread(handled, ends[part]) for part, handled in zip(parts, done, strict=True))

    def _parts(self, sources: Iterable[str]) -> list[TopicPartition]:
        return [TopicPartition(self.topic(s), p) for s in sources for p in range(TOPICS[s].partitions)]

    @asynccontextmanager
    async def _asking(self, group: str) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer for questions. It never subscribes, and so is no member of the group."""
        consumer = self.consumer(group, pause=PAUSE // 10)  # one comes before its first answer about each topic
        try:
            await consumer.start()
            yield consumer
        finally:
            await consumer.stop()
