"""What columns says, as it arrives at real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from services.columns import city
from services.kernel.contracts.columns import ColumnEvent, ColumnOpened
from services.kernel.domain.event import Message
from services.kernel.running.city import read
from services.kernel.running.program import Program
from services.kernel.stream.bus import decode

pytestmark = pytest.mark.servers
CITY = city.City.model_validate(read(city.__file__))


@pytest.fixture
async def running(program: Program) -> AsyncIterator[Program]:
    """With everything that works beside the requests, and no other program to make its topic."""
    working = asyncio.create_task(program.work())
    yield program
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working
    await program.bus.close()


async def heard(program: Program, wanted: int) -> list[Message]:
    consumer = program.bus.consumer("tests")
    consumer.subscribe([program.bus.topic("columns")])
    await consumer.start()
    try:
        found: list[Message] = []
        async with asyncio.timeout(30):
            while len(found) < wanted:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [decode(record, program.bus.namespace) for record in records]
        return found
    finally:
        await consumer.stop()


async def test_alone_on_an_empty_kafka_it_tells_the_whole_city_in_the_order_of_the_tree(running: Program) -> None:
    await city.load(running)

    messages = await heard(running, len(CITY.departments) + 2 * len(CITY.columns))

    told = [event for message in messages if isinstance(event := message.event(), ColumnEvent)]
    assert [event.tree_version for event in told] == list(range(1, 2 * len(CITY.columns) + 1))
    assert {event.path for event in told if isinstance(event, ColumnOpened)} == {c.path for c in CITY.columns}
