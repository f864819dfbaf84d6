"""Topics as Kafka has them, and taken from it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient

from services.kernel.contracts import TOPICS
from services.kernel.stream.bus import Bus
from tests.support.waiting import eventually


@asynccontextmanager
async def admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    made = AIOKafkaAdminClient(bootstrap_servers=servers)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def topics(bus: Bus) -> set[str]:
    """The names of all topics that are there now."""
    async with admin(bus.servers) as there:
        return set(await there.list_topics())


async def delete(bus: Bus, names: Iterable[str]) -> None:
    """Take topics from Kafka. They are gone when this returns."""
    gone = {bus.topic(name) for name in names}
    async with admin(bus.servers) as there:
        await there.delete_topics(sorted(gone))

        async def is_done() -> bool:
            return not gone & set(await there.list_topics())

        await eventually(is_done)


async def forget(bus: Bus) -> None:
    """Take all its topics from Kafka, soon: whoever asks Kafka for no topic in particular is told of every one."""
    async with admin(bus.servers) as there:
        await there.delete_topics([bus.topic(name) for name in TOPICS])


async def shared_out(bus: Bus, group: str) -> list[bytes]:
    """What each member of a group reads, as Kafka has it encoded; none while they share the partitions out anew."""
    async with admin(bus.servers) as there:
        [answer] = await there.describe_consumer_groups([f"{bus.namespace}.{group}"])
        [(_, _, state, _, _, members, *_)] = answer.groups
        return [member[4] for member in members] if state == "Stable" else []
