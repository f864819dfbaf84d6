"""Evidence: what scoring keeps of its facts, by what they speak of, so that no look at a month reads them all.

It is a copy of scoring's own record and never its source. Facts come one after the other, those of one aggregate in
their order. Letters and periods carry over from month to month; who has a letter, and which period is in force, is
found when somebody looks.
"""

import hashlib
import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, ClassVar, TypeVar, cast

from services.kernel.contracts.publishing import Ground
from services.kernel.domain.calendar import day_of, month_of, month_span
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import bare
from services.scoring.domain import facts
from services.scoring.domain.evidence import Overdue
from services.scoring.domain.facts import (
    Answered,
    Closed,
    Department,
    Opened,
    Piece,
    Received,
    Recorded,
    Refreshed,
    Retired,
    Shown,
    Transferred,
    Withdrawn,
)

H = TypeVar("H", bound="Held")
Key = tuple[type["Held"], str]


@cache
def version() -> str:
    """A hash of the code that decides what is kept, without comments and docstrings."""
    code = "\n".join(bare(inspect.getsource(module)) for module in (facts, sys.modules[__name__]))
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
    """A department, as each of its events described it; `id`: its code."""

    KIND: ClassVar[str] = "department"

    said: tuple[Department, ...] = ()

    def as_of(self, until: datetime) -> Department | None:
        """As the last event before a moment described it."""
        return next((said for said in reversed(self.said) if said.fact.at < until), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tended(Held):
    """A column's life. `last`: its latest period; `latest`: the latest moment at which one began."""

    KIND: ClassVar[str] = "column"

    opened: Opened | None = None
    retired: Retired | None = None
    last: Refreshed | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep(Held):
    """The periods of a column in a month in which one began: the one before them, then the last of each day."""

    KIND: ClassVar[str] = "upkeep"

    column: str
    month: str
    periods: tuple[Refreshed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention(Held):
    """What an item's event adds to a month. `complete`: its review, if it was shown. `ground`: if it was withdrawn."""

    KIND: ClassVar[str] = "item"

    month: str
    department: str
    fact: Recorded
    revised: bool = False
    complete: bool | None = None
    ground: Ground | None = None

    @property
    def piece(self) -> Shown | Withdrawn:
        if self.complete is None:
            return Withdrawn(self.fact, self.department, self.ground)
        return Shown(self.fact, self.department, self.revised, self.complete)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer that counts in a month, by who gave it."""

    month: str
    department: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter(Held):
    """A letter's life, from which it is told who has it at a moment, and whether it is open then.

    `done_at`: when it was first answered or closed. `counted`: by month, the answer that counts there.
    """

    KIND: ClassVar[str] = "letter"

    received: Received | None = None
    transfers: tuple[Transferred, ...] = ()
    answers: tuple[Answered, ...] = ()
    due_at: datetime | None = None
    done_at: datetime | None = None
    counted: tuple[Answer, ...] = ()

    def answer(self, month: str, until: datetime) -> Answered | None:
        """The first answer told before `until`, if it was given in the month."""
        start, end = month_span(month)
        first = next((answer for answer in self.answers if answer.fact.at < min(end, until)), None)
        return first if first and first.fact.at >= start else None

    def overdue(self, until: datetime) -> Overdue | None:
        """If it was received before a moment, open then and due by then: who had it."""
        if not self.received or self.received.fact.at >= until:
            return None
        held = next((moved for moved in reversed(self.transfers) if moved.fact.at < until), self.received)
        return Overdue(self.received, held)

    def done(self, at: datetime) -> "Matter":
        return replace(self, done_at=min(filter(None, (self.done_at, at))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Held):
    """What the items and the answered letters of a department add up to in a month, by name."""

    KIND: ClassVar[str] = "sum"

    month: str
    department: str
    of: Mapping[str, int]


@dataclass(slots=True)
class Sheaf:
    """Some evidence while facts are added to it.

    `disordered`: columns of which a period was told that began before one told earlier; their upkeep is to be made
    from all their periods anew (`upkeeps`).
    """

    states: dict[Key, Held] = field(default_factory=dict)
    changed: set[Key] = field(default_factory=set)
    sums: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    disordered: set[str] = field(default_factory=set)

    def look(self, kind: type[H], id: str) -> H | None:
        return cast(H | None, self.states.get((kind, id)))

    def put(self, state: Held) -> None:
        key = (type(state), state.id)
        self.states[key] = state
        self.changed.add(key)

    def count(self, counted: Iterable[tuple[str, str, str]], sign: int = 1) -> None:
        for each in counted:
            self.sums[each] += sign


def wanted(pieces: Iterable[Piece]) -> dict[type[Held], set[str]]:
    """The evidence that these facts may change, by what has to be read before."""
    found: dict[type[Held], set[str]] = {}
    for piece in pieces:
        for kind, id in _places(piece):
            found.setdefault(kind, set()).add(id)
    return found


def _places(piece: Piece) -> Iterator[Key]:
    match piece:
        case Department():
            yield Body, piece.code
        case Opened() | Retired():
            yield Tended, piece.column
        case Refreshed():
            yield Tended, piece.column
            yield Upkeep, f"{piece.column}/{month_of(piece.fact.at)}"
        case Received() | Transferred() | Answered() | Closed():
            yield Matter, piece.letter
        case Shown() | Withdrawn():
            return


def fold(sheaf: Sheaf, piece: Piece) -> None:
    """Add one fact."""
    match piece:
        case Department():
            known = sheaf.look(Body, piece.code) or Body(id=piece.code)
            sheaf.put(replace(known, said=(*known.said, piece)))
        case Opened():
            sheaf.put(replace(tended(sheaf, piece.column), opened=piece))
        case Retired():
            sheaf.put(replace(tended(sheaf, piece.column), retired=piece))
        case Refreshed():
            _refresh(sheaf, piece)
        case Shown() | Withdrawn():
            _mention(sheaf, piece)
        case Received() | Transferred() | Answered() | Closed():
            _follow(sheaf, piece)


def tended(sheaf: Sheaf, column: str) -> Tended:
    return sheaf.look(Tended, column) or Tended(id=column)


def _refresh(sheaf: Sheaf, piece: Refreshed) -> None:
    column, at = tended(sheaf, piece.column), piece.fact.at
    if column.latest and at < column.latest:
        sheaf.disordered.add(column.id)
    sheaf.put(replace(column, last=piece, latest=max(filter(None, (column.latest, at)))))
    month = month_of(at)
    known = sheaf.look(Upkeep, f"{column.id}/{month}")
    before = known.periods if known else ((column.last,) if column.last else ())
    sheaf.put(upkeep(column.id, month, (*without_its_day(before, at), piece)))


def upkeep(column: str, month: str, periods: Sequence[Refreshed]) -> Upkeep:
    return Upkeep(id=f"{column}/{month}", column=column, month=month, periods=tuple(periods))


def without_its_day(periods: Sequence[Refreshed], at: datetime) -> Sequence[Refreshed]:
    """Without the last, if it began on the same day: at no 24:00 it is the one in force."""
    return periods[:-1] if periods and day_of(periods[-1].fact.at) == day_of(at) else periods


def upkeeps(column: str, periods: Sequence[Refreshed]) -> Iterator[Upkeep]:
    """The upkeep of a column from all its periods in the order told, of which some began before earlier ones."""
    for month in sorted({month_of(period.fact.at) for period in periods}):
        start, end = month_span(month)
        told = [period for period in periods if period.fact.at < end]
        before = next((n for n, period in enumerate(told) if period.fact.at >= start), len(told))
        yield upkeep(column, month, told[max(before - 1, 0) :])


def _mention(sheaf: Sheaf, piece: Shown | Withdrawn) -> None:
    fact = piece.fact
    said: dict[str, Any] = (
        {"revised": piece.revised, "complete": piece.complete} if isinstance(piece, Shown) else {"ground": piece.ground}
    )
    mention = Mention(
        id=f"{fact.subject}#{fact.sequence}", month=month_of(fact.at), department=piece.department, fact=fact, **said
    )
    sheaf.put(mention)
    sheaf.count((mention.month, mention.department, name) for name in names(piece))


def names(piece: Shown | Withdrawn) -> Iterator[str]:
    """The sums that it adds to."""
    match piece:
        case Shown():
            yield "shown"
            if piece.complete:
                yield "complete"
            if not piece.revised:
                yield "published"
        case Withdrawn():
            yield "withdrawn"
            if piece.ground:
                yield piece.ground.value


def _follow(sheaf: Sheaf, piece: Received | Transferred | Answered | Closed) -> None:
    before = sheaf.look(Matter, piece.letter) or Matter(id=piece.letter)
    match piece:
        case Received():
            after = replace(before, received=piece, due_at=piece.due_at)
        case Transferred():
            after = replace(before, transfers=(*before.transfers, piece))
        case Closed():
            after = before.done(piece.fact.at)
        case Answered():
            after = replace(before, answers=(*before.answers, piece)).done(piece.fact.at)
            after = replace(after, counted=tuple(counted(after)))
    sheaf.put(after)
    if after.counted != before.counted:
        sheaf.count(in_time(before), -1)
        sheaf.count(in_time(after))


def counted(matter: Matter) -> Iterator[Answer]:
    for month in sorted({month_of(answer.fact.at) for answer in matter.answers}):
        if answer := matter.answer(month, month_span(month)[1]):
            yield Answer(month, answer.department, answer.fact.at)


def in_time(matter: Matter) -> Iterator[tuple[str, str, str]]:
    for each in matter.counted:
        answer = matter.answer(each.month, month_span(each.month)[1])
        yield each.month, each.department, "answered"
        if answer and answer.is_on_time:
            yield each.month, each.department, "on_time"


def by_month(sums: Counter[tuple[str, str, str]]) -> Iterator[tuple[str, str, dict[str, int]]]:
    """What is added to each month and department, by name."""
    for (month, department), some in groupby(sorted(sums.items()), key=lambda each: each[0][:2]):
        yield month, department, {name: number for (_, _, name), number in some}
