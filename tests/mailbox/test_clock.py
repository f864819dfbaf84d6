"""A letter's clock against any order of steps at any time, and against the calendar."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.kernel.contracts.mailbox import LetterKind, LetterOverdue, LetterTransferred
from services.kernel.domain.calendar import day_of, official
from services.kernel.domain.decision import Decision, Refused
from services.kernel.domain.event import Fact
from services.mailbox.domain import Letter, Rating, accept, answer, clock, close, rate, transfer, wake
from tests.mailbox.letters import AT, FINANCE, OFFICE, POLICY, WATER, received


class LetterLife(RuleBasedStateMachine):
    """Steps and sweeps in any order, time going forward by any amount; a refused step changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = AT
        first = received()
        self.letter: Letter = replace(first.state, version=1)
        self.told: list[Fact] = list(first.facts)
        self.swept = AT

    def took(self, decision: Decision[Letter]) -> None:
        self.letter = decision.state
        self.told += decision.facts

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        self.took(wake(self.letter, at=self.now))
        self.swept = self.now

    @rule(step=st.sampled_from(["accept", "transfer", "answer", "close", "rate"]))
    def step(self, step: str) -> None:
        to = WATER if self.letter.department == "finance" else FINANCE
        steps = {
            "accept": lambda: accept(self.letter, by=OFFICE, at=self.now),
            "transfer": lambda: transfer(self.letter, to=to, reason="职责", by=OFFICE, at=self.now),
            "answer": lambda: answer(self.letter, text="答", by=OFFICE, at=self.now),
            "close": lambda: close(self.letter, by=OFFICE, at=self.now),
            "rate": lambda: rate(self.letter, Rating(stars=3, solved=True), at=self.now),
        }
        with suppress(Refused):
            self.took(steps[step]())

    @precondition(lambda self: self.letter.answered_at is not None)
    @rule()
    def nothing_is_due_after_an_answer(self) -> None:
        assert wake(self.letter, at=self.now + timedelta(days=999)) == Decision(self.letter)

    @invariant()
    def each_moment_is_told_at_most_once_and_in_order(self) -> None:
        types = [fact.TYPE for fact in self.told]
        assert types.count("letter.due_soon") <= 1
        assert types.count("letter.overdue") <= 1
        assert types.count("letter.answered") <= 1
        if "letter.overdue" in types and "letter.answered" in types:
            assert types.index("letter.overdue") < types.index("letter.answered")

    @invariant()
    def overdue_is_told_if_and_only_if_it_was_unanswered_at_its_due_moment(self) -> None:
        due, answered = self.letter.clock.due_at, self.letter.answered_at
        overdue = any(fact.TYPE == "letter.overdue" for fact in self.told)
        assert overdue == (self.letter.overdue_since is not None)
        if overdue:
            assert self.now >= due
        if answered is not None:
            assert overdue == (answered >= due)
        elif self.swept >= due:
            assert overdue

    @invariant()
    def whoever_held_it_at_its_due_moment_is_named(self) -> None:
        held = "finance"
        for fact in self.told:
            if isinstance(fact, LetterTransferred):
                held = fact.department
            elif isinstance(fact, LetterOverdue):
                assert fact.department == held
                moved = [f.at for f in self.told if isinstance(f, LetterTransferred)]
                assert held == self.holder_at(fact.at, moved)

    def holder_at(self, moment: datetime, moved: list[datetime]) -> str:
        """`finance` and `water` hand it to each other; a transfer at the very moment comes after it."""
        return ("finance", "water")[sum(at < moment for at in moved) % 2]

    @invariant()
    def facts_never_go_back_before_receipt(self) -> None:
        assert all(AT <= fact.at <= self.now for fact in self.told)


TestLetterLife = LetterLife.TestCase

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
