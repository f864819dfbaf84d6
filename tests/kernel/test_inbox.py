"""Each message handled once and in order, whatever the order and number of arrivals."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Servers
from services.kernel.contracts.columns import ColumnRetired, DepartmentChanged, DepartmentEvent, DepartmentRegistered
from services.kernel.domain.decision import Cause, Copied, Unit
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Database, MongoReader, connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import inbox
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Copy, Heard, Hearing
from services.kernel.stream.listener import Listener
from tests.support.sample import AT, Bureau, Known, found, message

pytestmark = pytest.mark.servers
BAD = "名字会出错"


CAUSE = Cause(who="tester", request="request-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Copied):
    KIND: ClassVar[str] = "column"

    hidden: bool = False


class Deaf(Bus):
    """A bus that only notes what is sent to the dead letters."""

    def __init__(self) -> None:
        super().__init__("nowhere:1", "deaf")
        self.dead: list[Message] = []

    async def send(self, messages: Sequence[Message], *, topic: str | None = None) -> None:
        assert topic == "dead-letters"
        self.dead.extend(messages)


def knowing() -> Copy[Known]:
    known = Copy(Known, touched=lambda _, after: [f"department:{after.id}"] if after else [])

    def renamed(state: Known | None, event: DepartmentEvent) -> Known:
        if event.name == BAD:
            raise ValueError("this name cannot be folded")
        return Known(id=event.code, names=((*state.names, event.name) if state else (event.name,)))

    known.on(DepartmentRegistered)(renamed)
    known.on(DepartmentChanged)(renamed)
    return known


@pytest.fixture
def deaf() -> Deaf:
    return Deaf()


@pytest.fixture
def listener(transact: Transactor, deaf: Deaf) -> Listener:
    return Listener("sample", Hearing(copies=[knowing()]), transact, deaf)


async def names(db: Database, code: str) -> tuple[str, ...]:
    known = await MongoReader(db).look(Known, code)
    return known.names if known else ()


def spoken(code: str, count: int) -> list[Message]:
    return [message(code, n, f"名{n}") for n in range(1, count + 1)]


async def test_a_message_heard_three_times_is_handled_once(db: Database, listener: Listener) -> None:
    for _ in range(3):
        await listener.hear(spoken("finance", 3))

    assert await names(db, "finance") == ("名1", "名2", "名3")


async def test_a_message_before_its_turn_waits_and_is_handled_when_those_before_it_came(
    db: Database, listener: Listener
) -> None:
    first, second, third = spoken("finance", 3)

    await listener.hear([third])
    await listener.hear([second])
    assert await names(db, "finance") == ()
    assert await db["waiting"].count_documents({}) == 2
    await listener.hear([first])

    assert await names(db, "finance") == ("名1", "名2", "名3")
    assert await db["waiting"].count_documents({}) == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_order_and_repetition_ends_in_the_same_copy(servers: Servers, data: st.DataObject) -> None:
    db = connect(servers.mongo_url, "t_any_order")
    for collection in ("department", "waiting", "drops"):
        await db[collection].delete_many({})
    listener = Listener("sample", Hearing(copies=[knowing()]), Transactor(db, CAUSE), Deaf())
    all_of_them = spoken("finance", 5) + spoken("water", 4)
    shuffled = data.draw(st.permutations(all_of_them + data.draw(st.lists(st.sampled_from(all_of_them), max_size=6))))
    cuts = data.draw(st.integers(1, 6))

    for start in range(0, len(shuffled), cuts):
        await listener.hear(shuffled[start : start + cuts])

    assert await names(db, "finance") == tuple(f"名{n}" for n in range(1, 6))
    assert await names(db, "water") == tuple(f"名{n}" for n in range(1, 5))
    assert await db["waiting"].count_documents({}) == 0
    db.client.close()


async def test_only_the_guilty_is_set_aside_its_aggregate_waits_and_all_others_go_on(
    db: Database, listener: Listener, deaf: Deaf
) -> None:
    guilty = message("finance", 2, BAD)
    batch = [
        *spoken("water", 2),
        message("finance", 1, "名1"),
        guilty,
        message("finance", 3, "名3"),
        *spoken("police", 1),
    ]

    await listener.hear(batch)

    assert await names(db, "finance") == ("名1",)
    assert await names(db, "water") == ("名1", "名2")
    assert await names(db, "police") == ("名1",)
    [failed] = await db["waiting"].find({"error": {"$ne": None}}).to_list(None)
    assert failed["_id"] == "department/finance#2"
    assert "this name cannot be folded" in failed["error"]
    assert [(m.subject, m.sequence) for m in deaf.dead] == [("department/finance", 2)]


async def test_replay_works_the_queue_off_in_order_once_the_cause_is_mended(
    db: Database, transact: Transactor, listener: Listener
) -> None:
    await listener.hear([message("finance", 1, "名1"), message("finance", 2, BAD), message("finance", 3, "名3")])
    mended = Copy(Known)
    mended.on(DepartmentChanged)(
        lambda state, event: Known(id=event.code, names=(*(state.names if state else ()), event.name))
    )

    with pytest.raises(ValueError, match="cannot be folded"):
        await transact(inbox.replay, listener.hearing, "department/finance")
    done = await transact(inbox.replay, Hearing(copies=[mended]), "department/finance")

    assert done == 2
    assert await names(db, "finance") == ("名1", BAD, "名3")
    assert await db["waiting"].count_documents({}) == 0


async def test_discard_passes_the_failed_one_and_handles_those_behind_it(
    db: Database, transact: Transactor, listener: Listener
) -> None:
    await listener.hear([message("finance", 1, "名1"), message("finance", 2, BAD), message("finance", 3, "名3")])

    assert await transact(inbox.discard, listener.hearing, "department/finance") == 2
    assert await transact(inbox.discard, listener.hearing, "department/finance") is None

    assert await names(db, "finance") == ("名1", "名3")


async def test_an_unreadable_value_blocks_its_own_aggregate_only(db: Database, listener: Listener) -> None:
    broken = replace(message("finance", 1, "名1"), value=b'{"code": ')

    await listener.hear([broken, *spoken("water", 1)])

    assert await names(db, "water") == ("名1",)
    assert await db["waiting"].count_documents({"_id": "department/finance#1", "error": {"$ne": None}}) == 1


async def test_a_type_nobody_here_knows_is_passed_and_those_after_it_are_handled(
    db: Database, listener: Listener
) -> None:
    new = replace(message("finance", 2, "名2"), type="department.painted", value=b'{"colour": "red"}')

    await listener.hear([message("finance", 1, "名1"), new, message("finance", 3, "名3")])

    assert await names(db, "finance") == ("名1", "名3")


async def test_kinds_nobody_listens_to_leave_no_record(db: Database, listener: Listener) -> None:
    await listener.hear([replace(message("finance", 1, "名1"), subject="letter/1", type="letter.received")])

    assert await db["heard"].count_documents({}) == 0
    assert await db["waiting"].count_documents({}) == 0


async def test_an_effect_and_the_guard_are_one_transaction(db: Database, transact: Transactor, deaf: Deaf) -> None:
    heard = Heard()

    @heard.on(DepartmentRegistered)
    async def open_one(unit: Unit, event: DepartmentRegistered) -> None:
        unit.save(found(f"own-{event.code}", name=event.name))

    listener = Listener("sample", Hearing(heard=heard), transact, deaf)
    await asyncio.gather(*(listener.hear(spoken("finance", 2)) for _ in range(3)))

    assert await db["department"].count_documents({}) == 1
    assert await db["journal"].count_documents({}) == 1
    record = await db["journal"].find_one({})
    assert record is not None
    assert (record["who"], record["request"]) == ("columns", "test")
    assert await MongoReader(db).look(Bureau, "own-finance") is not None


async def test_every_event_is_recorded_once_with_a_gapless_position(
    db: Database, transact: Transactor, deaf: Deaf
) -> None:
    listener = Listener("sample", Hearing(record=True), transact, deaf)
    batches = [spoken("finance", 4)[2:], spoken("water", 3), spoken("finance", 4)[:2], spoken("finance", 4)]

    await asyncio.gather(*(listener.hear(batch) for batch in batches))

    facts = await db["fact"].find().sort("position", 1).to_list(None)
    assert [fact["position"] for fact in facts] == [1, 2, 3, 4, 5, 6, 7]
    assert {(fact["subject"], fact["sequence"]) for fact in facts} == {
        ("department/finance", n) for n in range(1, 5)
    } | {("department/water", n) for n in range(1, 4)}
    assert facts[0]["value"] in {m.value for m in spoken("finance", 4) + spoken("water", 3)}


async def test_what_a_projection_touched_is_in_its_transaction(db: Database, listener: Listener) -> None:
    await listener.hear([*spoken("finance", 1), *spoken("water", 1)])

    [drop] = await db["drops"].find().to_list(None)
    assert drop["keys"] == ["department:finance", "department:water"]
    assert drop["at"] is not None


async def test_what_hides_is_shown_at_once_even_while_earlier_events_wait(
    db: Database, transact: Transactor, deaf: Deaf
) -> None:
    shown = Copy(Shown)
    shown.on(ColumnRetired)(lambda state, event: Shown(id=event.column_id, hidden=True))
    listener = Listener("sample", Hearing(copies=[shown]), transact, deaf)
    event = ColumnRetired(at=AT, column_id="a", path="a", tree_version=9, successor_id="b", reason="合并")
    late = replace(message("x", 2, "x"), type=event.TYPE, subject=event.subject, value=event.model_dump_json().encode())

    await listener.hear([late])

    state = await MongoReader(db).look(Shown, "a")
    assert state is not None
    assert state.hidden
    assert await db["waiting"].count_documents({}) == 1
