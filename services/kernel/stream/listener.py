"""A program's ear: reads its topics in batches, retries what is not the message's fault, sets aside what is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import httpx

from services.kernel.contracts import DEAD_LETTERS
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Away, Cause
from services.kernel.domain.event import Message
from services.kernel.storage.transaction import Busy, Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream.bus import BUS_ERRORS, Bus, Consumer, Partition, Unreadable, Wire, decode
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.inbox import hear_all, set_aside
from services.kernel.telemetry import CONSUMER_LAG, HANDLED, WAITING, log
from services.kernel.telemetry import DEAD_LETTERS as DEAD

BATCH, ATTEMPTS = 200, 5
FIRST_BACKOFF, LONGEST_BACKOFF = 0.25, 30.0  # seconds
NOTED = 1.0  # seconds after which Kafka is told at the latest how far we are; what it does not know is passed again
LULL, IDLE = 50, 500  # milliseconds without a message until that is told, and between two looks at what is paused
NOT_ITS_FAULT = (Away, Busy, httpx.TransportError, TimeoutError, *BUS_ERRORS)

Fetch = Callable[[str, ClaimCheck], Awaitable[None]]
"""Bring content named by an event of a source here; raises `httpx.TransportError` while its owner is away."""


async def nothing_to_fetch(_source: str, _check: ClaimCheck) -> None:
    """For programs whose copies name no content."""


class Listener:
    """One member of a program's consumer group."""

    def __init__(
        self, group: str, hearing: Hearing, transact: Transactor, bus: Bus, *, fetch: Fetch = nothing_to_fetch
    ) -> None:
        self.group, self.hearing, self.bus, self.fetch = group, hearing, bus, fetch
        self.transact = transact.because(Cause(who=group, request="-"))
        self.wrong: list[str] = []  # about the topics as they are: nothing can be heard before that is mended
        self.away = "has not been reached yet"  # what keeps Kafka from being heard just now; empty: nothing
        self._resume: dict[Partition, float] = {}
        self._backoff: dict[Partition, float] = {}
        self._done: dict[Partition, int] = {}  # the offset to go on from, where Kafka has not been told yet

    async def run(self) -> None:
        """For ever; Kafka may come and go."""
        backoff = FIRST_BACKOFF
        while True:
            try:
                self.wrong = await self.bus.prepare()
                self.away = ""
                if not self.wrong:
                    backoff = FIRST_BACKOFF
                    await self._listen()
                log.error("listener.topics_wrong", wrong=self.wrong)
            except (Away, *BUS_ERRORS) as error:
                self.away = f"{type(error).__name__}: {error}"
                log.warning("listener.waits", error=self.away, seconds=backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def _listen(self) -> None:
        if not self.hearing.sources:  # it speaks only; the topics it speaks on are there now
            await asyncio.Event().wait()
        consumer = self.bus.consumer(self.group)
        consumer.subscribe([self.bus.topic(source) for source in self.hearing.sources])
        await consumer.start()
        try:
            noted = 0.0
            while True:
                self._resume_those_due(consumer)
                batches = await consumer.getmany(timeout_ms=LULL if self._done else IDLE, max_records=BATCH)
                await self._round(consumer, batches)
                time = asyncio.get_running_loop().time()
                if (self._done and not batches) or time - noted > NOTED:
                    await self._note(consumer)
                    noted = time
        finally:
            self._resume.clear()
            self._done.clear()
            await consumer.stop()

    def _resume_those_due(self, consumer: Consumer) -> None:
        time = asyncio.get_running_loop().time()
        due = [part for part, moment in self._resume.items() if moment <= time]
        for part in due:
            del self._resume[part]
        consumer.resume(*[part for part in due if part in consumer.assignment()])

    async def _round(self, consumer: Consumer, batches: Mapping[Partition, Sequence[Wire]]) -> None:
        """All partitions together; where that fails each alone, so that none waits for what another lacks."""
        try:
            if len(batches) > 1:
                await self._handle(batches)
                return
        except NOT_ITS_FAULT as error:
            log.info("listener.one_by_one", error=type(error).__name__)
        for part, records in batches.items():
            await self._partition(consumer, part, records)

    async def _handle(self, batches: Mapping[Partition, Sequence[Wire]]) -> None:
        await self.hear([await self.decoded(record) for records in batches.values() for record in records])
        for part, records in batches.items():
            self._backoff.pop(part, None)
            self._done[part] = records[-1].offset + 1

    async def _partition(self, consumer: Consumer, part: Partition, records: Sequence[Wire]) -> None:
        try:
            await self._handle({part: records})
        except NOT_ITS_FAULT as error:
            seconds = self._backoff.get(part, FIRST_BACKOFF)
            self._backoff[part] = min(seconds * 2, LONGEST_BACKOFF)
            self._resume[part] = asyncio.get_running_loop().time() + seconds
            log.warning(
                "listener.paused", partition=str(part), error=f"{type(error).__name__}: {error}", seconds=seconds
            )
            if part in consumer.assignment():
                consumer.pause(part)
                consumer.seek(part, records[0].offset)

    async def decoded(self, record: Wire) -> Message | None:
        """The message, or None for one that is none of ours: kept in the queue, copied to the dead letters."""
        try:
            return decode(record, self.bus.namespace)
        except Unreadable as error:
            subject = f"unreadable/{record.topic}-{record.partition}-{record.offset}"
            foreign = Message(
                id=uuid4().hex, type="unreadable", source="unknown", subject=subject, sequence=1,
                time=self._time(record), correlation="-", trace=None, value=record.value or b"",
            )  # fmt: skip
            await self._set_aside(foreign, str(error))
            return None

    @staticmethod
    def _time(record: Wire) -> datetime:
        return datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC)

    async def hear(self, messages: Sequence[Message | None]) -> None:
        """One transaction for all; where that fails, one each, so that only the guilty is set aside.

        Raises what is not a message's fault: nothing of the failing transaction was done then.
        """
        ours = [m for m in messages if m and self.hearing.guard(m.kind)]
        HANDLED.labels(type="any", outcome="passed").inc(len(messages) - len(ours))
        if not ours:
            return
        try:
            await self._together(ours)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:
            if len(ours) > 1:
                for message in ours:
                    await self.hear([message])
            else:
                await self._again(ours[0], error)

    async def _together(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if check := self.hearing.fetch(message):
                await self.fetch(message.source, check)

        async def act(unit: MongoUnit) -> list[tuple[str, str]]:
            return await hear_all(unit, self.hearing, messages)

        for type_, outcome in await self.transact.named("hear", act):
            HANDLED.labels(type=type_, outcome=outcome).inc()

    async def _again(self, message: Message, error: Exception) -> None:
        for attempt in range(1, ATTEMPTS):
            await asyncio.sleep(0.05 * 2**attempt)
            try:
                return await self._together([message])
            except NOT_ITS_FAULT:
                raise
            except Exception as again:
                error = again
        await self._set_aside(message, f"{type(error).__name__}: {error}")

    async def _set_aside(self, message: Message, error: str) -> None:
        async def act(unit: MongoUnit) -> None:
            unit.write("waiting", set_aside(message, error=error))

        await self.transact.named("set_aside", act)
        await self.bus.send([replace(message, correlation=f"{self.group}: {error}"[:500])], topic=DEAD_LETTERS)
        DEAD.labels(type=message.type).inc()
        HANDLED.labels(type=message.type, outcome="failed").inc()
        log.error(
            "message.set_aside", type=message.type, subject=message.subject, sequence=message.sequence, error=error
        )

    async def _note(self, consumer: Consumer) -> None:
        """Tell Kafka and Prometheus how far we are. Of a part that is no longer ours somebody else finds it done."""
        ours = consumer.assignment()
        if done := {part: offset for part, offset in self._done.items() if part in ours}:
            await consumer.commit(done)
        self._done.clear()
        WAITING.set(await self.waiting())
        for part in ours:
            end = consumer.highwater(part)
            if end is not None:
                lag = end - await consumer.position(part)
                CONSUMER_LAG.labels(topic=part.topic, partition=part.partition).set(lag)

    async def caught_up(self) -> bool:
        """Whether the whole group has handled all there is, over all replicas, and nothing waits."""
        return not await self.waiting() and not await self.behind()

    async def waiting(self) -> int:
        """Messages in the queue, for those before them or for people."""
        return await self.transact.db["waiting"].count_documents({})

    async def behind(self) -> int:
        """Messages that the group has not heard yet."""
        return await self.bus.lag(self.group, self.hearing.sources)
