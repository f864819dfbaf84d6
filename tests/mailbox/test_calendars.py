"""The calendar and the limits as records: loaded once, set by the office, and every open clock follows."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.kernel.domain.calendar import official
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Cause
from services.kernel.domain.person import Role
from services.kernel.domain.sealed import Sealed
from services.kernel.running.program import Program
from services.kernel.storage.transaction import Transactor
from services.mailbox import store, timers
from services.mailbox.actions import answer_letter, receive_letter
from services.mailbox.domain import Letter
from tests.mailbox.desk import Desk, Json, done, expect_problem
from tests.mailbox.examples import policy
from tests.mailbox.letters import OFFICE, WRITING

pytestmark = pytest.mark.servers
RECEIVED = datetime.fromisoformat("2026-03-02T02:00:00Z")
DUE = datetime.fromisoformat("2026-03-23T16:00:00Z")
NO_HEADERS: Mapping[str, str] = {}
STORM = {"day": "2026-03-10", "name": "台风停工"}


async def received(program: Program, *receipts: str) -> None:
    for receipt in receipts:
        await program.transact(receive_letter, receipt, WRITING, code_digest=Sealed("-"), at=RECEIVED)


async def told(program: Program, type_: str) -> list[dict[str, Any]]:
    return await program.db["journal"].find({"type": type_}).sort("_id", 1).to_list(None)


async def year(desk: Desk, number: int = 2026) -> Json:
    return done(await desk.client.get(f"/calendars/{number}", headers=desk.office))


async def put(desk: Desk, days: Json, number: int = 2026, *, headers: Mapping[str, str] = NO_HEADERS) -> httpx.Response:
    body = {name: days[name] for name in ("off", "make_up", "source")}
    return await desk.client.put(f"/calendars/{number}", json=body, headers={**desk.office, **headers})


async def with_a_storm(desk: Desk) -> Json:
    days = await year(desk)
    return days | {"off": [*days["off"], STORM], "source": "粤府办〔2026〕1号"}


async def redated(program: Program, at: datetime) -> None:
    _, sweep = timers.sweeps()
    while await sweep.once(program.transact, at):
        """Some are left."""


async def test_all_years_that_are_known_are_loaded_once_and_told_with_every_day(program: Program) -> None:
    await asyncio.gather(*(timers.first(program.transact) for _ in range(3)))

    records = await told(program, "calendar.changed")
    assert [r["subject"] for r in records] == [f"calendar/{each}" for each in sorted(official().years)]
    assert len(await told(program, "rules.begun")) == 1
    assert await store.years(program.transact.reader())


async def test_a_year_shows_what_is_in_force_and_one_without_a_notice_the_days_of_the_law(desk: Desk) -> None:
    known, unknown = await year(desk), await year(desk, 2031)

    assert (known["calendar"], known["provisional"], known["proposed"]) == ("calendar-1", False, None)
    assert {"day": "2026-10-01", "name": "国庆节"} in known["off"]
    assert "2026-10-10" in known["make_up"]
    assert (unknown["calendar"], unknown["provisional"], unknown["version"]) == (None, True, 0)
    assert len(unknown["off"]) >= 11
    listed = done(await desk.client.get("/calendars", headers=desk.handler))
    assert (listed["calendar"], [each["year"] for each in listed["years"]]) == ("calendar-1", sorted(official().years))


async def test_what_a_library_says_differently_is_proposed_and_changes_nothing(desk: Desk) -> None:
    done(await put(desk, await with_a_storm(desk)))

    shown = await year(desk)

    assert STORM in shown["off"]
    assert STORM not in shown["proposed"]["off"]
    assert shown["proposed"]["source"].startswith("chinesecalendar-")


async def test_another_calendar_redates_every_open_letter_once_and_no_other(program: Program, desk: Desk) -> None:
    receipts = [f"20260302-{n:06}" for n in range(450)]  # more than two batches
    await received(program, *receipts, "20260302-ANSWER")
    await program.transact(answer_letter, "20260302-ANSWER", text="已修", by=OFFICE, at=RECEIVED + timedelta(hours=1))
    done(await put(desk, await with_a_storm(desk)))
    at = RECEIVED + timedelta(days=1)

    async def replica(name: str) -> None:
        transact = Transactor(program.db, Cause(who=name, request=name), vault=program.vault)
        _, sweep = timers.sweeps()
        assert await sweep.once(transact, at)  # then it is gone

    await asyncio.gather(replica("one"), replica("two"))
    await redated(program, at)

    records = await told(program, "letter.redated")
    assert sorted(record["subject"] for record in records) == [f"letter/{receipt}" for receipt in receipts]
    assert await program.db["letter"].distinct("clock.due_at", {"answered_at": None}) == [DUE + timedelta(days=1)]
    answered = await program.transact.reader().look(Letter, "20260302-ANSWER")
    assert answered
    assert (answered.clock.due_at, answered.clock.calendar) == (DUE, "calendar-1")


async def test_a_letter_is_reckoned_anew_before_it_is_announced_as_overdue(program: Program, desk: Desk) -> None:
    await received(program, "20260302-AAAAAA")
    done(await put(desk, await with_a_storm(desk)))
    announcing, _ = timers.sweeps()

    assert await announcing.once(program.transact, DUE + timedelta(hours=1)) == 1

    assert len(await told(program, "letter.redated")) == 1
    assert await told(program, "letter.overdue") == []
    assert await announcing.once(program.transact, DUE + timedelta(days=1)) == 1
    [overdue] = await told(program, "letter.overdue")
    assert overdue["at"] == DUE + timedelta(days=1)


async def test_a_clock_is_explained_with_the_calendar_that_it_used(program: Program, desk: Desk) -> None:
    await received(program, "20260302-AAAAAA", "20260302-BBBBBB")
    await program.transact(answer_letter, "20260302-BBBBBB", text="已修", by=OFFICE, at=RECEIVED + timedelta(hours=1))
    done(await put(desk, await with_a_storm(desk)))
    await redated(program, RECEIVED + timedelta(days=1))

    open_, done_ = [
        done(await desk.client.get(f"/letters/{receipt}/clock", headers=desk.office))
        for receipt in ("20260302-AAAAAA", "20260302-BBBBBB")
    ]

    assert (open_["calendar"], done_["calendar"]) == ("calendar-2", "calendar-1")
    [tenth] = [day for day in open_["days"] if day["day"] == "2026-03-10"]
    assert (tenth["counted"], tenth["why"]) == (False, "台风停工")
    [tenth] = [day for day in done_["days"] if day["day"] == "2026-03-10"]
    assert tenth["counted"]
    for clock in (open_, done_):
        last = datetime.fromisoformat(f"{clock['days'][-1]['day']}T00:00+08:00") + timedelta(days=1)
        assert datetime.fromisoformat(clock["due_at"]) == last


async def test_a_clock_of_before_calendars_were_records_is_still_explained(program: Program, desk: Desk) -> None:
    await received(program, "20260302-AAAAAA")
    old = {"$set": {"clock.calendar": "chinesecalendar-1.11.0"}}
    await program.db["letter"].update_one({"_id": "20260302-AAAAAA"}, old)

    clock = done(await desk.client.get("/letters/20260302-AAAAAA/clock", headers=desk.office))

    assert (clock["calendar"], len([day for day in clock["days"] if day["counted"]])) == ("chinesecalendar-1.11.0", 15)


async def test_a_calendar_is_set_once_for_each_key_and_against_the_version_that_was_read(desk: Desk) -> None:
    days = await with_a_storm(desk)
    headers = {"If-Match": f'"{days["version"]}"', "Idempotency-Key": "storm-1"}

    first, again = await put(desk, days, headers=headers), await put(desk, days, headers=headers)

    assert (done(first)["calendar"], again.json()) == ("calendar-2", first.json())
    expect_problem(await put(desk, days | {"make_up": []}, headers={"If-Match": '"1"'}), 412, "calendar.stale")
    expect_problem(await put(desk, days, 2031, headers={"If-Match": '"3"'}), 412, "calendar.stale")
    same = done(await put(desk, days))
    assert (same["calendar"], same["version"]) == ("calendar-2", first.json()["version"]), "nothing was changed"


@pytest.mark.parametrize(
    ("number", "days", "code"),
    [
        (2026, {"off": [{"day": "2027-01-01", "name": "元旦"}]}, "calendar.another_year"),
        (2026, {"off": [STORM, STORM]}, "calendar.day_twice"),
        (2026, {"make_up": ["2026-03-10"]}, "calendar.weekday_made_up"),
        (1999, {}, "calendar.no_such_year"),
        (2026, {"off": [{"day": "2026-02-30", "name": "春节"}]}, "request.malformed"),
        (2026, {"source": ""}, "request.malformed"),
    ],
)
async def test_days_that_cannot_be_are_refused(desk: Desk, number: int, days: Json, code: str) -> None:
    whole = {"off": [], "make_up": [], "source": "国办发明电〔2025〕7号"} | days

    expect_problem(await put(desk, whole, number), 422, code)


async def test_a_letter_whose_year_has_no_notice_is_provisional_until_it_has(program: Program, desk: Desk) -> None:
    last = max(official().years)
    written = datetime.fromisoformat(f"{last}-12-28T02:00:00Z")
    await program.transact(receive_letter, "20261228-AAAAAA", WRITING, code_digest=Sealed("-"), at=written)
    read = program.transact.reader()
    assert await store.provisional(read) == 1

    notice = {"off": [{"day": f"{last + 1}-01-01", "name": "元旦"}], "make_up": [], "source": "国办发明电〔2026〕9号"}
    done(await put(desk, notice, last + 1))
    await redated(program, written + timedelta(hours=1))

    assert await store.provisional(read) == 0
    assert not (await desk.letter("20261228-AAAAAA"))["provisional"]
    assert len(await told(program, "letter.redated")) == 1


async def test_limits_set_for_a_day_to_come_hold_for_letters_received_from_then_on(
    program: Program, desk: Desk
) -> None:
    next_week = now() + timedelta(days=7)
    set_ = await desk.client.put("/policies/letters-2", json=policy(7, next_week), headers=desk.office)
    assert [p["policy"] for p in done(set_)["policies"]] == ["letters/1", "letters-2"]
    assert [p["in_force"] for p in set_.json()["policies"]] == [True, False]

    await received(program, "20260302-AAAAAA")
    await program.transact(receive_letter, "R2", WRITING, code_digest=Sealed("-"), at=next_week + timedelta(days=1))

    rules = [(await desk.letter(receipt))["rule"] for receipt in ("20260302-AAAAAA", "R2")]
    assert rules == ["letters/1", "letters-2"]
    clock = done(await desk.client.get("/letters/R2/clock", headers=desk.office))
    assert len([day for day in clock["days"] if day["counted"]]) == 7


async def test_limits_that_were_in_force_stay_as_they_were(desk: Desk) -> None:
    tomorrow, yesterday = now() + timedelta(days=2), now() - timedelta(days=2)

    async def tried(name: str, body: Json) -> httpx.Response:
        return await desk.client.put(f"/policies/{name}", json=body, headers=desk.office)

    expect_problem(await tried("letters-2", policy(7, yesterday)), 409, "policy.too_late")
    first = done(await tried("letters-2", policy(7, tomorrow)))
    assert done(await tried("letters-2", policy(7, tomorrow)))["version"] == first["version"], "nothing was changed"
    assert done(await tried("letters-2", policy(8, tomorrow)))["version"] > first["version"]
    expect_problem(await tried("letters-3", policy(7, tomorrow)), 409, "policy.same_day")
    missing = policy(7, tomorrow)
    del missing["limits"]["help"]
    expect_problem(await tried("letters-4", missing), 422, "request.malformed")


async def test_handlers_read_the_limits_and_editors_do_not(desk: Desk) -> None:
    read = done(await desk.client.get("/policies", headers=desk.handler))

    assert [p["limits"]["consultation"] for p in read["policies"]] == [{"amount": 5, "unit": "working_days"}]
    foreign = await desk.client.get("/policies", headers=desk.bearer(Role.EDITOR))
    expect_problem(foreign, 403, "role.not_allowed")


async def test_what_a_letter_needs_is_asked_for_anew_each_second_and_on_each_day(
    program: Program, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 100.0
    monkeypatch.setattr(store, "monotonic", lambda: clock)
    at_hand, read = store.AtHand(), program.transact.reader()
    tonight = datetime.fromisoformat("2026-03-02T23:59:59.900+08:00")

    async def calendars(*moments: datetime) -> list[str]:
        return [(await at_hand(read, "finance", at=at)).calendar.version for at in moments]

    assert await calendars(tonight) == ["calendar-1"]
    done(await put(desk, await with_a_storm(desk)))

    assert await calendars(tonight, tonight + timedelta(seconds=0.2)) == ["calendar-1", "calendar-2"]
    done(await put(desk, await year(desk) | {"off": []}))
    assert await calendars(tonight + timedelta(seconds=0.3)) == ["calendar-2"]
    clock += store.FRESH
    assert await calendars(tonight + timedelta(seconds=0.3)) == ["calendar-3"]
