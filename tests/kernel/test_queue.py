"""What fails is set aside alone, tried again, and left for people, who replay, discard or pass it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from services.kernel.contracts.columns import (
    DepartmentChanged,
    DepartmentEvent,
    DepartmentRegistered,
)
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Copied, Refused, Unit, Unknown
from services.kernel.storage.mongo import Database, MongoReader
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import people
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Copy, Effects, Handler, Hearing
from services.kernel.stream.listener import Listener
from services.kernel.stream.queue import Failure, Place, PlaceState, safe
from services.kernel.stream.retry import Retry
from tests.support.hearing import heard, tried_out
from tests.support.sample import BAD, Bureau, Known, found, knowing, message, spoken

pytestmark = pytest.mark.servers


def listening(transact: Transactor, *handlers: Handler, bus: Bus | None = None) -> Listener:
    return Listener("sample", Hearing(handlers=handlers), transact, bus or Bus("127.0.0.1:1", "nowhere"))


@pytest.fixture
def listener(transact: Transactor) -> Listener:
    return listening(transact, knowing())


async def names(db: Database, code: str) -> tuple[str, ...]:
    known = await MongoReader(db).look(Known, code)
    return known.names if known else ()


async def places(db: Database) -> dict[str, PlaceState]:
    found = await MongoReader(db).find(Place, {}, sort="_id", limit=0)
    return {place.id.partition("|")[2]: place.state for place in found}


async def test_only_the_guilty_is_set_aside_its_aggregate_waits_and_all_others_go_on(
    db: Database, listener: Listener
) -> None:
    guilty = message("finance", 2, BAD)
    rest = [message("finance", 1, "名1"), guilty, message("finance", 3, "名3"), *spoken("police", 1)]

    await heard(listener, [*spoken("water", 2), *rest])

    assert await names(db, "finance") == ("名1",)
    assert await names(db, "water") == ("名1", "名2")
    assert await names(db, "police") == ("名1",)
    assert await places(db) == {
        "department/finance#2": PlaceState.FAILING,
        "department/finance#3": PlaceState.WAITING,
    }
    [failed] = await people.places(listener, "department/finance#2")
    assert failed.failure is not None
    assert failed.failure.error == "ValueError: this name cannot be folded"
    assert failed.failure.where.endswith("renamed")


async def test_a_guilty_one_is_tried_five_times_and_then_left_for_people(db: Database, listener: Listener) -> None:
    with capture_logs() as said:
        await heard(listener, [message("finance", 1, BAD)])
        await tried_out(listener)

    assert await places(db) == {"department/finance#1": PlaceState.FAILED}
    assert [line["times"] for line in said if line["event"] == "message.failed"] == [5]
    assert [line["times"] for line in said if line["event"] == "message.failing"] == [1, 2, 3, 4]


async def test_what_is_mended_before_the_last_try_goes_on_by_itself(
    db: Database, transact: Transactor, listener: Listener
) -> None:
    await heard(listener, [message("finance", 1, BAD), message("finance", 2, "名2")])

    await tried_out(listening(transact, mended()))

    assert await names(db, "finance") == (BAD, "名2")
    assert await places(db) == {}


def mended() -> Copy[Known]:
    made = Copy(Known)

    @made.on(DepartmentRegistered, DepartmentChanged)
    def named(state: Known | None, event: DepartmentEvent) -> Known:
        return Known(id=event.code, names=(*(state.names if state else ()), event.name))

    return made


TWO_GUILTY = [message("finance", 1, "名1"), message("finance", 2, BAD), message("finance", 3, BAD), *spoken("a", 1)]
TWO_GUILTY += [message("finance", 4, "名4")]


async def test_two_that_fail_one_after_the_other_are_worked_off_one_by_one(
    db: Database, transact: Transactor, listener: Listener
) -> None:
    await heard(listener, TWO_GUILTY)

    assert await people.replay(listener, "department/finance") == 0
    assert [p.id for p in await people.discard(listener, "department/finance")] == ["department|department/finance#2"]
    await tried_out(listener)
    assert await names(db, "finance") == ("名1",)
    assert [p.sequence for p in await people.discard(listener, "department/finance")] == [3]
    await tried_out(listener)

    assert await names(db, "finance") == ("名1", "名4")
    assert await places(db) == {}
    passed = await db["passed"].find().sort("sequence", 1).to_list(None)
    assert [(each["subject"], each["sequence"]) for each in passed] == [
        ("department/finance", 2), ("department/finance", 3),
    ]  # fmt: skip


async def test_replay_keeps_what_succeeded_and_stops_at_what_fails_again(
    db: Database, transact: Transactor, listener: Listener
) -> None:
    await heard(listener, TWO_GUILTY)
    half = Copy(Known)

    @half.on(DepartmentRegistered, DepartmentChanged)
    def only_once(state: Known | None, event: DepartmentEvent) -> Known:
        names = state.names if state else ()
        if event.name == BAD and BAD in names:
            raise ValueError("once is enough")
        return Known(id=event.code, names=(*names, event.name))

    assert await people.replay(listening(transact, half), "department/finance") == 1

    assert await names(db, "finance") == ("名1", BAD)
    assert await places(db) == {
        "department/finance#3": PlaceState.FAILING,
        "department/finance#4": PlaceState.WAITING,
    }


async def test_a_guilty_one_that_comes_too_early_does_not_make_those_before_it_guilty(
    db: Database, listener: Listener
) -> None:
    await heard(listener, [message("finance", 3, BAD)])
    await heard(listener, [message("finance", 1, "名1"), message("finance", 2, "名2")])

    assert await names(db, "finance") == ("名1", "名2")
    assert await places(db) == {"department/finance#3": PlaceState.FAILING}


async def test_failures_are_listed_in_groups_and_a_group_is_replayed_as_one(
    db: Database, transact: Transactor, listener: Listener
) -> None:
    await heard(listener, [message("finance", 1, BAD), message("water", 1, BAD), message("police", 2, "名2")])
    listed = people.grouped(await people.places(listener))

    assert [len(group.places) for group in listed if group.name != "waiting"] == [2]
    [bad] = [group for group in listed if group.name != "waiting"]
    assert "2 failing" in bad.line
    assert "this name cannot be folded" in bad.line
    assert await people.replay(listening(transact, mended()), bad.name) == 2
    assert await names(db, "water") == (BAD,)


async def test_people_can_go_on_behind_messages_that_never_came_and_it_is_recorded(
    db: Database, listener: Listener
) -> None:
    await heard(listener, [message("finance", 1, "名1"), message("finance", 4, "名4")])
    assert await people.discard(listener, "department/finance") == []
    assert await people.replay(listener, "department/finance") == 0

    [(place, given_up)] = await people.pass_gap(listener, "department/finance", reason="lost with the old broker")
    await tried_out(listener)

    assert (place.sequence, given_up) == (4, 2)
    assert await names(db, "finance") == ("名1", "名4")
    passed = await db["passed"].find().sort("sequence", 1).to_list(None)
    assert [(each["sequence"], each["reason"]) for each in passed] == [
        (2, "lost with the old broker"), (3, "lost with the old broker"),
    ]  # fmt: skip


async def test_what_failed_before_a_gap_is_no_part_of_it(db: Database, listener: Listener) -> None:
    await heard(listener, [message("finance", 1, BAD), message("finance", 4, "名4")])

    assert await people.pass_gap(listener, "department/finance#4") == []
    assert await people.pass_gap(listener, "waiting") == []
    assert await places(db) == {
        "department/finance#1": PlaceState.FAILING,
        "department/finance#4": PlaceState.WAITING,
    }


async def test_all_that_only_waits_is_a_group_of_its_own(db: Database, listener: Listener) -> None:
    await heard(listener, [message("finance", 2, "名2"), message("water", 3, "名3"), message("police", 1, BAD)])

    passed = await people.pass_gap(listener, people.ONLY_WAIT)

    assert sorted((place.subject, count) for place, count in passed) == [
        ("department/finance", 1), ("department/water", 2),
    ]  # fmt: skip


async def test_what_needs_something_not_known_yet_waits_for_it_without_guilt(
    db: Database, transact: Transactor
) -> None:
    opening = Effects("opening")

    @opening.on(DepartmentRegistered)
    async def below(unit: Unit, event: DepartmentRegistered) -> None:
        if event.code != "above" and await unit.look(Bureau, "own-above") is None:
            raise Unknown("unknown_yet", "above is not known here.")
        unit.save(found(f"own-{event.code}"))

    listener = listening(transact, opening)
    await heard(listener, spoken("finance", 1))
    [place] = await people.places(listener, "department/finance")
    assert (place.state, place.attempts) == (PlaceState.UNKNOWN, 0)
    retry = Retry(listener)
    for _ in range(7):
        await retry.once()
    await heard(listener, spoken("above", 1))
    assert await retry.once() == 1

    assert await MongoReader(db).look(Bureau, "own-finance") is not None
    assert await places(db) == {}


async def test_an_effect_that_fails_takes_back_only_what_it_saved_itself(db: Database, transact: Transactor) -> None:
    opening = Effects("opening")

    @opening.on(DepartmentRegistered)
    async def open_one(unit: Unit, event: DepartmentRegistered) -> None:
        unit.save(found(f"own-{event.code}"))
        if event.name == BAD:
            raise Refused("department.bad", "No.")

    await heard(listening(transact, opening), [*spoken("a", 1), message("b", 1, BAD), *spoken("c", 1)])

    assert {d["_id"] for d in await db["department"].find().to_list(None)} == {"own-a", "own-c"}
    assert {r["subject"] for r in await db["journal"].find().to_list(None)} == {"department/own-a", "department/own-c"}


async def test_the_same_holds_where_a_question_had_its_saves_written(db: Database, transact: Transactor) -> None:
    opening = Effects("opening")

    @opening.on(DepartmentRegistered)
    async def open_one(unit: Unit, event: DepartmentRegistered) -> None:
        unit.save(found(f"own-{event.code}"))
        await unit.count(Bureau, {})
        if event.name == BAD:
            raise Refused("department.bad", "No.")

    batch = [*spoken("a", 1), message("b", 1, BAD), *spoken("c", 1), *spoken("d", 1)]
    await heard(listening(transact, opening), batch)

    assert {d["_id"] for d in await db["department"].find().to_list(None)} == {"own-a", "own-c", "own-d"}
    assert await places(db) == {"department/b#1": PlaceState.FAILING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Copied):
    """A copy that holds what MongoDB may not."""

    KIND: ClassVar[str] = "department"

    value: object


@pytest.mark.parametrize(
    "value",
    [lambda: "大" * 6_000_000, lambda: 2**64, lambda: {"$bad": {"": 1}, 3: 4}, lambda: b"x" * 17_000_000],
    ids=["too large", "a number beyond 64 bits", "keys that are no names", "bytes beyond a document"],
)
async def test_what_can_never_be_written_is_the_message_s_fault_and_holds_up_nobody(
    db: Database, transact: Transactor, value: Callable[[], object]
) -> None:
    holding = Copy(Held)

    @holding.on(DepartmentRegistered)
    def held(_: Held | None, event: DepartmentEvent) -> Held:
        return Held(id=event.code, value=value() if event.name == BAD else 1)

    listener = listening(transact, holding)
    await heard(listener, [*spoken("a", 1), message("b", 1, BAD), *spoken("c", 1)])

    assert {d["_id"] for d in await db["department"].find().to_list(None)} == {"a", "c"}
    assert await places(db) == {"department/b#1": PlaceState.FAILING}


async def test_an_unreadable_value_blocks_its_own_aggregate_only(db: Database, listener: Listener) -> None:
    broken = replace(message("finance", 1, "名1"), value=b'{"code": ')

    await heard(listener, [broken, *spoken("water", 1)])

    assert await names(db, "water") == ("名1",)
    assert await places(db) == {"department/finance#1": PlaceState.FAILING}


async def test_content_is_fetched_before_a_replay_and_what_is_wrong_with_it_is_the_message_s_fault(
    db: Database, transact: Transactor
) -> None:
    fetched: list[str] = []
    wrong = [True]

    async def fetch(_: str, check: ClaimCheck) -> None:
        fetched.append(check.sha256)
        if wrong[0]:
            raise ValueError("the owner gave something else")

    copy = Copy(Known)
    copy.on(DepartmentRegistered, fetch=lambda e: ClaimCheck.of(e.name.encode(), "text/plain"))(
        lambda _, event: Known(id=event.code, names=(event.name,))
    )
    bus = Bus("127.0.0.1:1", "nowhere")
    listener = Listener("sample", Hearing(handlers=[copy]), transact, bus, fetch=fetch)
    await heard(listener, spoken("finance", 1))
    assert await names(db, "finance") == ()
    wrong[0] = False
    tries = len(fetched)

    assert await people.replay(listener, "department/finance") == 1

    assert len(fetched) == tries + 1
    assert await names(db, "finance") == ("名1",)


@pytest.mark.parametrize("text", ["坏\ud800的", "a\x00b", "行\n行", "长" * 5_000])
def test_an_error_s_text_is_fit_to_be_stored_and_shown(text: str) -> None:
    said = Failure.of(ValueError(text)).error

    said.encode()
    assert said.isprintable()
    assert len(said) <= 1_000
    assert safe("名1 ok") == "名1 ok"


@pytest.fixture
async def on_kafka(transact: Transactor, bus: Bus) -> Listener:
    return listening(transact, knowing(), bus=bus)


async def test_what_is_left_for_people_is_copied_to_the_dead_letters_however_long_kafka_was_away(
    db: Database, listener: Listener, on_kafka: Listener
) -> None:
    await heard(listener, [message("finance", 1, BAD)])
    await tried_out(listener)
    consumer = on_kafka.bus.consumer("reader")
    consumer.subscribe([on_kafka.bus.topic("dead-letters")])
    await consumer.start()

    for _ in range(2):
        await Retry(on_kafka).copy_dead_letters()

    got = [record for records in (await consumer.getmany(timeout_ms=5_000)).values() for record in records]
    got += [record for records in (await consumer.getmany(timeout_ms=500)).values() for record in records]
    await consumer.stop()
    assert [record.key for record in got] == [b"department/finance"]
    assert b"this name cannot be folded" in dict(got[0].headers)["ce_correlationid"]
