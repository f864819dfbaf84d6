"""Measures what waits, on its own schedule: the numbers are true in every replica, whatever other parts do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial

import pymongo

from services.kernel.contracts import TOPICS
from services.kernel.domain.clock import host
from services.kernel.domain.decision import Away
from services.kernel.storage.mongo import Collection, Database, asking, clock_difference
from services.kernel.stream.bus import BUS_ERRORS, Bus, Consumer, Partition, unread
from services.kernel.telemetry import (
    CLOCK_DIFFERENCE,
    CONSUMER_LAG,
    MEASURED_AGE,
    RELAY_LAG,
    UNSENT,
    WAITING,
    WAITING_AGE,
    Waits,
    log,
)

EVERY, PATIENCE = 2.0, 5.0  # seconds between two measurings, and until an answer
LATE = 10.0  # seconds until an unsent fact is late
MOST = 100_000  # records are counted up to here


def age(moment: datetime | None) -> float:
    """Seconds since a moment; 0 for None."""
    return max((host() - moment).total_seconds(), 0.0) if moment else 0.0


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


class Measure:
    """Measures for one program. Ages are computed when asked for, so that they grow while nothing can be measured.

    `emptied` is called when topics are gone that were there before, or that hold less than before.
    """

    def __init__(
        self,
        db: Database,
        bus: Bus,
        *,
        journal: Collection,
        group: str,
        sources: Iterable[str],
        emptied: Callable[[], None],
    ) -> None:
        self.db, self.bus, self.journal, self.group, self.emptied = db, bus, journal, group, emptied
        self.parts = [Partition(bus.topic(s), p) for s in sources for p in range(TOPICS[s].partitions)]
        self.unsent, self.waiting = 0, 0
        self.unsent_since: datetime | None = None
        self.waiting_since: datetime | None = None
        self.mongodb = Waits("measure.mongodb", Away)
        self.kafka = Waits("measure.kafka", TimeoutError, *BUS_ERRORS)
        self._begun = host()
        self._measured: dict[str, datetime] = {}  # when each server last answered
        self._consumer: Consumer | None = None
        self._asked = group  # the group that the consumer asks for
        self._there: set[str] = set()  # our topics that were there
        self._ends: dict[Partition, int] = {}
        self._short: set[Partition] = set()  # partitions that end before what was handled
        self._show()

    def turn_to(self, db: Database, group: str) -> None:
        """Measure another database and group from now on."""
        self.db, self.group = db, group

    def _show(self) -> None:
        for what in ("mongodb", "kafka"):
            MEASURED_AGE.labels(what=what).set_function(partial(self.measured_age, what))
        RELAY_LAG.set_function(lambda: age(self.unsent_since))
        WAITING_AGE.set_function(lambda: age(self.waiting_since))
        for part in self.parts:
            CONSUMER_LAG.labels(topic=part.topic, partition=part.partition)

    def measured_age(self, what: str) -> float:
        return age(self._measured.get(what, self._begun))

    def late(self) -> dict[str, str]:
        """What the program waits for and since when, in words."""
        found = {}
        if self.kafka.since:
            found["kafka"] = f"does not answer since {stamp(self.kafka.since)}: {self.kafka.reason}"
        elif "kafka" not in self._measured:
            found["kafka"] = f"has not answered since {stamp(self._begun)}"
        if self.unsent_since and age(self.unsent_since) > LATE:
            found["relay"] = f"unsent since {stamp(self.unsent_since)}"
        return found

    async def run(self) -> None:
        """Runs for ever. Each server has its own pace, so that neither holds up the other."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._again(self.measure_mongodb))
                group.create_task(self._again(self.measure_kafka))
        finally:
            await self.stop()

    async def _again(self, measure: Callable[[], Awaitable[None]]) -> None:
        while True:
            await measure()
            await asyncio.sleep(EVERY)

    async def measure_mongodb(self) -> None:
        asked = host()
        try:
            with asking(), pymongo.timeout(PATIENCE):
                await self._count()
        except Away as error:
            self.mongodb.again(error, since=asked)
        else:
            self.mongodb.over()
            self._measured["mongodb"] = host()

    async def _count(self) -> None:
        journal, waiting = self.journal, self.db["waiting"]
        unsent = {"unsent": True}
        count = await journal.count_documents(unsent, limit=MOST)
        record = await journal.find_one(unsent, {"written": 1}, sort=[("written", 1)])
        places = await waiting.count_documents({}, limit=MOST)
        place = await waiting.find_one({}, {"since": 1}, sort=[("since", 1)])
        # what was sent between the two questions is not unsent any more
        self.unsent, self.unsent_since = (count, record["written"]) if record else (0, None)
        self.waiting, self.waiting_since = (places, place["since"]) if place else (0, None)
        CLOCK_DIFFERENCE.set(await clock_difference(self.db))
        UNSENT.set(self.unsent)
        WAITING.set(self.waiting)

    async def measure_kafka(self) -> None:
        asked = host()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._compare(await self._connected())
        except TimeoutError:
            self.kafka.again(TimeoutError(f"no answer within {PATIENCE:g} s"), since=asked)
            await self.stop()
        except BUS_ERRORS as error:
            self.kafka.again(error, since=asked)
            await self.stop()
        else:
            self.kafka.over()
            self._measured["kafka"] = host()

    async def _compare(self, consumer: Consumer) -> None:
        """Compare what the group has handled with the ends. The ends are asked for afterwards, as they only grow."""
        there = await consumer.topics() & {self.bus.topic(name) for name in TOPICS}
        gone, self._there = self._there - there, there
        parts = [part for part in self.parts if part.topic in there]
        handled = dict(zip(parts, await asyncio.gather(*map(consumer.committed, parts)), strict=True))
        ends = await consumer.end_offsets(parts) if parts else {}
        for part in parts:
            lag = unread(handled[part] or 0, ends[part])
            CONSUMER_LAG.labels(topic=part.topic, partition=part.partition).set(lag)
        short = {part for part in parts if ends[part] < max(handled[part] or 0, self._ends.get(part, 0))}
        fresh, self._short, self._ends = short - self._short, short, ends
        if gone or fresh:
            log.error("kafka.emptied", gone=sorted(gone), short=sorted(map(str, fresh)))
            self.emptied()

    async def _connected(self) -> Consumer:
        """The consumer that asks. It never subscribes, and so is no member of the group."""
        if self._asked != self.group:
            await self.stop()
        if self._consumer is None:
            self._asked = self.group
            consumer = self.bus.consumer(self.group)
            try:
                await consumer.start()
            except BaseException:
                await self._end(consumer)
                raise
            self._consumer = consumer
        return self._consumer

    async def stop(self) -> None:
        """Close the consumer. The next measuring opens one again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await self._end(consumer)

    async def _end(self, consumer: Consumer) -> None:
        stopping = asyncio.ensure_future(consumer.stop())
        await asyncio.wait([stopping], timeout=PATIENCE)
        stopping.cancel()


async def make_journal_index(db: Database) -> None:
    unsent = {"unsent": True}
    await db["journal"].create_index(
        [("unsent", 1), ("written", 1)], name="oldest_unsent", partialFilterExpression=unsent
    )


async def make_indexes(db: Database) -> None:
    await db["waiting"].create_index([("since", 1)])
