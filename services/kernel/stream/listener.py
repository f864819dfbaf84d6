"""Reads a program's topics in batches. Waits where a message is not at fault, and sets it aside where it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Away, Cause
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Document, asking
from services.kernel.storage.transaction import Copies, Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream import generation as generations
from services.kernel.stream.bus import BUS_ERRORS, Bus, Consumer, Partition, Taken, Unreadable, Wire, decode
from services.kernel.stream.consumer import Handler, Hearing
from services.kernel.stream.delivery import FOREIGN, NOT_ITS_FAULT, Delivery, Outcome, cause, report
from services.kernel.stream.generation import Generation, Noted
from services.kernel.stream.inbox import hear_all, set_aside
from services.kernel.stream.queue import Place
from services.kernel.stream.reading import foreign, one_by_one
from services.kernel.telemetry import HANDLED, log

BATCH = 200
FIRST_BACKOFF, LONGEST_BACKOFF = 0.25, 30.0  # seconds
NOTED = 1.0  # seconds after which Kafka is told at the latest how far we are; what it does not know is passed again
LULL, IDLE = 50, 500  # milliseconds without a message until that is told, and between two looks at what is paused

Fetch = Callable[[str, ClaimCheck], Awaitable[None]]
"""Bring content named by an event of a source here; raises `httpx.TransportError` while its owner is away."""


class Listener:
    """One member of the consumer group of a program's generation.

    `ValueError` where a copy names content and there is nothing to fetch it with.
    """

    def __init__(
        self,
        program: str,
        hearing: Hearing,
        transact: Transactor,
        bus: Bus,
        *,
        generation: Generation | None = None,
        fetch: Fetch | None = None,
    ) -> None:
        if hearing.fetches and fetch is None:
            raise ValueError(f"{program} keeps copies that name content, and has nothing to fetch it with")
        self.program, self.hearing, self.bus, self.fetch = program, hearing, bus, fetch
        self.generation = generation or generations.made(hearing, 1)
        self.group = self.generation.group(program)
        self.transact = transact.because(Cause(who=program, request="-")).on(Copies(self.generation.copies))
        self.wrong: list[str] = []  # about the topics as they are: nothing can be heard before that is mended
        self.away = "has not been reached yet"  # what keeps Kafka from being heard just now; empty: nothing
        self.busy = False  # messages come just now
        self.came = asyncio.Event()  # something was handled: what waited for it may be tried
        self.again = asyncio.Event()  # Kafka is not the one it was: join the group anew
        self._resume: dict[Partition, float] = {}
        self._backoff: dict[Partition, float] = {}
        self._done: dict[Partition, int] = {}  # the offset to go on from, where Kafka has not been told yet

    async def run(self) -> None:
        """Run for ever. Kafka may come and go."""
        backoff = FIRST_BACKOFF
        while True:
            try:
                self.wrong = await self.bus.prepare()
                self.away = ""
                if not self.wrong:
                    await self._note_the_past()
                    backoff = FIRST_BACKOFF
                    await self._listen()
                    continue
                log.error("listener.topics_wrong", wrong=self.wrong)
            except (Away, *BUS_ERRORS) as error:
                self.away = f"{type(error).__name__}: {error}"
                log.warning("listener.waits", error=self.away, seconds=backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def _note_the_past(self) -> None:
        """Note once per generation where the one before it is, and where the log ends."""
        with asking():
            self.generation = await generations.stored(self.transact.db, self.generation)
        if self.generation.noted is not None:
            return
        before, sources = self.generation.before, self.hearing.sources
        handled = await self.bus.handled(generations.group(self.program, before), sources) if before else {}
        noted = Noted(handled=handled, told=await self.bus.ends(sources))
        with asking():
            self.generation = await generations.note(self.transact.db, self.generation, noted)

    async def _listen(self) -> None:
        """Listen until Kafka turns out to be emptied."""
        if not self.hearing.sources:  # it only speaks, and its topics are there now
            await asyncio.Event().wait()
        consumer = self.bus.consumer(self.group)
        consumer.subscribe([self.bus.topic(source) for source in self.hearing.sources], listener=Taken(self._taken))
        await consumer.start()
        self.again.clear()
        try:
            noted = 0.0
            while not self.again.is_set():
                self._resume_those_due(consumer)
                batches = await self._read(consumer)
                self.busy = bool(batches)
                await self._round(consumer, batches)
                time = asyncio.get_running_loop().time()
                if (self._done and not batches) or time - noted > NOTED:
                    await self._note(consumer)
                    noted = time
        finally:
            self.busy = False
            self._resume.clear()
            self._done = {}
            await consumer.stop()

    async def _read(self, consumer: Consumer) -> Mapping[Partition, Sequence[Wire]]:
        """The next batches. If aiokafka cannot parse one, read on record by record from what was handled."""
        try:
            found: Mapping[Partition, Sequence[Wire]] = await consumer.getmany(
                timeout_ms=LULL if self._done else IDLE, max_records=BATCH
            )
            return found
        except UnicodeDecodeError as error:
            log.error("listener.one_by_one", error=str(error))
            await self._note(consumer)
            return await one_by_one(consumer, BATCH)

    def _resume_those_due(self, consumer: Consumer) -> None:
        time = asyncio.get_running_loop().time()
        due = [part for part, moment in self._resume.items() if moment <= time]
        for part in due:
            del self._resume[part]
        consumer.resume(*[part for part in due if part in consumer.assignment()])

    async def _round(self, consumer: Consumer, batches: Mapping[Partition, Sequence[Wire]]) -> None:
        """Handle all partitions together. If that fails, handle each alone, so that none waits for another."""
        try:
            if len(batches) > 1:
                await self._handle(batches)
                return
        except NOT_ITS_FAULT as error:
            log.info("listener.each_alone", error=type(error).__name__)
        for part, records in batches.items():
            await self._partition(consumer, part, records)

    def _taken(self) -> None:
        """The partitions are shared out anew. Others may be further by the time that one of them is ours again, so
        nothing that was handled before is told, nor what is being handled just now.
        """
        self._done = {}

    async def _handle(self, batches: Mapping[Partition, Sequence[Wire]]) -> None:
        done = self._done
        await self.hear([record for records in batches.values() for record in records])
        for part, records in batches.items():
            self._backoff.pop(part, None)
            done[part] = records[-1].offset + 1

    async def _partition(self, consumer: Consumer, part: Partition, records: Sequence[Wire]) -> None:
        try:
            await self._handle({part: records})
        except NOT_ITS_FAULT as error:
            seconds = self._backoff.get(part, FIRST_BACKOFF)
            self._backoff[part] = min(seconds * 2, LONGEST_BACKOFF)
            self._resume[part] = asyncio.get_running_loop().time() + seconds
            why = f"{type(error).__name__}: {error.__cause__ or error}"
            log.warning("listener.paused", partition=str(part), error=why[:500], seconds=seconds)
            if part in consumer.assignment():
                consumer.pause(part)
                consumer.seek(part, records[0].offset)

    async def hear(self, records: Sequence[Wire]) -> None:
        """Handle all in one transaction. If a write can never succeed, halve them until the guilty one is alone.

        Raises errors that are no message's fault. Nothing of the failing transaction was done then.
        """
        deliveries = [delivery for record in records for delivery in await self._deliveries(record)]
        HANDLED.labels(type="any", outcome="passed").inc(max(len(records) - len(deliveries), 0))
        if deliveries:
            await self.deliver(deliveries)

    async def _deliveries(self, record: Wire) -> list[Delivery]:
        """One delivery for each handler that listens. What nobody can read goes to the queue for people."""
        try:
            message = decode(record, self.bus.namespace)
        except Unreadable as error:
            return [Delivery(handler=FOREIGN, message=foreign(record), partition=record.partition, trouble=error)]
        place, kind = self.bus.place(record.topic, record.partition), message.kind
        to = [h for h in self.hearing.of(kind) if self.generation.hears(h, kind, place, record.offset)]
        trouble = await self.trouble(message) if to else None
        return [
            Delivery(
                handler=handler, message=message, partition=record.partition, trouble=trouble,
                past=self.generation.is_past(handler, kind, place, record.offset),
            )
            for handler in to
        ]  # fmt: skip

    def handler(self, place: Place) -> Handler | None:
        """The handler of a place. None if this generation of the program has no such handler."""
        name = place.queue.partition("|")[0]
        collections = self.generation.copies
        return next((h for h in self.hearing.handlers if collections.get(h.name, h.name) == name), None)

    @property
    def mine(self) -> Document:
        """The filter for the places of this generation's handlers."""
        copies = self.generation.copies
        return {"$or": [Place.of(copies.get(h.name, h.name)) for h in self.hearing.handlers] or [{"_id": None}]}

    async def trouble(self, message: Message) -> Exception | None:
        """Fetch the content that a message names. Returns the error if the content or the message is at fault.

        Raises errors that are not the message's fault.
        """
        try:
            for check in self.hearing.checks(message):
                assert self.fetch
                await self.fetch(message.source, check)
        except NOT_ITS_FAULT:
            raise
        except Exception as error:
            return error
        return None

    async def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Like `hear`, for messages that are already read."""

        async def together(unit: MongoUnit) -> list[Outcome]:
            return await hear_all(unit, deliveries)

        async def aside(unit: MongoUnit) -> list[Outcome]:
            return await set_aside(unit, deliveries[0], guilty)

        try:
            return self.report(await self.transact.named("hear", together))
        except NOT_ITS_FAULT:
            raise
        except Exception as error:
            guilty = cause(error)
        if len(deliveries) == 1:
            return self.report(await self.transact.named("set_aside", aside))
        half = len(deliveries) // 2
        await self.deliver(deliveries[:half])
        await self.deliver(deliveries[half:])

    def report(self, outcomes: Sequence[Outcome]) -> None:
        """Count and log what became of messages; what waited for something may be tried."""
        if report(outcomes):
            self.came.set()

    async def _note(self, consumer: Consumer) -> None:
        """Commit the offsets that are handled."""
        done, self._done = self._done, {}
        if done:
            await consumer.commit(done)

    async def caught_up(self) -> bool:
        """Whether the whole group has handled all there is, over all replicas, and nothing waits."""
        return not await self.waiting() and not await self.behind()

    async def waiting(self) -> int:
        """Messages in the queue, for those before them or for people."""
        return await self.transact.db["waiting"].count_documents({})

    async def behind(self) -> int:
        """Messages that the group has not heard yet."""
        return await self.bus.lag(self.group, self.hearing.sources)
