"""The demonstration city's times: working days before and after a day, by the official calendar."""

from datetime import UTC, date, datetime

import pytest

from services.kernel.running.city import Moment, at_work, worked

SATURDAY, MONDAY = date(2026, 11, 28), date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "days", "then"),
    [
        (MONDAY, 1, date(2026, 12, 1)),
        (MONDAY, -1, date(2026, 11, 27)),
        (SATURDAY, 1, MONDAY),
        (SATURDAY, -1, date(2026, 11, 27)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),  # over the seven days of the national holiday
        (date(2026, 10, 9), 1, date(2026, 10, 10)),  # a Saturday that is worked for it
        (SATURDAY, 0, SATURDAY),
    ],
)
def test_only_days_that_are_worked_count(day: date, days: int, then: date) -> None:
    assert worked(day, days) == then


def test_a_day_off_gives_way_to_the_next_that_is_worked() -> None:
    assert [at_work(SATURDAY), at_work(MONDAY)] == [MONDAY, MONDAY]


def test_a_moment_lies_before_its_day_or_after_it_and_is_told_in_utc() -> None:
    assert Moment(time="16:30").at(SATURDAY) == datetime(2026, 11, 28, 8, 30, tzinfo=UTC)
    assert Moment(before=1).at(MONDAY) == datetime(2026, 11, 27, 1, tzinfo=UTC)
    assert Moment(before=-2).at(MONDAY) == datetime(2026, 12, 2, 1, tzinfo=UTC)
