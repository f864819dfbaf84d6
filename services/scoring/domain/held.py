"""Evidence: what scoring keeps of its facts, by what they speak of, so that no look at a month reads them all.

It is a copy of scoring's own record and never its source. Facts come one after the other, those of one aggregate in
their order. Letters and periods carry over from month to month; who has a letter, and which period is in force, is
found when somebody looks.
"""

import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import ClassVar

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.mailbox import LetterAnswered
from services.kernel.contracts.publishing import (
    Activity,
    DutyRefreshed,
    Ground,
    ItemPublished,
    ItemRevised,
    ItemWithdrawn,
)
from services.kernel.domain.calendar import day_of, in_time, month_span
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import bare
from services.scoring.domain.evidence import ColumnDays, Evidence, dated, must_have_no_period
from services.scoring.domain.facts import (
    Answered,
    Department,
    Ended,
    Opened,
    Recorded,
    Refreshed,
    Retired,
    Shown,
    Transferred,
    Withdrawn,
)

DAYS = 31  # of the longest month


@cache
def version() -> str:
    """A hash of the code that decides what is kept, without comments and docstrings."""
    modules = [
        import_module(f"services.scoring.domain.{name}") for name in ("adding", "evidence", "facts", "held", "matter")
    ]
    code = "\n".join(bare(inspect.getsource(module)) for module in modules)
    return hashlib.sha256(code.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Copied):
    """How far the evidence of one version of the code has come; `id`: that version. `at`: when it was last used."""

    KIND: ClassVar[str] = "evidence"

    position: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Copied):
    """Each version of the code keeps evidence of its own, so that two can run side by side."""

    @classmethod
    def named(cls) -> str:
        return f"evidence-{version()}-{cls.KIND}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body(Held):
    """A department, as each of its events described it, and who succeeds it; `id`: its code."""

    KIND: ClassVar[str] = "department"

    said: tuple[Department, ...] = ()
    ended: tuple[Ended, ...] = ()

    def first(self, until: datetime) -> datetime | None:
        """When the first event before a moment told of it."""
        return next((said.fact.at for said in self.said if said.fact.at < until), None)

    def as_of(self, until: datetime) -> Department | None:
        """As the last event before a moment described it."""
        return next((said for said in reversed(self.said) if said.fact.at < until), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended(Held):
    """A column's life. `last`: its latest period; `latest`: the latest moment at which one began."""

    KIND: ClassVar[str] = "column"

    opened: Opened | None = None
    retired: Retired | None = None
    last: "Period | None" = None
    latest: datetime | None = None

    def days(self, found: Evidence, of_month: tuple[int, int] | None) -> ColumnDays:
        """The days of the month that it was live and had a period, and those inside the window.

        `of_month`: `by_day` of its periods, None without any. Raises `Unknown` if it should have one.
        """
        assert self.opened
        begun, first = max(found.start, self.opened.fact.at), day_of(found.start)
        last = min(found.until, self.retired.fact.at) if self.retired else found.until
        start, stop = (day_of(begun) - first).days, (day_of(last) - first).days
        if self.opened.cadence is Cadence.NONE or stop <= start:
            return ColumnDays()
        if of_month is None:
            must_have_no_period(self.opened)
            return ColumnDays()
        opening = start if self.opened.fact.at >= found.start else -1
        start = max(start, of_month[0])
        mask = ((1 << max(stop - start, 0)) - 1) << start
        inside = of_month[1] & mask
        of_opening = (1 << opening if opening >= 0 else 0) & mask
        return ColumnDays(
            max(stop - start, 0), inside.bit_count(), of_opening.bit_count(), (inside & of_opening).bit_count()
        )


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a column's duty, by the fact that began it."""

    position: int
    sequence: int
    at: datetime
    because: Activity
    due_at: datetime

    @classmethod
    def of(cls, piece: Refreshed) -> "Period":
        return cls(piece.fact.position, piece.fact.sequence, piece.fact.at, piece.because, piece.due_at)

    def piece(self, column: str) -> Refreshed:
        return Refreshed(
            Recorded(
                position=self.position, type=DutyRefreshed.TYPE, subject=f"duty/{column}", sequence=self.sequence,
                at=self.at,
            ),
            column, self.because, self.due_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Days(Held):
    """The days of a month at whose 24:00 a column was inside its window, a bit for each, and the first that counts.

    Days before `first` have no period. The last period is taken to stay in force.
    """

    KIND: ClassVar[str] = "upkeep"

    column: str
    month: str
    first: int
    inside: int


Kept = tuple[Tended, tuple[int, int] | None]
"""A column, and its `by_day` in a month: None without any period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep(Days):
    """The periods of a column in a month in which one began: the one before them, then the last of each day."""

    periods: tuple[Period, ...]


class Counted(StrEnum):
    """What counts in a month."""

    PUBLISHED = "published"
    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"


TYPES = {
    Counted.PUBLISHED: ItemPublished.TYPE, Counted.REVISED: ItemRevised.TYPE, Counted.WITHDRAWN: ItemWithdrawn.TYPE,
    Counted.ANSWERED: LetterAnswered.TYPE,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention(Held):
    """What one event of an item or a letter counts as in a month. `id`: `{subject}#{sequence}`.

    `complete`: the review of what was shown. `ground`: of what was withdrawn. `due_at`: of the letter answered;
    `moved`: its transfers that were told before.
    """

    KIND: ClassVar[str] = "mention"

    month: str
    department: str
    counted: Counted
    position: int
    at: datetime
    complete: bool = False
    ground: Ground | None = None
    due_at: datetime | None = None
    moved: tuple[Transferred, ...] = ()

    @property
    def piece(self) -> Shown | Withdrawn | Answered:
        subject, _, sequence = self.id.rpartition("#")
        fact = Recorded(
            position=self.position, type=TYPES[self.counted], subject=subject, sequence=int(sequence), at=self.at
        )
        if self.due_at is not None:
            return Answered(fact, subject.partition("/")[2], self.department, self.due_at)
        if self.counted is Counted.WITHDRAWN:
            return Withdrawn(fact, self.department, self.ground)
        return Shown(fact, self.department, self.counted is Counted.REVISED, self.complete)

    @property
    def adds(self) -> Iterator[str]:
        """The sums that it adds to."""
        match self.counted:
            case Counted.PUBLISHED | Counted.REVISED:
                yield "shown"
                if self.complete:
                    yield "complete"
                if self.counted is Counted.PUBLISHED:
                    yield "published"
            case Counted.WITHDRAWN:
                yield "withdrawn"
                if self.ground:
                    yield self.ground.value
            case Counted.ANSWERED:
                yield "answered"
                if self.due_at and in_time(self.at, self.due_at):
                    yield "on_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Held):
    """What the items and the answered letters of a department add up to in a month, by name."""

    KIND: ClassVar[str] = "sum"

    month: str
    department: str
    of: Mapping[str, int]


def by_day(periods: Sequence[Period], month: str) -> tuple[int, int]:
    """The first day of a month at whose 24:00 one of these is in force, and a bit for each day inside a window.

    One is in force once those told before it began too, until the next is.
    """
    start = day_of(month_span(month)[0])
    inside, first, since = 0, DAYS, 0
    for period in periods:
        since = min(max(since, (day_of(dated(period.at)) - start).days), DAYS)
        first = min(first, since)
        days = min((day_of(dated(period.due_at)) - start).days, DAYS) - since
        inside = inside & ~(-1 << since) | ((1 << max(days, 0)) - 1) << since
    return first, inside
