"""From one program's journal through Kafka into another's copy, with everything that can be in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from deploy.local.stack import Servers
from services.kernel.contracts import TOPICS
from services.kernel.contracts.columns import DepartmentChanged, DepartmentEvent, DepartmentRegistered
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Database, MongoReader, connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus, decode, encode
from services.kernel.stream.consumer import Copy, Hearing
from services.kernel.stream.listener import Fetch, Listener
from services.kernel.stream.relay import Relay
from services.kernel.stream.retry import Retry
from tests.support.sample import Known, found_bureau, message, rename_bureau
from tests.support.topics import delete, shared_out
from tests.support.waiting import eventually
from tests.support.wild import send_header_of_no_text

pytestmark = pytest.mark.servers


def renamed(state: Known | None, event: DepartmentEvent) -> Known:
    return Known(id=event.code, names=((*state.names, event.name) if state else (event.name,)))


def hearing(fetch: Callable[[DepartmentEvent], ClaimCheck] | None = None) -> Hearing:
    known = Copy(Known)
    known.on(DepartmentRegistered, fetch=fetch)(renamed)
    known.on(DepartmentChanged, fetch=fetch)(renamed)
    return Hearing(sources=["columns"], handlers=[known])


@pytest.fixture
async def there(servers: Servers, namespace: str) -> AsyncIterator[Database]:
    """The database of the program that listens."""
    made = connect(servers.mongo_url, f"{namespace}_there")
    yield made
    await made.client.drop_database(made.name)
    made.client.close()


@asynccontextmanager
async def listening(
    db: Database, bus: Bus, *, fetch: Fetch | None = None, heard: Hearing | None = None
) -> AsyncIterator[Listener]:
    transact = Transactor(db, Cause(who="there", request="-"))
    listener = Listener("there", heard or hearing(), transact, bus, fetch=fetch)
    running = [asyncio.create_task(part()) for part in (listener.run, Retry(listener).run)]
    try:
        yield listener
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def names(db: Database, code: str) -> tuple[str, ...]:
    known = await MongoReader(db).look(Known, code)
    return known.names if known else ()


async def test_what_is_said_here_is_known_there_in_order(
    transact: Transactor, bus: Bus, there: Database, db: Database
) -> None:
    relaying = asyncio.create_task(Relay(db, bus.send, transact.unsent).run())
    async with listening(there, bus) as listener:
        await transact(found_bureau, "finance", name="名0")
        for n in range(1, 10):
            await transact(rename_bureau, "finance", f"名{n}")

        async def known() -> bool:
            return await names(there, "finance") == tuple(f"名{n}" for n in range(10))

        await eventually(known)
        await eventually(listener.caught_up)
    relaying.cancel()
    await asyncio.wait([relaying])


async def test_an_envelope_survives_the_wire(bus: Bus) -> None:
    sent = message("finance", 3, "名")
    consumer = bus.consumer("reader")
    consumer.subscribe([bus.topic("columns")])
    await consumer.start()
    await bus.send([sent])
    got = await consumer.getone()
    await consumer.stop()

    assert decode(got, bus.namespace) == sent
    assert got.key == b"department/finance"
    assert dict(got.headers)["ce_source"] == b"/services/columns"
    assert dict(got.headers)["ce_specversion"] == b"1.0"
    assert dict(got.headers)["content-type"] == b"application/json"


async def test_a_header_whose_name_is_no_text_is_set_aside_by_its_place_and_loses_nothing_around_it(
    bus: Bus, there: Database
) -> None:
    await bus.send([message("finance", 1, "名1"), message("finance", 2, "名2")])
    await send_header_of_no_text(bus.servers, bus.topic("columns"))
    await bus.send([message("finance", 3, "名3")])
    await send_header_of_no_text(bus.servers, bus.topic("columns"))
    async with listening(there, bus):
        await bus.send([message("finance", 4, "名4")])

        async def known() -> bool:
            return await names(there, "finance") == ("名1", "名2", "名3", "名4")

        await eventually(known)

    places = await there["waiting"].distinct("subject")
    assert [place.rpartition("columns-")[2].rpartition("-")[0] for place in places] == ["0-2", "0-4"]


async def test_what_strangers_write_into_the_topic_stops_nobody(bus: Bus, there: Database, servers: Servers) -> None:
    good = encode(message("finance", 1, "名1"))
    headers = list(good.headers.items())
    of_water = list((good.headers | {"ce_subject": b"department/water"}).items())
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka_address)
    await producer.start()
    topic = bus.topic("columns")
    await producer.send_and_wait(topic, b"hello", b"?")
    await producer.send_and_wait(topic, None, b"?")
    await producer.send_and_wait(topic, b"{}", b"?", headers=[("ce_id", b"\xff\xfe"), ("ce_time", b"soon")])
    await producer.send_and_wait(topic, b"{", b"department/water", headers=of_water)
    await producer.send_and_wait(topic, good.value, b"department/finance", headers=headers)
    await producer.stop()

    async with listening(there, bus):

        async def known() -> bool:
            return await names(there, "finance") == ("名1",)

        await eventually(known)

        async def all_set_aside() -> bool:
            return await there["waiting"].count_documents({"failure": {"$ne": None}}) == 4

        await eventually(all_set_aside)

        async def all_copied() -> bool:
            return await bus.lag("nobody", ["dead-letters"]) == 4

        await eventually(all_copied)


async def test_two_members_share_the_work_and_a_rebalance_loses_and_doubles_nothing(
    there: Database, servers: Servers, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 300
    monkeypatch.setitem(TOPICS, "columns", TOPICS["publishing"])  # with partitions to share
    bus, second = (Bus(servers.kafka_address, f"{namespace}-shared") for _ in range(2))
    async with listening(there, bus):
        await bus.send([message(f"d{n}", 1, "名1") for n in range(count)])
        async with listening(there, second) as joined:  # joins in the middle, and leaves again
            await eventually(lambda: not joined.away)
            await bus.send([message(f"d{n}", 2, "名2") for n in range(count)])
        await bus.send([message(f"d{n}", 3, "名3") for n in range(count)])

        async def complete() -> bool:
            return await there["department"].count_documents({"names": ["名1", "名2", "名3"]}) == count

        await eventually(complete)
    await bus.close()
    await second.close()
    assert await there["waiting"].count_documents({}) == 0


async def test_what_a_member_handled_before_others_had_its_partitions_is_not_told_after_it_has_them_again(
    there: Database, servers: Servers, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 60
    monkeypatch.setitem(TOPICS, "columns", TOPICS["publishing"])  # with partitions to share
    bus, second = (Bus(servers.kafka_address, f"{namespace}-regained") for _ in range(2))
    begun, on = asyncio.Event(), asyncio.Event()

    async def fetch(_: str, __: ClaimCheck) -> None:
        begun.set()
        await on.wait()

    async def shared_by(members: int) -> None:
        async def are_there() -> bool:
            return len(await shared_out(bus, "there")) == members

        await eventually(are_there)

    await bus.send([message(f"d{n}", 1, "名1") for n in range(count)])
    async with listening(there, bus, fetch=fetch, heard=hearing(lambda _: ClaimCheck.of(b"-", "-"))) as slow:
        await begun.wait()
        async with listening(there, second) as other:
            await shared_by(2)
            await bus.send([message(f"d{n}", 2, "名2") for n in range(count)])

            async def all_of_its_own() -> bool:
                handled, ends = await bus.handled(other.group, ["columns"]), await bus.ends(["columns"])
                return sum(0 < handled[place] == end for place, end in ends.items()) >= 2

            await eventually(all_of_its_own)
        await shared_by(1)
        on.set()
        await eventually(slow.caught_up)
    await bus.close()
    await second.close()


async def test_a_topic_that_was_gone_while_others_stood_is_heard_again_though_nobody_says_that_it_is_back(
    bus: Bus, there: Database
) -> None:
    several = Hearing(sources=["columns", "mailbox"], handlers=hearing().handlers)
    await bus.send([message("finance", 1, "名1")])
    async with listening(there, bus, heard=several):

        async def known(*said: str) -> bool:
            return await names(there, "finance") == said

        async def is_left_out() -> bool:
            [assigned] = await shared_out(bus, "there") or [b".columns"]
            return b".columns" not in assigned

        await eventually(lambda: known("名1"))
        await delete(bus, ["columns"])
        await eventually(is_left_out)
        bus.forget()
        await bus.send([message("finance", 2, "名2")])

        await eventually(lambda: known("名1", "名2"))


async def test_while_an_owner_of_content_is_away_the_partition_waits_and_then_goes_on(
    bus: Bus, there: Database
) -> None:
    asked: list[str] = []

    async def fetch(source: str, check: ClaimCheck) -> None:
        asked.append(f"{source} {check.sha256}")
        if len(asked) < 3:
            raise httpx.ConnectError("nobody there")

    check = ClaimCheck.of(b"text", "text/plain")
    await bus.send([message("finance", 1, "名1")])
    async with listening(there, bus, fetch=fetch, heard=hearing(lambda _: check)):

        async def known() -> bool:
            return await names(there, "finance") == ("名1",)

        await eventually(known)

    assert asked == [f"columns {check.sha256}"] * 3
    assert await there["waiting"].count_documents({}) == 0


async def test_topics_of_another_shape_are_named(bus: Bus, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOPICS, "columns", type(TOPICS["columns"])(partitions=2))

    assert await Bus(servers.kafka_address, bus.namespace).prepare() == [
        f"the topic {bus.topic('columns')} has 1 partitions instead of 2"
    ]


async def test_a_topic_of_another_shape_is_neither_heard_nor_spoken_on(
    bus: Bus, there: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TOPICS, "columns", type(TOPICS["columns"])(partitions=2))
    late = Bus(bus.servers, bus.namespace)

    with pytest.raises(KafkaError, match="1 partitions instead of 2"):
        await late.send([message("finance", 1, "名")])
    async with listening(there, late) as listener:
        await eventually(lambda: listener.wrong and not listener.away)


async def test_without_kafka_a_listener_says_what_is_wrong_and_keeps_trying(there: Database) -> None:
    async with listening(there, Bus("127.0.0.1:1", "nowhere")) as listener:
        await eventually(lambda: "KafkaConnectionError" in listener.away)


def test_a_message_is_sent_as_it_was_written() -> None:
    said: Message = message("finance", 1, "名1")

    assert encode(said).value == said.value
