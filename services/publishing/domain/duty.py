"""A column's duty to be current (更新职责): its period, how time changes its state, and what renews it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, NamedTuple, TypeVar

from dateutil.relativedelta import relativedelta

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Activity, DutyDueSoon, DutyEvent, DutyRefreshed, DutyStale
from services.kernel.domain.calendar import Limit, TimeUnit, day_of, deadline, end_of, start_of
from services.kernel.domain.calendars import UNKNOWN
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import DescribedEnum, Fact
from services.publishing.domain import refusals

D = TypeVar("D", bound=DutyEvent)


class DutyState(DescribedEnum):
    """How a column's duty stands."""

    CURRENT = "current", "green: the period goes on"
    DUE_SOON = "due_soon", "amber: the period ends soon"
    STALE = "stale", "red: the period ended without activity (逾期未更新)"
    CLOSED = "closed", "the column is retired, and its duty with it"


class EachPeriod(StrEnum):
    """Once in each calendar month (每月), in each week from Monday to Sunday (每周); RULES 2."""

    MONTH = "month"
    WEEK = "week"

    def due_at(self, since: datetime) -> datetime:
        """Activity in one period is due again by the end of the next."""
        day = day_of(since)
        if self is EachPeriod.WEEK:
            return end_of(day + timedelta(days=13 - day.weekday()))
        return start_of(day.replace(day=1) + relativedelta(months=2))


Window = Limit | EachPeriod
"""Limits run from the last activity; the others go by the calendar."""


class Period(NamedTuple):
    """When a period ends, and when it turns amber."""

    due_soon_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How long a column may be silent, by cadence; one without a limit has no duty.

    `due_soon`: the share of a window, at its end, that is amber. `patience`: a column may be heard of after its period
    is over. For this long nothing is announced of it then, as what renewed it may still be on its way.
    """

    version: str
    limits: Mapping[Cadence, Window]
    due_soon: Fraction
    patience: timedelta

    def __post_init__(self) -> None:
        if any(isinstance(each, Limit) and each.unit is TimeUnit.WORKING_DAYS for each in self.limits.values()):
            raise ValueError(f"{self.version}: a window is a number of calendar days or of months.")

    def bind(self, cadence: Cadence) -> bool:
        """Whether a cadence sets a window. One of tomorrow may: `period` says that it is not known yet."""
        return cadence in self.limits or not cadence.is_known

    def quiet_until(self, period: Period, heard_at: datetime) -> datetime | None:
        """Until when nothing is announced of a period that was amber, or over, before it was heard of."""
        return heard_at + self.patience if period.due_soon_at <= heard_at else None

    def period(self, cadence: Cadence, since: datetime) -> Period:
        """In calendar units; ends at 24:00 in Shanghai. `Unknown` for a cadence of tomorrow."""
        if not cadence.is_known:
            raise refusals.CADENCE_UNKNOWN(cadence=cadence)
        window = self.limits[cadence]
        due_at = deadline(since, window, UNKNOWN).due_at if isinstance(window, Limit) else window.due_at(since)
        lead = (due_at - since) * self.due_soon.numerator / self.due_soon.denominator
        soon = due_at - lead
        return Period(soon.replace(microsecond=soon.microsecond // 1000 * 1000), due_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Aggregate):
    """A column's present period; the id is the column's. `since`: the moment of the activity that began it."""

    KIND: ClassVar[str] = "duty"

    owner: str
    cadence: Cadence
    state: DutyState
    since: datetime
    because: Activity
    due_soon_at: datetime
    due_at: datetime
    rule: str
    quiet_until: datetime | None
    wakes_at: datetime | None  # the next moment at which time alone changes something


class DutyClosed(Fact):
    """The column was retired, or its cadence sets no window any more. Kept only."""

    TYPE: ClassVar[str] = "duty.closed"

    column_id: str


class DutyHandedOver(Fact):
    """The column has another owner. Kept only: the column itself tells others."""

    TYPE: ClassVar[str] = "duty.handed_over"

    column_id: str
    owner: str


def open_for(
    column_id: str,
    *,
    owner: str,
    cadence: Cadence,
    windows: Windows,
    because: Activity = Activity.OPENED,
    at: datetime,
    heard_at: datetime,
) -> Decision[Duty] | None:
    """The first period, from the column's opening on. None if the cadence sets no window; `Unknown` as `period`."""
    if not windows.bind(cadence):
        return None
    period = windows.period(cadence, at)
    duty = Duty(
        id=column_id,
        owner=owner,
        cadence=cadence,
        state=DutyState.CURRENT,
        since=at,
        because=because,
        due_soon_at=period.due_soon_at,
        due_at=period.due_at,
        rule=windows.version,
        quiet_until=windows.quiet_until(period, heard_at),
        wakes_at=None,
    )
    return Decision(_timed(duty), (_refreshed(duty),))


def follow(
    duty: Duty, *, owner: str, cadence: Cadence, windows: Windows, at: datetime, heard_at: datetime
) -> Decision[Duty]:
    """The column has this owner and this cadence from `at` on. Another cadence begins a new period.

    If the old one was due soon or over by then, that is told first: it happened to the owner before.
    """
    if (owner, cadence) == (duty.owner, duty.cadence):
        return Decision(duty)
    before = announce(duty, at=at)
    handed = replace(before.state, owner=owner, cadence=cadence)
    if cadence == duty.cadence:
        return Decision(handed, (*before.facts, DutyHandedOver(at=at, column_id=duty.id, owner=owner)))
    if not windows.bind(cadence):
        closed = replace(handed, state=DutyState.CLOSED)
        return Decision(_timed(closed), (*before.facts, DutyClosed(at=at, column_id=duty.id)))
    period = windows.period(cadence, at)
    after = replace(
        handed,
        state=DutyState.CURRENT,
        since=at,
        because=Activity.CHANGED,
        due_soon_at=period.due_soon_at,
        due_at=period.due_at,
        rule=windows.version,
        quiet_until=windows.quiet_until(period, heard_at),
    )
    return Decision(_timed(after), (*before.facts, _refreshed(after)))


def refresh(duty: Duty, because: Activity, *, windows: Windows, at: datetime) -> Decision[Duty]:
    """Begin a new period at an activity. If the old one was due soon or over by then, that is told first.

    The end never moves back: an activity that would move it so, or a second one on the same day, changes nothing. One
    that leaves the end where it is is told while the period is green; amber is said once of each end.
    """
    if duty.state is DutyState.CLOSED:
        return Decision(duty)
    before = announce(duty, at=at)
    period = windows.period(duty.cadence, at)
    ends_as_before = period.due_at == duty.due_at and before.state.state is not DutyState.CURRENT
    if period.due_at < duty.due_at or day_of(at) <= day_of(duty.since) or ends_as_before:
        return before
    after = replace(
        before.state,
        state=DutyState.CURRENT,
        since=at,
        because=because,
        due_soon_at=period.due_soon_at,
        due_at=period.due_at,
        rule=windows.version,
    )
    return Decision(_timed(after), (*before.facts, _refreshed(after)))


def wake(duty: Duty, *, at: datetime) -> Decision[Duty]:
    """Announce what time has done, unless `quiet_until` asks to wait."""
    if duty.wakes_at is None or at < duty.wakes_at:
        return Decision(duty)
    return announce(duty, at=at)


def announce(duty: Duty, *, at: datetime) -> Decision[Duty]:
    """Tell due soon, then stale: each once per period, with its own moment, however late it is told."""
    facts: list[Fact] = []
    if duty.state is DutyState.CURRENT and duty.due_soon_at <= at:
        facts.append(_told(DutyDueSoon, duty, duty.due_soon_at))
        duty = replace(duty, state=DutyState.DUE_SOON)
    if duty.state is DutyState.DUE_SOON and duty.due_at <= at:
        facts.append(_told(DutyStale, duty, duty.due_at))
        duty = replace(duty, state=DutyState.STALE)
    return Decision(_timed(duty), tuple(facts)) if facts else Decision(duty)


def close(duty: Duty, *, at: datetime) -> Decision[Duty]:
    """A retired column owes nothing. Closing again changes nothing."""
    if duty.state is DutyState.CLOSED:
        return Decision(duty)
    closed = replace(duty, state=DutyState.CLOSED)
    return Decision(_timed(closed), (DutyClosed(at=at, column_id=duty.id),))


def _timed(duty: Duty) -> Duty:
    """The duty with the moment it wakes at: the end of green, then the end of amber, then never."""
    match duty.state:
        case DutyState.CURRENT:
            wakes_at = duty.due_soon_at
        case DutyState.DUE_SOON:
            wakes_at = duty.due_at
        case DutyState.STALE | DutyState.CLOSED:
            return replace(duty, wakes_at=None)
    return replace(duty, wakes_at=max(wakes_at, duty.quiet_until or wakes_at))


def _refreshed(duty: Duty) -> DutyRefreshed:
    return DutyRefreshed(
        at=duty.since,
        column_id=duty.id,
        owner=duty.owner,
        cadence=duty.cadence,
        due_at=duty.due_at,
        rule=duty.rule,
        because=duty.because,
        due_soon_at=duty.due_soon_at,
    )


def _told(kind: type[D], duty: Duty, at: datetime) -> D:
    return kind(at=at, column_id=duty.id, owner=duty.owner, cadence=duty.cadence, due_at=duty.due_at, rule=duty.rule)
