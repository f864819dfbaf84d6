"""What fails is set aside alone, tried again, and left for people."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from services.kernel.contracts.columns import (
    DepartmentEvent,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Copied, Refused, Unit, Unknown
from services.kernel.storage.mongo import Database, MongoReader
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import people
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Copy, Effects
from services.kernel.stream.listener import Listener
from services.kernel.stream.queue import Failure, PlaceState, safe
from services.kernel.stream.retry import Retry
from tests.kernel.queues import listening, mended, names, places
from tests.support.hearing import LONG_AGO, heard, tried_out
from tests.support.refusals import refusal
from tests.support.sample import BAD, Bureau, found, knowing, message, spoken

pytestmark = pytest.mark.servers


@pytest.fixture
def listener(transact: Transactor) -> Listener:
    return listening(transact, knowing())


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


async def test_a_guilty_one_that_comes_too_early_does_not_make_those_before_it_guilty(
    db: Database, listener: Listener
) -> None:
    await heard(listener, [message("finance", 3, BAD)])
    await heard(listener, [message("finance", 1, "名1"), message("finance", 2, "名2")])

    assert await names(db, "finance") == ("名1", "名2")
    assert await places(db) == {"department/finance#3": PlaceState.FAILING}


async def test_what_needs_something_not_known_yet_waits_for_it_without_guilt(
    db: Database, transact: Transactor
) -> None:
    opening = Effects("opening")

    @opening.on(DepartmentRegistered)
    async def below(unit: Unit, event: DepartmentRegistered, _: datetime) -> None:
        if event.code != "above" and await unit.look(Bureau, "own-above") is None:
            raise refusal(Unknown, "unknown_yet", "above is not known here.")
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
    async def open_one(unit: Unit, event: DepartmentRegistered, _: datetime) -> None:
        unit.save(found(f"own-{event.code}"))
        if event.name == BAD:
            raise refusal(Refused, "department.bad", "No.")

    await heard(listening(transact, opening), [*spoken("a", 1), message("b", 1, BAD), *spoken("c", 1)])

    assert {d["_id"] for d in await db["department"].find().to_list(None)} == {"own-a", "own-c"}
    assert {r["subject"] for r in await db["journal"].find().to_list(None)} == {"department/own-a", "department/own-c"}


async def test_the_same_holds_where_a_question_had_its_saves_written(db: Database, transact: Transactor) -> None:
    opening = Effects("opening")

    @opening.on(DepartmentRegistered)
    async def open_one(unit: Unit, event: DepartmentRegistered, _: datetime) -> None:
        unit.save(found(f"own-{event.code}"))
        await unit.count(Bureau, {})
        if event.name == BAD:
            raise refusal(Refused, "department.bad", "No.")

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


async def test_what_is_written_beside_one_that_never_can_be_is_written_at_the_first_try(
    db: Database, transact: Transactor
) -> None:
    seen: list[str] = []
    holding = Copy(Held)

    @holding.on(DepartmentRegistered)
    def held(_: Held | None, event: DepartmentEvent) -> Held:
        seen.append(event.code)
        return Held(id=event.code, value=2**64 if event.name == BAD else 1)

    await heard(listening(transact, holding), [*spoken("a", 1), message("b", 1, BAD), *spoken("c", 1)])

    assert seen == ["a", "b", "c"]
    assert await places(db) == {"department/b#1": PlaceState.FAILING}


async def test_an_effect_that_saved_what_can_never_be_written_fails_alone(db: Database, transact: Transactor) -> None:
    effects, ran = Effects("founding"), []

    @effects.on(DepartmentRegistered)
    async def found_too(unit: Unit, event: DepartmentRegistered, _: datetime) -> None:
        ran.append(event.code)
        told = found(event.code)
        unit.save(replace(told, state=replace(told.state, name="大" * 6_000_000)) if event.name == BAD else told)

    await heard(listening(transact, effects), [*spoken("a", 1), message("b", 1, BAD), *spoken("c", 1)])

    assert ran == ["a", "b", "c"]
    assert {d["_id"] for d in await db["department"].find().to_list(None)} == {"a", "c"}
    assert await places(db) == {"department/b#1": PlaceState.FAILING}


async def test_who_fails_gives_way_while_messages_come_and_who_succeeds_does_not(
    db: Database, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    sleep, here = asyncio.sleep, asyncio.current_task()

    async def rest(seconds: float) -> None:
        if asyncio.current_task() is here:
            rests.append(seconds)
        else:
            await sleep(seconds)

    await heard(listener, [message("finance", 1, BAD), message("water", 1, BAD)])
    await db["waiting"].update_one({"subject": "department/water"}, {"$set": {"value": spoken("water", 1)[0].value}})
    await db["waiting"].update_many({}, {"$set": {"again_at": LONG_AGO}})
    monkeypatch.setattr(asyncio, "sleep", rest)
    listener.busy = True

    assert await Retry(listener).once() == 2
    assert len(rests) == 1
    assert await places(db) == {"department/finance#1": PlaceState.FAILING}


async def test_an_unreadable_value_blocks_its_own_aggregate_only(db: Database, listener: Listener) -> None:
    broken = replace(message("finance", 1, "名1"), value=b'{"code": ')

    await heard(listener, [broken, *spoken("water", 1)])

    assert await names(db, "water") == ("名1",)
    assert await places(db) == {"department/finance#1": PlaceState.FAILING}


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
