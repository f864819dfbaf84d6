"""When an answer is due: the limits as data, and the deadline of one letter."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import DAY, Calendar, Limit, day_of, deadline, start_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits in force from a day on. A letter turns amber when `due_soon_working_days` are left, at least one."""

    version: str
    effective: date
    source: str
    limits: Mapping[LetterKind, Limit]
    due_soon_working_days: int
    mayor_department: str
    wrong_codes: int  # for one receipt number, within `wrong_codes_within` of the first of them
    wrong_codes_within: timedelta

    def __post_init__(self) -> None:
        if self.due_soon_working_days < 1:
            raise ValueError(f"{self.version}: due_soon_working_days is at least 1.")


def in_force(policies: Iterable[Policy], at: datetime) -> Policy:
    """The policy in force on the day of `at`; a letter keeps the one of its day of receipt."""
    return max((p for p in policies if p.effective <= day_of(at)), key=lambda p: p.effective)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When an answer is due, and by which rule and calendar. `provisional`: a year's calendar is not known yet."""

    due_at: datetime
    due_soon_at: datetime
    rule: str
    calendar: str
    provisional: bool


def clock(
    kind: LetterKind, policy: Policy, calendar: Calendar, *, at: datetime, reckoned_at: datetime | None = None
) -> Clock:
    """The day of receipt is day zero; the deadline ends at 24:00 in Asia/Shanghai.

    `at`: of receipt. `reckoned_at`: when it is reckoned anew. It turns amber then at the earliest.
    """
    due = deadline(at, policy.limits[kind], calendar)
    return Clock(
        due_at=due.due_at,
        due_soon_at=max(reckoned_at or at, amber_from(due.due_at, policy.due_soon_working_days, calendar)),
        rule=policy.version,
        calendar=due.calendar,
        provisional=due.provisional,
    )


def amber_from(due_at: datetime, working_days: int, calendar: Calendar) -> datetime:
    """When a letter turns amber: at 00:00 in Shanghai, so that this many working days are left, that day included."""
    day, left = day_of(due_at - DAY), working_days
    while (left := left - calendar.is_working(day)) > 0:
        day -= DAY
    return start_of(day)
