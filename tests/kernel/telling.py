"""Facts for a relay to send, and what came of them on the topic."""

from services.kernel.domain.event import Message
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus, Partition, decode
from tests.support.sample import found_bureau, rename_bureau


async def say(transact: Transactor, code: str, times: int) -> None:
    await transact(found_bureau, code)
    for n in range(times - 1):
        await transact(rename_bureau, code, f"名{n}")


async def sequences(bus: Bus, subject: str) -> list[int]:
    return [m.sequence for m in await on_topic(bus) if m.subject == subject]


async def on_topic(bus: Bus) -> list[Message]:
    """All that has been sent to Kafka in the name of columns."""
    consumer = bus.consumer("looks")
    await consumer.start()
    part = Partition(bus.topic("columns"), 0)
    consumer.assign([part])
    [end] = (await consumer.end_offsets([part])).values()
    found: list[Message] = []
    while await consumer.position(part) < end:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            found += [decode(record, bus.namespace) for record in records]
    await consumer.stop()
    return found
