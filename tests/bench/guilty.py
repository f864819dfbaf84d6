"""Good messages while others fail beside them, against the same run without those."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import ClassVar

from deploy.local.stack import Servers
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.contracts.publishing import ItemPublished
from services.kernel.domain.decision import Cause, Copied
from services.kernel.domain.event import Message
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import queue
from services.kernel.stream.bus import Bus, Wire
from services.kernel.stream.consumer import Copy, Hearing
from services.kernel.stream.delivery import Outcome
from services.kernel.stream.listener import Listener
from services.kernel.stream.retry import Retry
from tests.bench.lives import item, message
from tests.bench.rebuilding import emptied
from tests.bench.table import Row

GOOD, BROKEN, TOO_LARGE = 10_000, 497, 3
LARGE = "过大"
ROUNDS = 4  # of each kind in turn; the best counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Copied):
    """Of an item. The one with the title `LARGE` is larger than a document can be."""

    KIND: ClassVar[str] = "item"

    title: str
    body: str


def published(_: Page | None, event: ItemPublished) -> Page:
    return Page(id=event.item_id, title=event.title, body="x" * 17_000_000 if event.title == LARGE else event.body)


class Timed(Listener):
    """Knows when it heard the first message, and when so many good ones were handled."""

    began, handled = 0.0, 0

    async def hear(self, records: Sequence[Wire]) -> None:
        self.began = self.began or perf_counter()
        await super().hear(records)

    def report(self, outcomes: Sequence[Outcome]) -> None:
        super().report(outcomes)
        self.handled += sum(outcome.word == "handled" for outcome in outcomes)

    async def seconds(self) -> float:
        while self.handled < GOOD:
            await asyncio.sleep(0.01)
        return perf_counter() - self.began


async def measure(servers: Servers) -> Row:
    good, mixed = [one(n) for n in range(GOOD)], with_guilty()
    alone, beside = Bus(servers.kafka_address, "alone"), Bus(servers.kafka_address, "beside")
    for bus, messages in ((alone, good), (beside, mixed)):
        await bus.prepare()
        await bus.send(messages)
    rounds = [[await heard(servers, bus, f"round{n}") for bus in (alone, beside)] for n in range(ROUNDS)]
    ceiling, ours = (GOOD / min(each) for each in zip(*rounds, strict=True))
    await alone.close()
    await beside.close()
    what = f"{GOOD:,} good messages among {BROKEN} that break their schema and {TOO_LARGE} too large to write"
    return Row.at_least(what, ours, ceiling, "good ones/s", "the same run without the guilty", 0.8)


def one(n: int, **fields: object) -> Message:
    return message(EXAMPLES["item.published"].model_copy(update=item(n) | fields), 1)


def with_guilty() -> list[Message]:
    """Evenly spread, each of an item of its own."""
    broken = [replace(one(GOOD + n), value=b'{"item_id": 7}') for n in range(BROKEN)]
    large = [one(GOOD + BROKEN + n, title=LARGE) for n in range(TOO_LARGE)]
    places: list[tuple[float, int, Message]] = []
    for messages in ([one(n) for n in range(GOOD)], broken, large):
        places += [((n + 0.5) / len(messages), len(places) + n, each) for n, each in enumerate(messages)]
    return [each for *_, each in sorted(places, key=lambda place: place[:2])]


async def heard(servers: Servers, bus: Bus, group: str) -> float:
    """Seconds until the good ones are handled, by what runs in a program: one hears, one tries again."""
    db = await emptied(servers, f"bench_{bus.namespace}")
    await queue.make_indexes(db)
    pages: Copy[Page] = Copy(Page)
    pages.on(ItemPublished)(published)
    hearing = Hearing(sources=["publishing"], handlers=[pages])
    listener = Timed(group, hearing, Transactor(db, Cause(who="bench", request="-")), bus)
    working = [asyncio.create_task(part()) for part in (listener.run, Retry(listener).run)]
    try:
        return await listener.seconds()
    finally:
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        await db.client.drop_database(db.name)
        db.client.close()
