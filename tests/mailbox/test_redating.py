"""What another calendar does to a letter's clock, by the rules alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from services.kernel.contracts.mailbox import LetterKind, LetterOverdue, LetterRedated
from services.kernel.domain.calendar import Calendar, by_law, official
from services.kernel.domain.calendars import UNKNOWN, DayOff, Days, Edition, name, number_of, put_together, told
from services.kernel.domain.decision import Decision, Malformed
from services.kernel.domain.event import Fact
from services.mailbox.domain import clock, receive, redate, wake
from services.mailbox.domain.calendar import change, of_year
from tests.mailbox.letters import ANSWERED, AT, DUE, FINANCE, LETTER, POLICY, WRITING, received

LATER = AT + timedelta(days=3)


def with_days_off(*days: date, version: str = "calendar-9", calendar: Calendar | None = None) -> Calendar:
    base = calendar or official()
    return replace(base, version=version, holidays={**base.holidays, **dict.fromkeys(days, "台风停工")})


def test_a_day_off_more_gives_the_answer_a_day_more_and_says_so() -> None:
    decision = redate(LETTER, policy=POLICY, calendar=with_days_off(date(2026, 3, 10)), at=LATER)

    [fact] = decision.facts
    assert isinstance(fact, LetterRedated)
    assert (fact.due_before, fact.due_at, fact.calendar) == (DUE, DUE + timedelta(days=1), "calendar-9")
    assert (decision.state.clock.due_at, decision.state.clock.calendar) == (DUE + timedelta(days=1), "calendar-9")
    assert decision.state.steps[-1].state == "redated"


def test_a_calendar_that_moves_nothing_is_noted_and_not_told() -> None:
    decision = redate(LETTER, policy=POLICY, calendar=with_days_off(date(2026, 8, 3)), at=LATER)

    assert [fact.TYPE for fact in decision.facts] == ["letter.reckoned"]
    assert decision.state.clock == replace(LETTER.clock, calendar="calendar-9")
    assert redate(decision.state, policy=POLICY, calendar=with_days_off(), at=LATER).facts == ()


def test_a_provisional_deadline_becomes_certain_and_says_so_even_if_it_stays() -> None:
    provisional = receive(
        "r", WRITING, code_digest=LETTER.code_digest, department=FINANCE, policy=POLICY, calendar=UNKNOWN, at=AT
    ).state
    assert provisional.clock.provisional

    [fact] = redate(replace(provisional, version=1), policy=POLICY, calendar=official(), at=LATER).facts

    assert isinstance(fact, LetterRedated)
    assert (fact.provisional, fact.due_at) == (False, DUE)


def test_a_letter_that_was_answered_keeps_its_clock() -> None:
    assert redate(ANSWERED, policy=POLICY, calendar=with_days_off(date(2026, 3, 10)), at=LATER) == Decision(ANSWERED)


def test_what_was_overdue_is_not_by_a_later_deadline_and_is_told_once_for_each() -> None:
    late = DUE + timedelta(hours=2)
    red = wake(LETTER, at=late).state
    assert red.overdue_since == DUE
    longer = with_days_off(date(2026, 3, 10), date(2026, 3, 11))

    again = redate(red, policy=POLICY, calendar=longer, at=late).state
    assert (again.overdue_since, again.clock.due_at) == (None, DUE + timedelta(days=2))
    facts = wake(again, at=DUE + timedelta(days=5)).facts
    assert [fact.TYPE for fact in facts] == ["letter.due_soon", "letter.overdue"]
    back = redate(again, policy=POLICY, calendar=official(), at=late).state
    assert (back.overdue_since, back.wakes_at) == (DUE, None), "that it passed was told before"


def test_a_letter_that_became_overdue_only_by_the_calendar_is_told_so_at_the_moment_it_became_so() -> None:
    worked = replace(official(), version="calendar-9", make_up=official().make_up | {date(2026, 3, 7)})
    sooner = DUE - timedelta(days=3)  # the Saturday counts: 24:00 of Friday the 20th
    at = sooner + timedelta(hours=5)

    after = redate(LETTER, policy=POLICY, calendar=worked, at=at).state
    assert after.clock.due_at == sooner
    facts = wake(after, at=at + timedelta(minutes=1)).facts

    [overdue] = [fact for fact in facts if isinstance(fact, LetterOverdue)]
    assert (overdue.at, overdue.due_at) == (at, sooner)


MARCH = st.dates(date(2026, 3, 1), date(2026, 4, 10))
CHANGES = st.lists(st.tuples(st.lists(MARCH, max_size=4), st.integers(0, 40 * 24)), max_size=5)


@given(CHANGES, st.sampled_from(LetterKind), st.integers(0, 60 * 24))
def test_however_calendars_change_the_clock_is_that_of_the_newest_and_each_due_moment_is_announced_once(
    changes: Sequence[tuple[list[date], int]], kind: LetterKind, end: int
) -> None:
    letter = replace(received(replace(WRITING, kind=kind)).state, version=1)
    told_of: list[Fact] = []
    calendar = official()
    for n, (days, hours) in enumerate(sorted(changes, key=lambda each: each[1]), 2):
        at, calendar = AT + timedelta(hours=hours), with_days_off(*days, version=name(n))
        redated = redate(letter, policy=POLICY, calendar=calendar, at=at)
        woken = wake(redated.state, at=at)
        letter = woken.state
        told_of += [*redated.facts, *woken.facts]
    woken = wake(letter, at=AT + timedelta(hours=end))
    told_of += woken.facts

    pure = clock(kind, POLICY, calendar, at=AT)
    assert (woken.state.clock.due_at, woken.state.clock.provisional) == (pure.due_at, pure.provisional)
    announced = [fact.due_at for fact in told_of if isinstance(fact, LetterOverdue)]
    assert len(set(announced)) == len(announced)
    latest = max([AT + timedelta(hours=end), *(AT + timedelta(hours=hours) for _, hours in changes)])
    assert (woken.state.overdue_since is not None) == (pure.due_at <= latest)


DAYS = Days(off=(DayOff(date(2027, 1, 1), "元旦"),), make_up=(date(2027, 2, 6),), source="国办发明电〔2026〕9号")


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (replace(DAYS, off=(DayOff(date(2026, 12, 31), "元旦"),)), "calendar.another_year"),
        (replace(DAYS, make_up=(date(2028, 1, 1),)), "calendar.another_year"),
        (replace(DAYS, off=DAYS.off * 2), "calendar.day_twice"),
        (replace(DAYS, off=(DayOff(date(2027, 2, 6), "春节"),)), "calendar.day_twice"),
        (replace(DAYS, make_up=(date(2027, 2, 5),)), "calendar.weekday_made_up"),
    ],
)
def test_days_that_cannot_be_a_years_are_refused(days: Days, code: str) -> None:
    with pytest.raises(Malformed) as no:
        change(None, 2027, days, number=2, at=AT)

    assert no.value.code == code


@pytest.mark.parametrize("year", [1999, 2101, -5])
def test_a_year_far_away_has_no_calendar(year: int) -> None:
    with pytest.raises(Malformed) as no:
        change(None, year, replace(DAYS, off=(), make_up=()), number=2, at=AT)

    assert no.value.code == "calendar.no_such_year"


def test_a_year_is_told_with_every_day_and_the_same_again_is_not() -> None:
    first = change(None, 2027, DAYS, number=4, at=AT)

    [fact] = first.facts
    said = fact.model_dump()
    assert (said["year"], said["version"], said["source"]) == (2027, 4, DAYS.source)
    assert (said["make_up"], [day["day"] for day in said["off"]]) == (DAYS.make_up, [date(2027, 1, 1)])
    assert change(replace(first.state, version=1), 2027, DAYS, number=5, at=LATER).facts == ()


def edition(number: int, *days: date) -> Edition:
    return Edition(off=tuple(DayOff(day, "x") for day in days), make_up=(), source="s", number=number, at=AT)


def test_a_version_is_what_each_year_was_at_its_number() -> None:
    new_year, may = date(2026, 1, 1), date(2027, 5, 4)
    changed = told(told(None, "2026", edition(1, new_year)), "2026", edition(3))
    years = [changed, told(None, "2027", edition(2, may))]

    first, second, third = (put_together(years, number) for number in (1, 2, 3))

    assert (first.version, set(first.holidays), set(first.years)) == ("calendar-1", {new_year}, {2026})
    assert (set(second.holidays), set(third.holidays)) == ({new_year, may}, {may})
    assert not first.knows(2027)


def test_the_name_that_a_library_gave_is_the_version_that_was_loaded_from_it() -> None:
    assert [number_of(name(7)), number_of("chinesecalendar-1.11.0"), number_of("calendar-x")] == [7, 1, 1]


def test_before_anything_was_told_the_days_off_of_the_law_are_off_and_all_is_provisional() -> None:
    running = clock(LetterKind.CONSULTATION, POLICY, UNKNOWN, at=datetime(2026, 4, 28, 2, tzinfo=UTC))

    assert running.provisional
    assert running.due_at == datetime(2026, 5, 6, 16, tzinfo=UTC), "1 and 2 May are off"
    assert {day.day for day in of_year(UNKNOWN, 2026).off} == set(by_law(2026))
