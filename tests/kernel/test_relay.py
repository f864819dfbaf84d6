"""What was said is sent: all of it, in order per aggregate, by one sender."""

import asyncio
from collections.abc import Sequence

import pytest
from bson import ObjectId

from services.kernel.domain.event import Message
from services.kernel.storage import journal
from services.kernel.storage.lease import hold, let_go
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.relay import Relay, send_once
from tests.support.sample import found_bureau, rename_bureau
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


class Wire:
    """Stands where the bus stands; `broken` makes it refuse."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.broken = False

    async def __call__(self, messages: Sequence[Message]) -> None:
        if self.broken:
            raise OSError("Kafka is away")
        self.sent.extend(messages)

    def sequences(self, subject: str) -> list[int]:
        return [m.sequence for m in self.sent if m.subject == subject]


@pytest.fixture
def wire() -> Wire:
    return Wire()


async def say(transact: Transactor, code: str, times: int) -> None:
    await transact(found_bureau, code)
    for n in range(times - 1):
        await transact(rename_bureau, code, f"名{n}")


async def test_what_was_said_is_sent_once_and_in_order(db: Database, transact: Transactor, wire: Wire) -> None:
    await say(transact, "finance", 3)
    await say(transact, "water", 2)

    assert await send_once(db, wire) == 5
    assert await send_once(db, wire) == 0

    assert wire.sequences("department/finance") == [1, 2, 3]
    assert wire.sequences("department/water") == [1, 2]
    assert wire.sent[0].source == "columns"


async def test_what_could_not_be_sent_stays_unsent(db: Database, transact: Transactor, wire: Wire) -> None:
    await say(transact, "finance", 2)
    wire.broken = True
    with pytest.raises(OSError, match="away"):
        await send_once(db, wire)

    wire.broken = False
    assert await send_once(db, wire) == 2
    assert wire.sequences("department/finance") == [1, 2]


async def test_an_aggregate_whose_earlier_fact_is_not_in_hand_waits_a_round(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    await say(transact, "finance", 3)
    records = await db["journal"].find().sort("sequence", 1).to_list(None)
    for record, place in zip(records, ("2", "0", "1"), strict=True):  # the first to be said is found last
        await db["journal"].delete_one({"_id": record["_id"]})
        await db["journal"].insert_one(record | {"_id": ObjectId(place * 24)})

    while await send_once(db, wire, limit=2):
        pass

    assert wire.sequences("department/finance") == [1, 2, 3]


async def test_records_marked_again_are_sent_again_and_never_out_of_order(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    await say(transact, "finance", 4)
    await send_once(db, wire)
    await db["journal"].update_many(journal.span(subject="department/finance"), {"$set": {"unsent": True}})
    await transact(rename_bureau, "finance", "新名")

    while await send_once(db, wire, limit=3):
        pass

    assert wire.sequences("department/finance") == [1, 2, 3, 4, 1, 2, 3, 4, 5]


async def test_what_aggregates_count_together_is_sent_by_that_count_whoever_wrote_it(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    for code in ("finance", "water", "health"):
        await say(transact, code, 1)
    places = {"finance": "2", "water": "0", "health": "1"}  # of three replicas in the same second, by chance
    for order, (code, place) in enumerate(places.items(), start=7):
        [record] = await db["journal"].find({"subject": f"department/{code}"}).to_list(None)
        await db["journal"].delete_one({"_id": record["_id"]})
        await db["journal"].insert_one(record | {"_id": ObjectId(place * 24), "order": order})

    while await send_once(db, wire, limit=2):
        pass

    assert [m.subject for m in wire.sent] == ["department/finance", "department/water", "department/health"]


async def test_one_replica_at_a_time_holds_the_lease(db: Database) -> None:
    takers = [hold(db, "relay", seconds=30, holder=f"replica-{n}") for n in range(8)]

    assert sorted(await asyncio.gather(*takers)) == [False] * 7 + [True]


async def test_the_lease_falls_to_another_when_it_ran_out_or_was_let_go(db: Database) -> None:
    assert await hold(db, "relay", seconds=30, holder="a")
    assert not await hold(db, "relay", seconds=30, holder="b")
    await let_go(db, "relay", holder="a")
    assert await hold(db, "relay", seconds=0, holder="b")
    await eventually(lambda: hold(db, "relay", seconds=30, holder="c"))


async def test_a_relay_sends_what_another_process_says_without_waiting_for_its_poll(
    db: Database, transact: Transactor, wire: Wire
) -> None:
    relay = Relay(db, wire, asyncio.Event())  # its own event: nobody in this process wakes it
    running = asyncio.create_task(relay.run())
    await say(transact, "finance", 1)
    await eventually(lambda: wire.sequences("department/finance") == [1])
    await say(transact, "water", 1)
    await eventually(lambda: wire.sequences("department/water") == [1])
    running.cancel()
    await asyncio.wait([running])

    assert await hold(db, "relay", seconds=1, holder="successor")


async def test_a_relay_goes_on_after_kafka_was_away(db: Database, transact: Transactor, wire: Wire) -> None:
    wire.broken = True
    running = asyncio.create_task(Relay(db, wire, transact.told).run())
    await say(transact, "finance", 2)
    wire.broken = False
    await eventually(lambda: wire.sequences("department/finance") == [1, 2])
    running.cancel()
    await asyncio.wait([running])
