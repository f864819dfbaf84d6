"""The facts of one month, arranged for the questions that measures ask."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from services.kernel.domain.calendar import in_time, month_span
from services.kernel.domain.terms import NOBODY, Successors, Terms, who_answers
from services.scoring.domain import refusals
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


@dataclass(frozen=True, slots=True)
class Column:
    """A column's life. `refreshed`: its periods, in the order told."""

    opened: Opened
    retired: Retired | None
    refreshed: Sequence[Refreshed]


class ColumnDays(NamedTuple):
    """Column-days and those inside the window; how many of them are the day on which the column opened."""

    kept: int = 0
    inside: int = 0
    opening: int = 0
    opening_inside: int = 0


@dataclass(frozen=True, slots=True)
class Overdue:
    """A letter that is open and due: its receipt, all its transfers, and what says last when it is due."""

    received: Received
    moved: Sequence[Transferred]
    due: Received | Redated

    @property
    def held(self) -> Received | Transferred:
        """What says who has it."""
        return self.moved[-1] if self.moved else self.received


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A month's facts, each kind by department.

    `until`: the month's end, or the moment of computing if that is earlier. `departments`: those that stand then; what
    was told of others is their successors'. `begun`: when each was first told of. `columns`: by owner. `answered`:
    letters answered in the month, by who answered. `overdue`: letters open at `until` and due by then, by who has them
    then. `moved`: the transfers of both, by who gave and by who took.
    """

    start: datetime
    end: datetime
    until: datetime
    departments: Mapping[str, Department]
    begun: Mapping[str, datetime]
    successors: Successors
    shown: Mapping[str, Sequence[Shown]]
    withdrawn: Mapping[str, Sequence[Withdrawn]]
    columns: Mapping[str, Sequence[Column]]
    answered: Mapping[str, Sequence[Answered]]
    overdue: Mapping[str, Sequence[Overdue]]
    moved: Mapping[str, Sequence[Transferred]]

    def name(self, code: str) -> str:
        """Of the department that answers for what was told of this one."""
        known = self.departments.get(self.answering(code))
        return known.name if known else code

    def answering(self, code: str) -> str:
        """The department that answers, up to the last moment that counts, for what was told of this one."""
        return answering(code, self.successors, self.until)

    @property
    def over(self) -> bool:
        """Whether the month was over at the moment of computing."""
        return self.until == self.end


def answering(code: str, successors: Successors, until: datetime) -> str:
    """Who answers, up to the last moment before `until`, for what was told of a department."""
    return who_answers(code, successors, at=last_moment(until))


def last_moment(until: datetime) -> datetime:
    """What takes effect at `until` itself comes after it."""
    return until - timedelta(microseconds=1)


P = TypeVar("P")
FIRST, LAST = datetime(1900, 1, 2, tzinfo=UTC), datetime(2999, 12, 30, tzinfo=UTC)


def dated(moment: datetime) -> datetime:
    """A moment, or the nearest of those that lie in a month: an event may name any, and none stops the others."""
    return min(max(moment, FIRST), LAST)


def gather(pieces: Iterable[Piece], *, month: str, as_of: datetime) -> Evidence:
    """Arrange the facts, whatever their order. Raises `Unknown` if one speaks of a department that was never told.

    A letter's facts are heard in their order. One without its receipt is one whose receipt people gave up: its answer
    still says by itself whether it was in time; while it is open, nothing says when it is due, and it is not counted.
    """
    start, end, until = span(month, as_of)
    told = sorted((piece for piece in pieces if piece.fact.at < until), key=lambda piece: piece.fact.order)

    def each(kind: type[P]) -> list[P]:
        return [piece for piece in told if isinstance(piece, kind)]

    answers = {x.letter: x for x in reversed(each(Answered))}  # the first answer of each letter
    answered = [x for x in answers.values() if x.fact.at >= start]
    done = {x.letter for x in each(Closed)} | answers.keys()
    successors = successors_of(each(Ended))
    who = partial(answering, successors=successors, until=until)
    moves = grouped((x.letter, x) for x in each(Transferred))
    due = {x.letter: x for x in each(Redated)}
    late = [Overdue(x, moves.get(x.letter, ()), due.get(x.letter, x)) for x in each(Received) if x.letter not in done]
    late = [x for x in late if not in_time(until, x.due.due_at)]
    found = Evidence(
        start=start,
        end=end,
        until=until,
        departments={x.code: x for x in each(Department) if who(x.code) == x.code},
        begun={x.code: x.fact.at for x in reversed(each(Department)) if who(x.code) == x.code},
        successors=successors,
        shown=grouped((who(x.department), x) for x in each(Shown) if x.fact.at >= start),
        withdrawn=grouped((who(x.department), x) for x in each(Withdrawn) if x.fact.at >= start),
        columns=grouped((who(x.opened.owner), x) for x in columns(each(Opened), each(Retired), each(Refreshed))),
        answered=grouped((who(x.department), x) for x in answered),
        overdue=grouped((who(x.held.department), x) for x in late),
        moved=both_ways(
            [move for x in answered for move in moves.get(x.letter, ()) if move.fact.sequence < x.fact.sequence]
            + [move for x in late for move in x.moved], who,
        ),
    )  # fmt: skip
    must_be_registered(found)
    return found


def successors_of(ended: Iterable[Ended]) -> Successors:
    """In the order told, of each department."""
    found: dict[str, Terms[str]] = {}
    for each in ended:
        found[each.code] = found.get(each.code, NOBODY).since(each.since, each.successor)
    return found


def span(month: str, as_of: datetime) -> tuple[datetime, datetime, datetime]:
    """A month's start, its end, and until when its facts count: its end, or the moment of computing if it runs."""
    start, end = month_span(month)
    return start, end, min(end, as_of)


def grouped(pairs: Iterable[tuple[str, P]]) -> Mapping[str, Sequence[P]]:
    found: dict[str, list[P]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def both_ways(moves: Iterable[Transferred], who: Callable[[str], str]) -> Mapping[str, Sequence[Transferred]]:
    """Transfers by each department that gave or took."""
    return grouped((code, move) for move in moves for code in sorted({who(move.giver), who(move.department)}))


def columns(opened: Iterable[Opened], retired: Iterable[Retired], refreshed: Iterable[Refreshed]) -> Iterator[Column]:
    ends = {x.column: x for x in retired}
    duties = grouped((x.column, x) for x in refreshed)
    for begin in opened:
        yield Column(begin, ends.get(begin.column), duties.get(begin.column, ()))


def must_have_no_period(opened: Opened) -> None:
    """Of a column without any. Raises `Unknown` if its cadence sets periods, so that one should have been told."""
    if opened.cadence.is_known:
        raise refusals.NO_PERIOD(column=opened.column)


def must_be_registered(found: Evidence, *others: str) -> None:
    named = (found.shown, found.withdrawn, found.columns, found.answered, found.overdue)
    strange = {*others, *(code for by_department in named for code in by_department)} - found.departments.keys()
    if strange:
        raise refusals.UNKNOWN_DEPARTMENTS(departments=", ".join(sorted(strange)))
