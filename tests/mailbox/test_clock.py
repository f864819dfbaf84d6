"""A letter's clock against the calendar and the limits of the law."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import day_of, official
from services.mailbox.domain import clock
from tests.mailbox.letters import POLICY

WORKING_DAYS = {  # RULES 2
    LetterKind.CONSULTATION: 5, LetterKind.ERROR_REPORT: 3, LetterKind.COMPLAINT: 15, LetterKind.SUGGESTION: 15,
    LetterKind.HELP: 15,
}  # fmt: skip
FIRST, LAST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)
KNOWN = st.integers(0, int((LAST - FIRST).total_seconds())).map(lambda seconds: FIRST + timedelta(seconds=seconds))


@given(at=KNOWN, kind=st.sampled_from(LetterKind))
def test_the_due_moment_is_the_end_of_the_last_working_day_after_receipt(at: datetime, kind: LetterKind) -> None:
    running, calendar = clock(kind, POLICY, official(), at=at), official()
    last = day_of(running.due_at - timedelta(milliseconds=1))
    after = [day_of(at) + timedelta(days=n) for n in range(1, (last - day_of(at)).days + 1)]

    assert running.due_at == midnight(last.isoformat()) + timedelta(days=1)
    assert sum(calendar.is_working(day) for day in after) == WORKING_DAYS[kind]
    assert calendar.is_working(last)
    assert not running.provisional


@given(at=KNOWN, kind=st.sampled_from(LetterKind), lead=st.integers(1, 20))
def test_amber_begins_with_the_first_of_the_last_working_days_or_at_receipt(
    at: datetime, kind: LetterKind, lead: int
) -> None:
    running = clock(kind, replace(POLICY, due_soon_working_days=lead), official(), at=at)
    amber, last = day_of(running.due_soon_at), day_of(running.due_at - timedelta(milliseconds=1))
    left = sum(official().is_working(amber + timedelta(days=n)) for n in range((last - amber).days + 1))

    assert at <= running.due_soon_at < running.due_at
    if running.due_soon_at > at:
        assert running.due_soon_at == midnight(amber.isoformat())
        assert left == lead


def test_amber_comes_before_a_long_holiday_not_in_it() -> None:
    """Received on 23 September 2025, 5 working days: due on the 29th, for Sunday the 28th is worked (调休)."""
    running = clock(LetterKind.CONSULTATION, POLICY, official(), at=datetime(2025, 9, 23, 2, tzinfo=UTC))
    assert (running.due_at, running.due_soon_at) == (midnight("2025-09-30"), midnight("2025-09-28"))

    later = clock(LetterKind.CONSULTATION, POLICY, official(), at=datetime(2025, 9, 26, 2, tzinfo=UTC))
    assert (later.due_at, later.due_soon_at) == (midnight("2025-10-11"), midnight("2025-10-09"))


def midnight(day: str) -> datetime:
    """00:00 in Shanghai, eight hours before UTC's."""
    return datetime.fromisoformat(f"{day}T00:00+08:00")


def test_a_clock_that_reaches_into_a_year_without_a_calendar_is_provisional() -> None:
    last_known = max(official().years)
    december = datetime(last_known, 12, 25, 2, tzinfo=UTC)

    assert clock(LetterKind.COMPLAINT, POLICY, official(), at=december).provisional
    assert not clock(LetterKind.COMPLAINT, POLICY, official(), at=december - timedelta(days=60)).provisional


def test_a_policy_without_a_lead_is_none() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        replace(POLICY, due_soon_working_days=0)
