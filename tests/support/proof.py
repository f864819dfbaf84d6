"""What must hold after any fault: nothing lost, nothing done twice, nothing else there."""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import uuid4

from services.kernel.bus import Bus, Wire, decode
from services.kernel.event import Message
from services.kernel.mongo import connect
from tests.support.programs import Suite
from tests.support.waiting import until

SPEAKERS = ("columns", "publishing", "mailbox", "scoring")


def told(running: Suite, *speakers: str) -> list[Message]:
    """Every message on the topics of these speakers, as often as it was sent."""

    return [decode(record) for record in asyncio.run(topic(running, *speakers)) if record.headers]


async def topic(running: Suite, *speakers: str) -> list[Wire]:
    """The records as Kafka has them."""
    bus = Bus(running.servers.kafka_address, running.namespace)
    consumer = bus.consumer(f"proof-{uuid4().hex}")
    consumer.subscribe([bus.topic(speaker) for speaker in speakers or SPEAKERS])
    await consumer.start()
    found: list[Wire] = []
    while got := await consumer.getmany(timeout_ms=3000):
        found += [record for records in got.values() for record in records]
    await consumer.stop()
    return found


def in_order(messages: list[Message]) -> None:
    """Each aggregate's sequences were sent 1, 2, 3 …; what was sent again was never ahead of its turn."""
    highest: dict[str, int] = defaultdict(int)
    for message in messages:
        assert message.sequence <= highest[message.subject] + 1, f"{message.subject}#{message.sequence} came too early"
        highest[message.subject] = max(highest[message.subject], message.sequence)


def journal(running: Suite, service: str) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        db = connect(running.servers.mongo_url, f"{running.namespace}_{service}")
        found: list[dict[str, Any]] = await db["journal"].find({"sequence": {"$exists": True}}).to_list(None)
        db.client.close()
        return found

    return asyncio.run(read())


def everything_was_sent(running: Suite, service: str) -> None:
    """Every told record of the journal is on the topic, in order, and nothing else is."""
    until(lambda: not [r for r in journal(running, service) if r.get("unsent")], seconds=90)
    messages = told(running, service)
    in_order(messages)
    said = {(r["subject"], r["sequence"]) for r in journal(running, service)}
    assert {(m.subject, m.sequence) for m in messages} == said


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
