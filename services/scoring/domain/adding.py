"""How facts are added to the evidence, one after the other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar, cast

from services.kernel.domain.calendar import day_of, month_of, month_span
from services.scoring.domain.evidence import dated
from services.scoring.domain.facts import (
    Answered,
    Closed,
    Department,
    Ended,
    Opened,
    Piece,
    Received,
    Redated,
    Refreshed,
    Retired,
    Shown,
    Transferred,
    Withdrawn,
)
from services.scoring.domain.held import Body, Counted, Held, Mention, Period, Tended, Upkeep, by_day
from services.scoring.domain.matter import Matter

H = TypeVar("H", bound=Held)
Key = tuple[type[Held], str]


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


def wanted(pieces: Iterable[Piece]) -> dict[type[Held], set[str]]:
    """The evidence that these facts may change, by what has to be read before."""
    found: dict[type[Held], set[str]] = {}
    for piece in pieces:
        for kind, id in _places(piece):
            found.setdefault(kind, set()).add(id)
    return found


def _places(piece: Piece) -> Iterator[Key]:
    match piece:
        case Department() | Ended():
            yield Body, piece.code
        case Opened() | Retired():
            yield Tended, piece.column
        case Refreshed():
            yield Tended, piece.column
            yield Upkeep, f"{piece.column}/{month_of(dated(piece.fact.at))}"
        case Received() | Transferred() | Redated() | Answered() | Closed():
            yield Matter, piece.letter
        case Shown() | Withdrawn():
            return


def fold(sheaf: Sheaf, piece: Piece) -> None:
    """Add one fact."""
    match piece:
        case Department():
            known = body(sheaf, piece.code)
            sheaf.put(replace(known, said=(*known.said, piece)))
        case Ended():
            known = body(sheaf, piece.code)
            sheaf.put(replace(known, ended=(*known.ended, piece)))
        case Opened():
            sheaf.put(replace(tended(sheaf, piece.column), opened=piece))
        case Retired():
            sheaf.put(replace(tended(sheaf, piece.column), retired=piece))
        case Refreshed():
            _refresh(sheaf, piece)
        case Shown():
            word = Counted.REVISED if piece.revised else Counted.PUBLISHED
            _mention(sheaf, piece, counted=word, complete=piece.complete)
        case Withdrawn():
            _mention(sheaf, piece, counted=Counted.WITHDRAWN, ground=piece.ground)
        case Received() | Transferred() | Redated() | Answered() | Closed():
            _follow(sheaf, piece)


def body(sheaf: Sheaf, code: str) -> Body:
    return sheaf.look(Body, code) or Body(id=code)


def tended(sheaf: Sheaf, column: str) -> Tended:
    return sheaf.look(Tended, column) or Tended(id=column)


def _refresh(sheaf: Sheaf, piece: Refreshed) -> None:
    column, at, period = tended(sheaf, piece.column), piece.fact.at, Period.of(piece)
    if column.latest and at < column.latest:
        sheaf.disordered.add(column.id)
    sheaf.put(replace(column, last=period, latest=max(filter(None, (column.latest, at)))))
    month = month_of(dated(at))
    known = sheaf.look(Upkeep, f"{column.id}/{month}")
    before = known.periods if known else ((column.last,) if column.last else ())
    sheaf.put(upkeep(column.id, month, (*without_its_day(before, at), period)))


def upkeep(column: str, month: str, periods: Sequence[Period]) -> Upkeep:
    first, inside = by_day(periods, month)
    return Upkeep(
        id=f"{column}/{month}", column=column, month=month, periods=tuple(periods), first=first, inside=inside
    )


def without_its_day(periods: Sequence[Period], at: datetime) -> Sequence[Period]:
    """Without the last, if it began on the same day: at no 24:00 it is the one in force."""
    return periods[:-1] if periods and day_of(dated(periods[-1].at)) == day_of(dated(at)) else periods


def upkeeps(column: str, periods: Sequence[Period]) -> Iterator[Upkeep]:
    """The upkeep of a column from all its periods in the order told, of which some began before earlier ones."""
    for month in sorted({month_of(dated(period.at)) for period in periods}):
        start, end = month_span(month)
        told = [period for period in periods if period.at < end]
        before = next((n for n, period in enumerate(told) if period.at >= start), len(told))
        yield upkeep(column, month, told[max(before - 1, 0) :])


def _mention(sheaf: Sheaf, piece: Shown | Withdrawn | Answered, **said: Any) -> None:
    fact = piece.fact
    mention = Mention(
        id=f"{fact.subject}#{fact.sequence}", month=month_of(dated(fact.at)), department=piece.department,
        position=fact.position, at=fact.at, **said,
    )  # fmt: skip
    sheaf.put(mention)
    for name in mention.adds:
        sheaf.sums[mention.month, mention.department, name] += 1


def _follow(sheaf: Sheaf, piece: Received | Transferred | Redated | Answered | Closed) -> None:
    """The first answer told counts; in an earlier month, the first of those given by its end."""
    before = sheaf.look(Matter, piece.letter) or Matter(id=piece.letter)
    sheaf.put(before.follow(piece))
    if isinstance(piece, Answered):
        end = month_span(month_of(dated(piece.fact.at)))[1]
        if before.answered_at is None or before.answered_at >= end:
            _mention(sheaf, piece, counted=Counted.ANSWERED, due_at=piece.due_at, moved=before.transfers)


def by_month(sums: Counter[tuple[str, str, str]]) -> Iterator[tuple[str, str, dict[str, int]]]:
    """What is added to each month and department, by name."""
    for (month, department), some in groupby(sorted(sums.items()), key=lambda each: each[0][:2]):
        yield month, department, {name: number for (_, _, name), number in some}
