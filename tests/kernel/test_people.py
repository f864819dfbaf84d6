"""What people decide about messages that wait or failed: look, try again, pass. Each is recorded."""

import pytest

from services.kernel.contracts.columns import DepartmentChanged, DepartmentEvent, DepartmentRegistered
from services.kernel.domain.content import ClaimCheck
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import people
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Copy, Hearing
from services.kernel.stream.listener import Listener
from services.kernel.stream.queue import PlaceState
from tests.kernel.queues import listening, mended, names, places
from tests.support.hearing import heard, tried_out
from tests.support.sample import BAD, Known, knowing, message, spoken

pytestmark = pytest.mark.servers


@pytest.fixture
def listener(transact: Transactor) -> Listener:
    return listening(transact, knowing())


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
