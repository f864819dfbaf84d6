from datetime import UTC, date, datetime, timedelta

import holidays as other
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.calendar import (
    SHANGHAI,
    Calendar,
    Limit,
    TimeUnit,
    by_law,
    day_of,
    deadline,
    end_of,
    month_of,
    month_span,
    official,
    start_of,
    working_days_between,
)

WORKING, CALENDAR, MONTHS = TimeUnit.WORKING_DAYS, TimeUnit.CALENDAR_DAYS, TimeUnit.MONTHS
PLAIN = Calendar(version="plain", holidays={}, make_up=frozenset(), years=frozenset(range(1900, 2200)))
moments = st.integers(1_072_915_200, 2_082_758_399).map(lambda second: datetime.fromtimestamp(second, UTC))
limits = st.builds(Limit, st.integers(0, 130), st.sampled_from(TimeUnit))


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=SHANGHAI)


def last_day(start: datetime, amount: int, unit: TimeUnit) -> date:
    return day_of(deadline(start, Limit(amount, unit), official()).due_at - timedelta(seconds=1))


# Each counted by hand in the State Council's notice for the year.
@pytest.mark.parametrize(
    ("start", "amount", "last"),
    [
        # 国庆、中秋 2025: off 1–8 October; Sunday 28 September and Saturday 11 October are worked.
        (noon(2025, 9, 26), 1, date(2025, 9, 28)),
        (noon(2025, 9, 30), 1, date(2025, 10, 9)),
        (noon(2025, 9, 30), 3, date(2025, 10, 11)),
        (noon(2025, 9, 30), 4, date(2025, 10, 13)),
        (noon(2025, 10, 3), 5, date(2025, 10, 14)),  # received on a day off
        # 国庆 2026: off 1–7 October; Sunday 20 September and Saturday 10 October are worked. 中秋: 25–27 September.
        (noon(2026, 9, 18), 1, date(2026, 9, 20)),
        (noon(2026, 9, 24), 1, date(2026, 9, 28)),
        (noon(2026, 9, 30), 3, date(2026, 10, 10)),
        (noon(2026, 9, 30), 5, date(2026, 10, 13)),
        # 春节 2025: off 28 January to 4 February; Sunday 26 January and Saturday 8 February are worked.
        (noon(2025, 1, 24), 2, date(2025, 1, 27)),
        (noon(2025, 1, 27), 4, date(2025, 2, 8)),
        (noon(2025, 1, 27), 15, date(2025, 2, 24)),
        # 春节 2026: off 15–23 February; Saturday 14 and Saturday 28 February are worked.
        (noon(2026, 2, 13), 2, date(2026, 2, 24)),
        (noon(2026, 2, 14), 5, date(2026, 2, 28)),
        # 元旦 2026: off 1–3 January; Sunday 4 January is worked.
        (noon(2025, 12, 31), 1, date(2026, 1, 4)),
        # An ordinary week: Friday to Monday.
        (noon(2026, 11, 6), 1, date(2026, 11, 9)),
        (noon(2026, 11, 2), 20, date(2026, 11, 30)),
    ],
)
def test_a_limit_in_working_days_ends_where_a_clerk_counting_by_hand_would_end(
    start: datetime, amount: int, last: date
) -> None:
    assert last_day(start, amount, WORKING) == last


@pytest.mark.parametrize(
    ("start", "amount", "unit", "last"),
    [
        (noon(2026, 9, 16), 15, CALENDAR, date(2026, 10, 1)),  # ends on 国庆节, and stays there
        (noon(2026, 10, 31), 60, CALENDAR, date(2026, 12, 30)),
        (noon(2026, 1, 31), 1, MONTHS, date(2026, 2, 28)),
        (noon(2026, 1, 31), 2, MONTHS, date(2026, 3, 31)),  # from day zero, not from the clipped 28 February
        (noon(2024, 1, 31), 1, MONTHS, date(2024, 2, 29)),
        (noon(2026, 8, 31), 6, MONTHS, date(2027, 2, 28)),
    ],
)
def test_calendar_days_and_months_are_counted_plainly_and_not_moved_by_holidays(
    start: datetime, amount: int, unit: TimeUnit, last: date
) -> None:
    found = deadline(start, Limit(amount, unit), official())

    assert last_day(start, amount, unit) == last
    assert not found.provisional
    assert sum(each.counted for each in found.days) == amount


def test_a_deadline_is_24_00_in_shanghai_which_is_16_00_in_utc() -> None:
    assert deadline(noon(2026, 11, 2), Limit(1, WORKING), official()).due_at == datetime(2026, 11, 3, 16, tzinfo=UTC)


def test_day_zero_is_the_day_in_shanghai_not_in_utc() -> None:
    before = datetime(2026, 11, 2, 15, 59, 59, 999_000, tzinfo=UTC)
    midnight = datetime(2026, 11, 2, 16, tzinfo=UTC)

    assert (day_of(before), day_of(midnight)) == (date(2026, 11, 2), date(2026, 11, 3))
    assert last_day(before, 1, WORKING) == date(2026, 11, 3)
    assert last_day(midnight, 1, WORKING) == date(2026, 11, 4)


def test_the_steps_say_why_each_day_counted_or_not() -> None:
    found = deadline(noon(2025, 9, 26), Limit(3, WORKING), official())
    longer = deadline(noon(2025, 9, 30), Limit(1, WORKING), official())

    assert [(each.day.day, each.counted, each.why) for each in found.days] == [
        (27, False, "weekend"),
        (28, True, "调休上班"),
        (29, True, "weekday"),
        (30, True, "weekday"),
    ]
    assert [each.why for each in longer.days] == ["国庆节"] * 5 + ["中秋"] + ["国庆节"] * 2 + ["weekday"]
    assert found.calendar == official().version


def test_a_clock_that_reaches_a_year_without_official_calendar_is_provisional() -> None:
    inside = deadline(noon(2026, 12, 30), Limit(1, WORKING), official())
    across = deadline(noon(2026, 12, 30), Limit(2, WORKING), official())

    assert (inside.provisional, across.provisional) == (False, True)
    assert last_day(noon(2026, 12, 30), 2, WORKING) == date(2027, 1, 4)  # New Year's Day is off by the law itself
    assert not deadline(noon(2026, 12, 30), Limit(2, CALENDAR), official()).provisional


@pytest.mark.parametrize(
    ("received", "amount", "last"),
    [
        (noon(2026, 12, 25), 5, date(2027, 1, 4)),
        (noon(2027, 2, 4), 1, date(2027, 2, 9)),  # Spring Festival: the eve on Friday, then Monday
        (noon(2027, 4, 2), 1, date(2027, 4, 6)),  # Qingming is a Monday
        (noon(2027, 6, 8), 1, date(2027, 6, 10)),  # Dragon Boat
        (noon(2027, 9, 14), 1, date(2027, 9, 16)),  # Mid-Autumn
        (noon(2027, 9, 30), 1, date(2027, 10, 4)),  # 1 to 3 October
        (noon(2028, 4, 28), 1, date(2028, 5, 3)),  # 1 and 2 May are Monday and Tuesday
    ],
)
def test_in_a_year_without_notice_the_days_of_the_law_itself_are_off(
    received: datetime, amount: int, last: date
) -> None:
    found = deadline(received, Limit(amount, WORKING), official())

    assert (day_of(found.due_at - timedelta(seconds=1)), found.provisional) == (last, True)


def test_no_day_that_a_notice_swapped_is_off_by_law() -> None:
    """The library knows the notice of 2026, by which 5 May is off for 9 May; the law says 1 and 2 May."""
    assert [day for day in by_law(2026) if day.month == 5] == [date(2026, 5, 1), date(2026, 5, 2)]
    assert len(by_law(2026)) == len(by_law(2027)) == 13


def test_a_day_off_by_law_is_named_and_a_weekend_day_stays_one() -> None:
    found = deadline(noon(2027, 4, 30), Limit(1, WORKING), official())

    assert [each.why for each in found.days] == ["劳动节", "劳动节", "weekday"]  # Saturday, Sunday: no day makes up


def test_what_a_notice_says_of_its_year_is_not_mixed_with_the_law() -> None:
    """In 2026 the notice moved what fell on a weekend; the law alone would name fewer days."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    named = [day for day in days if official().holiday(day)]
    assert named == sorted(day for day in official().holidays if day.year == 2026)
    assert len(named) > len(by_law(2026))


def test_another_calendar_gives_another_deadline_and_names_itself() -> None:
    known = Calendar(version="2027-draft", holidays={date(2027, 1, 1): "元旦"}, make_up=frozenset({date(2027, 1, 2)}),
                     years=frozenset({2026, 2027}))  # fmt: skip
    found = deadline(noon(2026, 12, 31), Limit(1, WORKING), known)

    assert (found.due_at, found.provisional, found.calendar) == (end_of(date(2027, 1, 2)), False, "2027-draft")
    assert [each.why for each in found.days] == ["元旦", "调休上班"]


def test_a_limit_of_nothing_ends_with_the_day_itself() -> None:
    for unit in TimeUnit:
        found = deadline(noon(2026, 10, 1), Limit(0, unit), official())
        assert (found.due_at, found.days) == (end_of(date(2026, 10, 1)), ())


def test_a_limit_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="below zero"):
        Limit(-1, WORKING)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    naive = datetime(2026, 11, 2, 12)  # noqa: DTZ001  # the mistake that is meant
    for ask in (day_of, month_of, lambda at: deadline(at, Limit(1, WORKING), official())):
        with pytest.raises(ValueError, match="without a time zone"):
            ask(naive)
    with pytest.raises(ValueError, match="without a time zone"):
        working_days_between(noon(2026, 11, 2), naive, official())


def test_the_official_calendar_agrees_with_a_second_library_on_every_day_from_2015_on() -> None:
    china = other.country_holidays("CN", years=range(2015, 2027))
    days = [date(2015, 1, 1) + timedelta(days=n) for n in range((date(2027, 1, 1) - date(2015, 1, 1)).days)]

    assert [day for day in days if official().is_working(day) is not china.is_working_day(day)] == []


def test_the_official_calendar_knows_2004_to_2026_and_is_made_once() -> None:
    assert [year for year in range(1990, 2040) if official().knows(year)] == list(range(2004, 2027))
    assert official().version.startswith("chinesecalendar-")
    assert official() is official()


@given(moments, st.integers(1, 130))
def test_a_limit_in_working_days_never_ends_on_a_day_off(start: datetime, amount: int) -> None:
    assert official().is_working(last_day(start, amount, WORKING))


@given(moments, st.integers(0, 130))
def test_between_a_start_and_its_deadline_lie_exactly_the_days_granted(start: datetime, amount: int) -> None:
    due = deadline(start, Limit(amount, WORKING), official()).due_at

    assert working_days_between(start, due, official()) == amount
    assert working_days_between(start, due + timedelta(milliseconds=1), official()) - amount in (0, 1)


@given(moments, moments, limits)
def test_who_starts_later_is_never_due_earlier(one: datetime, two: datetime, limit: Limit) -> None:
    early, late = sorted([one, two])

    assert deadline(early, limit, official()).due_at <= deadline(late, limit, official()).due_at


@given(moments, st.integers(0, 130), st.sampled_from(TimeUnit))
def test_one_unit_more_is_due_later(start: datetime, amount: int, unit: TimeUnit) -> None:
    shorter = deadline(start, Limit(amount, unit), official())
    longer = deadline(start, Limit(amount + 1, unit), official())

    assert start < shorter.due_at < longer.due_at
    assert unit is MONTHS or longer.days[: len(shorter.days)] == shorter.days


@given(moments, moments)
def test_working_days_between_are_those_of_monday_to_friday_where_no_day_is_off(one: datetime, two: datetime) -> None:
    start, end = sorted([one, two])
    days = (day_of(start) + timedelta(days=n) for n in range(1, (day_of(end) - day_of(start)).days + 1))
    wanted = sum(day.weekday() < 5 for day in days)

    midnight = end == start_of(day_of(end)) and end != start  # the 24:00 of the day before
    assert working_days_between(start, end, PLAIN) == wanted - (midnight and day_of(end).weekday() < 5)
    assert working_days_between(end, start, PLAIN) == 0


def test_a_deadline_s_last_second_and_its_24_00_are_within_it_the_next_second_is_not() -> None:
    start = noon(2026, 11, 2)
    due = deadline(start, Limit(5, WORKING), official()).due_at

    assert working_days_between(start, due - timedelta(seconds=1), official()) == 5
    assert working_days_between(start, due, official()) == 5
    assert working_days_between(start, due + timedelta(seconds=1), official()) == 6


def test_a_month_begins_and_ends_at_midnight_in_shanghai() -> None:
    assert month_span("2026-12") == (datetime(2026, 11, 30, 16, tzinfo=UTC), datetime(2026, 12, 31, 16, tzinfo=UTC))
    assert month_of(datetime(2026, 11, 30, 16, tzinfo=UTC)) == "2026-12"
    assert month_of(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == "2026-11"


@given(moments)
def test_a_moment_lies_in_the_span_of_its_month(moment: datetime) -> None:
    first, after = month_span(month_of(moment))

    assert first <= moment < after
    assert month_of(after - timedelta(microseconds=1)) == month_of(first) != month_of(after)


@given(st.text(st.sampled_from("0129-W /\n２"), max_size=8) | st.text(max_size=8))
def test_whatever_is_taken_for_a_month_is_written_like_one(text: str) -> None:
    try:
        first, _ = month_span(text)
    except ValueError:
        return
    assert month_of(first) == text


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-1", "26-01", "2026-11-02", "2026-W1", "0000-01"]
)
def test_what_is_no_month_is_refused_with_an_example_of_one(text: str) -> None:
    with pytest.raises(ValueError, match="written like 2026-11"):
        month_span(text)
