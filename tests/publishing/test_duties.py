"""A column's duty to be current: green, amber, red, each said once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Activity, DutyDueSoon, DutyRefreshed, DutyStale
from services.kernel.domain.decision import Decision, Unknown
from services.kernel.domain.event import Fact
from services.publishing.domain import Duty, DutyState, announce, close, follow, refresh, wake
from tests.publishing.examples import AT, LATER, WINDOWS, duty, opened

DUE = datetime(2026, 3, 15, 16, tzinfo=UTC)  # 24:00 in Shanghai of the Sunday after next, 327 hours after AT
SOON = datetime(2026, 3, 12, 6, 15, tzinfo=UTC)  # 245 hours and a quarter after AT: the last quarter begins
PATIENCE = timedelta(minutes=15)


def types(decision: Decision[Duty]) -> list[str]:
    return [fact.TYPE for fact in decision.facts]


@pytest.mark.parametrize(
    ("cadence", "due_at"),
    [
        (Cadence.NEWS, "2026-03-15T16:00Z"),  # by the end of the next week
        (Cadence.DYNAMIC, "2026-03-16T16:00Z"),  # 14 days
        (Cadence.STATIC, "2026-04-30T16:00Z"),  # by the end of the next month
        (Cadence.NOTICE, "2026-09-02T16:00Z"),  # 6 months
    ],
)
def test_the_window_is_the_cadences_and_ends_at_midnight_in_shanghai(cadence: Cadence, due_at: str) -> None:
    assert duty(cadence).due_at == datetime.fromisoformat(due_at)


@pytest.mark.parametrize(
    ("cadence", "days"),
    [
        (Cadence.STATIC, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        (Cadence.STATIC, ["2024-01-01", "2024-02-29", "2024-03-01", "2024-04-30"]),
        (Cadence.STATIC, ["2026-11-30", "2026-12-31", "2027-01-31"]),
        (Cadence.NEWS, ["2026-03-02", "2026-03-15", "2026-03-16", "2026-03-29", "2026-04-05"]),  # Monday, then Sunday
        (Cadence.NEWS, ["2026-12-27", "2027-01-03", "2027-01-10"]),
    ],
)
def test_a_column_updated_once_in_each_period_is_never_stale(cadence: Cadence, days: list[str]) -> None:
    first, *others = [datetime.fromisoformat(f"{day}T23:59+08:00") for day in days]
    kept = duty(cadence, at=first)

    for at in others:
        renewed = refresh(kept, Activity.PUBLISHED, windows=WINDOWS, at=at)
        assert "duty.stale" not in types(renewed)
        assert renewed.state.since == at
        kept = renewed.state


@pytest.mark.parametrize(
    ("cadence", "since", "stale_at"),
    [
        (Cadence.STATIC, "2026-01-01T00:00", "2026-03-01T00:00"),
        (Cadence.STATIC, "2026-01-31T23:59", "2026-03-01T00:00"),
        (Cadence.STATIC, "2026-12-31T23:59", "2027-02-01T00:00"),
        (Cadence.NEWS, "2026-03-02T00:00", "2026-03-16T00:00"),
        (Cadence.NEWS, "2026-03-08T23:59", "2026-03-16T00:00"),
        (Cadence.DYNAMIC, "2026-03-02T00:00", "2026-03-17T00:00"),
        (Cadence.NOTICE, "2026-08-31T12:00", "2027-03-01T00:00"),
    ],
)
def test_a_column_that_missed_a_whole_period_is_stale_when_it_ends(cadence: Cadence, since: str, stale_at: str) -> None:
    kept = duty(cadence, at=datetime.fromisoformat(f"{since}+08:00"))
    end = datetime.fromisoformat(f"{stale_at}+08:00")

    assert "duty.stale" not in types(announce(kept, at=end - timedelta(milliseconds=1)))
    assert types(announce(kept, at=end))[-1] == "duty.stale"


def test_a_second_activity_in_the_same_period_is_told_and_leaves_the_end() -> None:
    renewed = refresh(duty(), Activity.PUBLISHED, windows=WINDOWS, at=AT + timedelta(days=2))

    assert types(renewed) == ["duty.refreshed"]
    assert (renewed.state.since, renewed.state.due_at) == (AT + timedelta(days=2), DUE)


def test_a_column_without_cadence_owes_nothing() -> None:
    assert opened(Cadence.NONE) is None


def test_a_cadence_of_tomorrow_waits_for_who_knows_it_instead_of_owing_nothing() -> None:
    tomorrow = Cadence("每季")

    with pytest.raises(Unknown, match="每季"):
        opened(tomorrow)
    with pytest.raises(Unknown):
        refresh(replace(duty(), cadence=tomorrow), Activity.PUBLISHED, windows=WINDOWS, at=AT)


def test_opening_a_column_begins_its_first_period() -> None:
    begun = opened()

    assert begun
    [fact] = begun.facts
    assert isinstance(fact, DutyRefreshed)
    assert (fact.because, fact.due_at, fact.due_soon_at) == (Activity.OPENED, DUE, SOON)
    assert (begun.state.state, begun.state.wakes_at, begun.state.quiet_until) == (DutyState.CURRENT, SOON, None)


def test_nothing_is_said_before_its_moment() -> None:
    early = SOON - timedelta(milliseconds=1)

    assert wake(duty(), at=early) == Decision(duty())


def test_amber_then_red_each_once_however_often_the_sweep_looks() -> None:
    amber = wake(duty(), at=SOON)
    again = wake(amber.state, at=DUE - timedelta(milliseconds=1))
    red = wake(again.state, at=DUE)

    assert (types(amber), amber.state.state, amber.state.wakes_at) == (["duty.due_soon"], DutyState.DUE_SOON, DUE)
    assert again == Decision(amber.state)
    assert (types(red), red.state.state, red.state.wakes_at) == (["duty.stale"], DutyState.STALE, None)
    assert wake(red.state, at=DUE + timedelta(days=90)) == Decision(red.state)


def test_after_an_outage_both_are_said_at_their_own_moments() -> None:
    late = wake(duty(), at=DUE + timedelta(days=3))

    assert [(fact.TYPE, fact.at) for fact in late.facts] == [("duty.due_soon", SOON), ("duty.stale", DUE)]


def test_activity_after_the_end_first_says_that_it_had_ended() -> None:
    at = DUE + timedelta(hours=1)
    late = refresh(duty(), Activity.PUBLISHED, windows=WINDOWS, at=at)

    assert types(late) == ["duty.due_soon", "duty.stale", "duty.refreshed"]
    assert (late.state.state, late.state.since) == (DutyState.CURRENT, at)


def test_a_second_activity_on_the_same_day_changes_nothing() -> None:
    again = refresh(duty(), Activity.REVISED, windows=WINDOWS, at=AT + timedelta(hours=8))

    assert again == Decision(duty())


def test_activity_of_the_past_never_moves_the_end_back() -> None:
    now = refresh(duty(), Activity.PUBLISHED, windows=WINDOWS, at=AT + timedelta(days=3)).state

    assert refresh(now, Activity.PUBLISHED, windows=WINDOWS, at=AT + timedelta(days=1)) == Decision(now)


def test_a_closed_duty_is_silent_for_ever() -> None:
    closed = close(duty(), at=AT)

    assert (types(closed), closed.state.wakes_at) == (["duty.closed"], None)
    for after in (
        close(closed.state, at=AT),
        wake(closed.state, at=DUE),
        announce(closed.state, at=DUE),
        refresh(closed.state, Activity.PUBLISHED, windows=WINDOWS, at=DUE),
    ):
        assert after == Decision(closed.state)


def test_a_period_that_was_over_before_it_was_heard_of_is_not_announced_at_once() -> None:
    heard_at = DUE + timedelta(days=30)
    late = duty(heard_at=heard_at)

    assert late.wakes_at == heard_at + PATIENCE
    assert wake(late, at=heard_at) == Decision(late)
    assert types(wake(late, at=heard_at + PATIENCE)) == ["duty.due_soon", "duty.stale"]
    assert types(announce(late, at=SOON)) == ["duty.due_soon"]


def followed(before: Duty, *, owner: str = "finance", cadence: Cadence = Cadence.NEWS, at: datetime) -> Decision[Duty]:
    return follow(before, owner=owner, cadence=cadence, windows=WINDOWS, at=at, heard_at=at)


def test_a_column_that_is_handed_over_takes_its_period_along() -> None:
    handed = followed(duty(), owner="health", at=AT)

    assert (types(handed), handed.state) == (["duty.handed_over"], replace(duty(), owner="health"))
    assert followed(handed.state, owner="health", at=LATER) == Decision(handed.state)


def test_what_time_did_before_the_hand_over_happened_to_the_owner_before() -> None:
    handed = followed(duty(), owner="health", at=SOON)

    assert [(fact.TYPE, getattr(fact, "owner", None)) for fact in handed.facts] == [
        ("duty.due_soon", "finance"), ("duty.handed_over", "health"),
    ]  # fmt: skip
    [stale] = wake(handed.state, at=DUE).facts
    assert isinstance(stale, DutyStale)
    assert stale.owner == "health"


def test_another_cadence_begins_a_new_period_by_its_own_window() -> None:
    stale = wake(duty(), at=DUE).state

    changed = followed(stale, cadence=Cadence.STATIC, at=DUE)

    [fact] = changed.facts
    assert isinstance(fact, DutyRefreshed)
    assert (fact.because, fact.at, fact.cadence) == (Activity.CHANGED, DUE, Cadence.STATIC)
    assert (changed.state.state, changed.state.due_at) == (DutyState.CURRENT, datetime(2026, 4, 30, 16, tzinfo=UTC))
    shorter = followed(changed.state, cadence=Cadence.NEWS, at=DUE).state
    assert shorter.due_at == datetime(2026, 3, 29, 16, tzinfo=UTC)


def test_a_cadence_without_a_window_ends_the_duty_and_another_begins_it_again() -> None:
    none = followed(duty(), cadence=Cadence.NONE, at=AT)
    again = followed(none.state, cadence=Cadence.NEWS, at=LATER)

    assert (types(none), none.state.state, none.state.wakes_at) == (["duty.closed"], DutyState.CLOSED, None)
    assert (types(again), again.state.state) == (["duty.refreshed"], DutyState.CURRENT)
    assert again.state.wakes_at == again.state.due_soon_at


def test_a_cadence_of_tomorrow_is_waited_for_when_a_column_changes_to_it() -> None:
    with pytest.raises(Unknown):
        followed(duty(), cadence=Cadence("每季"), at=LATER)


class Clock(RuleBasedStateMachine):
    """Activity, sweeps and new owners in any order and at any time, some of the activity in the past."""

    @initialize(cadence=st.sampled_from([Cadence.NEWS, Cadence.DYNAMIC, Cadence.STATIC, Cadence.NOTICE]))
    def opens(self, cadence: Cadence) -> None:
        decision = opened(cadence)
        assert decision
        self.duty, self.now = decision.state, AT
        self.told: list[Fact] = list(decision.facts)

    def take(self, decision: Decision[Duty], *, at: datetime) -> None:
        assert decision.facts or decision.state == self.duty, "a change that nobody is told of"
        assert decision.state.due_at >= self.duty.due_at
        assert all(fact.at <= at for fact in decision.facts), "said before its moment"
        self.duty = decision.state
        self.told.extend(decision.facts)

    @rule(hours=st.integers(0, 24 * 100))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        self.take(wake(self.duty, at=self.now), at=self.now)

    @rule(because=st.sampled_from([Activity.PUBLISHED, Activity.REVISED]), ago=st.integers(0, 24 * 60))
    def activity(self, because: Activity, ago: int) -> None:
        at = max(AT, self.now - timedelta(hours=ago))
        self.take(refresh(self.duty, because, windows=WINDOWS, at=at), at=at)

    @rule(owner=st.sampled_from(["finance", "health"]))
    def hand_over(self, owner: str) -> None:
        self.take(followed(self.duty, owner=owner, cadence=self.duty.cadence, at=self.now), at=self.now)

    @precondition(lambda self: self.duty.state is not DutyState.CLOSED)
    @rule(really=st.integers(0, 9))
    def retire(self, really: int) -> None:
        if really == 0:
            self.take(close(self.duty, at=self.now), at=self.now)

    @invariant()
    def each_period_is_announced_once_and_ends_no_earlier_than_the_one_before(self) -> None:
        ends = [fact.due_at for fact in self.told if isinstance(fact, DutyRefreshed)]
        amber = [fact.due_at for fact in self.told if isinstance(fact, DutyDueSoon)]
        red = [fact.due_at for fact in self.told if isinstance(fact, DutyStale)]
        assert ends == sorted(ends)
        for moments in (amber, red):
            assert moments == sorted(set(moments))
        assert set(red) <= set(amber) <= set(ends)

    @invariant()
    def the_state_is_what_was_said_last(self) -> None:
        last = {
            DutyState.CURRENT: "duty.refreshed", DutyState.DUE_SOON: "duty.due_soon", DutyState.STALE: "duty.stale",
            DutyState.CLOSED: "duty.closed",
        }  # fmt: skip
        assert last[self.duty.state] == [fact.TYPE for fact in self.told if fact.TYPE != "duty.handed_over"][-1]

    @invariant()
    def it_wakes_exactly_while_time_can_still_change_it(self) -> None:
        assert (self.duty.wakes_at is None) == (self.duty.state in (DutyState.STALE, DutyState.CLOSED))


TestClock = Clock.TestCase
