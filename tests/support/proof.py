"""What must hold after any fault: nothing lost, nothing done twice, nothing else there."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from uuid import uuid4

from services.kernel.contracts import TOPICS
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Document, connect
from services.kernel.stream.bus import Bus, Partition, Unreadable, Wire, decode, unread
from tests.support.programs import Suite
from tests.support.waiting import until

FORGED, NOBODY = "forged", "nobody-"  # the correlation and the ids of what a test forged
SPEAKERS = ("columns", "publishing", "mailbox", "scoring")


def told(running: Suite, *speakers: str) -> list[Message]:
    """Every message on the topics of these speakers, as often as it was sent, but for what a test forged and what
    followed from that.
    """
    found = []
    for record in asyncio.run(topic(running, *speakers)):
        with suppress(Unreadable):
            found.append(decode(record, running.namespace))
    return [message for message in found if message.correlation != FORGED]


async def topic(running: Suite, *speakers: str) -> list[Wire]:
    """The records as Kafka has them now."""
    bus = Bus(running.servers.kafka_address, running.namespace)
    consumer = bus.consumer(f"proof-{uuid4().hex}")
    await consumer.start()
    parts = [Partition(bus.topic(s), p) for s in speakers or SPEAKERS for p in range(TOPICS[s].partitions)]
    consumer.assign(parts)
    ends = await consumer.end_offsets(parts)
    found: list[Wire] = []
    for part in parts:
        while await consumer.position(part) < ends[part]:
            try:
                found += (await consumer.getmany(part, timeout_ms=1000, max_records=1)).get(part, [])
            except UnicodeDecodeError:  # a forged one that the client cannot take apart
                consumer.seek(part, await consumer.position(part) + 1)
    await consumer.stop()
    return found


def in_order(messages: list[Message]) -> None:
    """Each aggregate's sequences were sent 1, 2, 3 …; what was sent again was never ahead of its turn."""
    highest: dict[str, int] = defaultdict(int)
    for message in messages:
        assert message.sequence <= highest[message.subject] + 1, f"{message.subject}#{message.sequence} came too early"
        highest[message.subject] = max(highest[message.subject], message.sequence)


def documents(running: Suite, service: str, collection: str, where: Document | None = None) -> list[Document]:
    """What a program has stored."""

    async def read() -> list[Document]:
        db = connect(running.servers.mongo_url, f"{running.namespace}_{service}")
        found: list[Document] = await db[collection].find(where or {}).to_list(None)
        db.client.close()
        return found

    return asyncio.run(read())


def journal(running: Suite, service: str) -> list[Document]:
    """The records of what was told."""
    return documents(running, service, "journal", {"sequence": {"$exists": True}})


def unsent(running: Suite, service: str) -> list[Document]:
    """The records that Kafka does not have yet."""
    return documents(running, service, "journal", {"unsent": True})


def everything_was_sent(running: Suite, service: str, *, ordered: bool = True) -> None:
    """Every told record of the journal is on the topic, in order, and nothing else is. Not `ordered`: it was emptied,
    and what was told before came after what was told meanwhile.
    """
    until(lambda: not unsent(running, service), seconds=90)
    messages = told(running, service)
    if ordered:
        in_order(messages)
    said = {(r["subject"], r["sequence"]) for r in journal(running, service) if r["request"] != FORGED}
    differing = {(m.subject, m.sequence) for m in messages} ^ said
    assert not differing, differing


def caught_up(running: Suite, reader: str) -> bool:
    """Every message there is was read, whatever became of it. `AssertionError` names the partitions that are behind."""

    async def ask() -> tuple[dict[str, int], dict[str, int]]:
        bus = Bus(running.servers.kafka_address, running.namespace)
        return await bus.handled(reader, SPEAKERS), await bus.ends(SPEAKERS)

    handled, ends = asyncio.run(ask())
    behind = {place: f"{handled[place]} of {end}" for place, end in ends.items() if unread(handled[place], end)}
    assert not behind, f"{reader} has handled {behind}"
    return True


def shown_exactly(running: Suite, titles: list[str]) -> None:
    """The column shows each accepted title once, and no other."""
    gateway = running.client("gateway")

    def shown() -> bool:
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = gateway.get("/api/v1/columns/news", params={"cursor": cursor} if cursor else {})
            if page.status_code != 200:
                return False
            items = page.json()["items"]
            found += [line["title"] for line in items["items"]]
            cursor = items["next"]
            if cursor is None:
                return sorted(found) == sorted(titles)

    until(shown, seconds=90)
