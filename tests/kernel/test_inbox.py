"""Each message handled once and in order, whatever the order and number of arrivals."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from deploy.local.stack import Servers
from services.kernel.contracts.columns import (
    ColumnRefused,
    ColumnRetired,
)
from services.kernel.domain.decision import Cause, Copied
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Database, MongoReader, connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import people
from services.kernel.stream.consumer import Copy, Handler, Recorder
from services.kernel.stream.listener import Listener
from services.kernel.stream.queue import PlaceState
from tests.kernel.queues import listening, names
from tests.support.hearing import heard
from tests.support.sample import AT, knowing, message, spoken

pytestmark = pytest.mark.servers

CAUSE = Cause(who="tester", request="request-1")


@pytest.fixture
def listener(transact: Transactor) -> Listener:
    return listening(transact, knowing())


async def test_a_message_heard_three_times_is_handled_once(db: Database, listener: Listener) -> None:
    for _ in range(3):
        await heard(listener, spoken("finance", 3))

    assert await names(db, "finance") == ("名1", "名2", "名3")


async def test_a_message_before_its_turn_waits_and_is_handled_when_those_before_it_came(
    db: Database, listener: Listener
) -> None:
    first, second, third = spoken("finance", 3)

    await heard(listener, [third])
    await heard(listener, [second])
    assert await names(db, "finance") == ()
    assert await db["waiting"].count_documents({}) == 2
    await heard(listener, [first])

    assert await names(db, "finance") == ("名1", "名2", "名3")
    assert await db["waiting"].count_documents({}) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_and_repetition_ends_in_the_same_copy(servers: Servers, data: st.DataObject) -> None:
    db = connect(servers.mongo_url, "t_any_order")
    for collection in ("department", "waiting", "drops"):
        await db[collection].delete_many({})
    listener = listening(Transactor(db, CAUSE), knowing())
    all_of_them = spoken("finance", 5) + spoken("water", 4)
    shuffled = data.draw(st.permutations(all_of_them + data.draw(st.lists(st.sampled_from(all_of_them), max_size=6))))
    cuts = data.draw(st.integers(1, 6))

    for start in range(0, len(shuffled), cuts):
        await heard(listener, shuffled[start : start + cuts])

    assert await names(db, "finance") == ("名1", "名2", "名3", "名4", "名5")
    assert await names(db, "water") == ("名1", "名2", "名3", "名4")
    assert await db["waiting"].count_documents({}) == 0
    db.client.close()


async def test_a_type_nobody_here_knows_is_passed_and_those_after_it_are_handled(
    db: Database, listener: Listener
) -> None:
    new = replace(message("finance", 2, "名2"), type="department.painted", value=b'{"colour": "red"}')

    await heard(listener, [message("finance", 1, "名1"), new, message("finance", 3, "名3")])

    assert await names(db, "finance") == ("名1", "名3")


async def test_a_guard_says_which_message_came_last_and_when(db: Database, listener: Listener) -> None:
    await heard(listener, spoken("finance", 2))

    stored = await db["department"].find_one({"_id": "finance"})
    assert stored is not None
    assert (stored["sequence"], stored["event"]) == (2, "finance-2")
    assert stored["heard_at"] > AT


async def test_another_message_under_a_sequence_that_was_handled_is_reported_and_changes_nothing(
    db: Database, listener: Listener
) -> None:
    await heard(listener, spoken("finance", 2))

    with capture_logs() as said:
        await heard(listener, [replace(message("finance", 2, "假"), id="forged")])

    assert await names(db, "finance") == ("名1", "名2")
    assert [line["id"] for line in said if line["event"] == "message.contradicts"] == ["forged"]


async def test_every_event_is_recorded_once_with_a_gapless_position(db: Database, transact: Transactor) -> None:
    listener = listening(transact, Recorder())
    batches = [spoken("finance", 4)[2:], spoken("water", 3), spoken("finance", 4)[:2], spoken("finance", 4)]

    await asyncio.gather(*(heard(listener, batch) for batch in batches))

    facts = await db["fact"].find().sort("position", 1).to_list(None)
    assert [fact["position"] for fact in facts] == [1, 2, 3, 4, 5, 6, 7]
    assert {(fact["subject"], fact["sequence"]) for fact in facts} == {
        ("department/finance", n) for n in range(1, 5)
    } | {("department/water", n) for n in range(1, 4)}
    assert facts[0]["value"] in {m.value for m in spoken("finance", 4) + spoken("water", 3)}


async def test_what_a_projection_touched_is_in_its_transaction(db: Database, listener: Listener) -> None:
    await heard(listener, [*spoken("finance", 1), *spoken("water", 1)])

    [drop] = await db["drops"].find().to_list(None)
    assert drop["keys"] == ["department:finance", "department:water"]
    assert drop["at"] is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Copied):
    KIND: ClassVar[str] = "column"

    reason: str
    hidden: bool


def showing() -> Copy[Shown]:
    """A fold that remembers nothing of what hides."""
    made = Copy(Shown)
    made.on(ColumnRefused)(lambda _, event: Shown(id=event.column_id, reason=event.reason, hidden=False))
    made.on(ColumnRetired)(lambda _, event: Shown(id=event.column_id, reason=event.reason, hidden=True))
    return made


def of_column(sequence: int, event: ColumnRefused | ColumnRetired) -> Message:
    return Message(
        id=f"a-{sequence}", type=event.TYPE, source="columns", subject=event.subject, sequence=sequence, time=AT,
        correlation="test", trace=None, value=event.model_dump_json().encode(),
    )  # fmt: skip


SHOWN = ColumnRefused(at=AT, column_id="a", path="a", tree_version=1, reason="早")
HIDDEN = ColumnRetired(at=AT, column_id="a", path="a", tree_version=9, successor_id="b", reason="合并")


async def test_what_hides_is_shown_at_once_and_stays_so_whatever_comes_late(db: Database, transact: Transactor) -> None:
    listener = listening(transact, showing())

    async def state() -> Shown | None:
        return await MongoReader(db).look(Shown, "a")

    await heard(listener, [of_column(4, HIDDEN)])
    assert await state() == Shown(id="a", reason="合并", hidden=True)
    for sequence in (2, 1, 3):
        await heard(listener, [of_column(sequence, SHOWN)])
        assert await state() == Shown(id="a", reason="合并", hidden=True)

    assert await db["waiting"].count_documents({}) == 0


async def test_what_hides_and_cannot_be_folded_makes_nothing_before_it_guilty(
    db: Database, transact: Transactor
) -> None:
    spoilt = replace(of_column(3, HIDDEN), value=b"{")
    listener = listening(transact, showing())

    await heard(listener, [spoilt, of_column(1, SHOWN), of_column(2, SHOWN)])

    assert (await MongoReader(db).known(Shown, "a")).reason == "早"
    [place] = await people.places(listener)
    assert (place.sequence, place.state) == (3, PlaceState.FAILING)


async def test_kinds_nobody_listens_to_leave_no_record(db: Database, listener: Listener) -> None:
    await heard(listener, [replace(message("finance", 1, "名1"), subject="letter/1", type="letter.received")])

    assert await db["heard"].count_documents({}) == 0
    assert await db["waiting"].count_documents({}) == 0


@pytest.mark.parametrize("handler", [Recorder, knowing], ids=["effect", "copy"])
async def test_a_message_that_waits_is_not_overlooked_by_who_handles_those_before_it_meanwhile(
    db: Database, transact: Transactor, handler: Callable[[], Handler]
) -> None:
    """As after a change of partitions, or while the queue is worked off."""
    listeners = [listening(transact, handler()) for _ in range(4)]
    codes = [f"d{n}" for n in range(12)]

    for code in codes:
        await asyncio.gather(*(heard(each, [said]) for each, said in zip(listeners, spoken(code, 4), strict=True)))

    assert await db["waiting"].count_documents({}) == 0
