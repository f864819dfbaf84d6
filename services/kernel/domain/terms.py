"""What changes with effect from a moment, and who answers for a department then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from services.kernel.domain.decision import Copied, Reader

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Term(Generic[T]):
    """A value, and the moment from which it holds."""

    since: datetime
    value: T


@dataclass(frozen=True)  # without slots: with them `Terms[str]()` fails in Python 3.11
class Terms(Generic[T]):
    """Values in order of time. Each holds from its moment until the moment of the next."""

    held: tuple[Term[T], ...] = ()

    def since(self, moment: datetime, value: T) -> "Terms[T]":
        """The same with one value more. It takes the place of one that holds from the same moment."""
        others = (term for term in self.held if term.since != moment)
        return Terms(tuple(sorted((*others, Term(moment, value)), key=lambda term: term.since)))

    def term(self, at: datetime) -> Term[T] | None:
        """The term in force at a moment. None before the first."""
        return next((term for term in reversed(self.held) if term.since <= at), None)

    def as_of(self, at: datetime) -> T | None:
        """The value in force at a moment. None before the first."""
        found = self.term(at)
        return None if found is None else found.value

    def next_change(self, at: datetime) -> datetime | None:
        """The first moment after `at` from which another term holds."""
        return next((term.since for term in self.held if term.since > at), None)


NOBODY: Terms[str] = Terms()
"""The successors of a department that stands."""

Successors = Mapping[str, Terms[str]]
"""Of departments that have ended or will: who answers for their matters, by code. A department not in it stands."""


def who_answers(code: str, successors: Successors, *, at: datetime) -> str:
    """The department that answers at a moment for what was made with `code`: itself, or the last of its successors.

    A successor of which nothing is known ends the chain. If departments succeed each other in a ring, as when a merger
    is undone by one in the other direction, the successor named by the latest of these mergers answers for all.
    """
    passed: dict[str, Term[str]] = {}
    while code not in passed and code in successors and (term := successors[code].term(at)):
        passed[code], code = term, term.value
    if code not in passed:
        return code
    ring = list(passed.values())[list(passed).index(code) :]
    return max(ring, key=lambda term: (term.since, term.value)).value


def answers_for(own: Iterable[str], successors: Successors, *, at: datetime) -> frozenset[str]:
    """The departments that `own` answer for at a moment: those of `own` that stand then, and those they succeed.

    A department that has ended answers for nothing, not even for itself: its successor does.
    """
    own = frozenset(own)
    return frozenset(code for code in own | successors.keys() if who_answers(code, successors, at=at) in own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Succession(Copied):
    """What a program's own departments, aggregates or copies, say of the successors of one."""

    KIND: ClassVar[str] = "department"

    successors: Terms[str] = NOBODY


async def all_successors(read: Reader) -> Successors:
    """Of the departments of this program that have ended or will. All departments are read, as they are few."""
    found = await read.find(Succession, {"successors.held.0": {"$exists": True}}, sort="_id", limit=0)
    return {each.id: each.successors for each in found}


async def matters_of(read: Reader, department: str, *, at: datetime) -> frozenset[str]:
    """The codes that a list of a department's matters shows: those that it answers for at a moment, and its own."""
    return answers_for({department}, await all_successors(read), at=at) | {department}
