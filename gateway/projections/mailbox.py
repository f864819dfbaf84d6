"""What the public may know of letters: counts and times, and the extract a person made."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.mailbox import (
    LetterAccepted,
    LetterAnswered,
    LetterClosed,
    LetterDisclosed,
    LetterEvent,
    LetterHidden,
    LetterKind,
    LetterOverdue,
    LetterRated,
    LetterReceived,
    LetterRedated,
    LetterTransferred,
)
from services.kernel.domain.calendar import day_of, in_time
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import Copy, Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter(Copied):
    """What the public may know of a letter; `id` is its receipt number. `extract`: hash of the public text."""

    KIND: ClassVar[str] = "letter"

    department: str
    kind: LetterKind | None = None
    mailbox: str | None = None
    received_at: datetime | None = None
    due_at: datetime | None = None
    accepted_at: datetime | None = None
    answered_at: datetime | None = None
    in_time: bool | None = None
    overdue_at: datetime | None = None
    closed_at: datetime | None = None
    stars: int | None = None
    solved: bool | None = None
    extract: str | None = None
    disclosed_at: datetime | None = None


def letter_touched(before: Letter | None, after: Letter | None) -> Iterable[str]:
    keys = {"home", "letters"}
    for letter in (before, after):
        if letter:
            keys |= {f"letter:{letter.id}", f"department:{letter.department}"}
    return keys


def counted(letter: Letter) -> Iterable[Count]:
    """For the statistics of a year in Asia/Shanghai, by kind: what was received in it, and what was answered in it.

    Those open stand with the year of their receipt; overdue ones are a part of them.
    """
    if letter.received_at is None or letter.kind is None:
        return
    is_open = letter.answered_at is None and letter.closed_at is None
    yield Count(
        {"year": day_of(letter.received_at).year, "kind": letter.kind.value},
        {"received": 1, "open": is_open, "overdue": is_open and letter.overdue_at is not None},
    )
    if letter.answered_at is not None:
        yield Count(
            {"year": day_of(letter.answered_at).year, "kind": letter.kind.value},
            {
                "answered": 1,
                "in_time": letter.in_time is True,
                "ratings": letter.stars is not None,
                "stars": letter.stars or 0,
            },
        )


letters = Copy(Letter, touched=letter_touched, tally=counted)


def _letter(letter: Letter | None, event: LetterEvent) -> Letter:
    """Who answers it is whom the latest event names."""
    before = letter or Letter(id=event.letter_id, department=event.department)
    return replace(before, department=event.department)


@letters.on(LetterReceived)
def received(letter: Letter | None, event: LetterReceived) -> Letter:
    return replace(
        _letter(letter, event), kind=event.kind, mailbox=event.mailbox, received_at=event.at, due_at=event.due_at
    )


@letters.on(LetterAccepted)
def accepted(letter: Letter | None, event: LetterAccepted) -> Letter:
    return replace(_letter(letter, event), accepted_at=event.at)


@letters.on(LetterTransferred)
def transferred(letter: Letter | None, event: LetterTransferred) -> Letter:
    return _letter(letter, event)


@letters.on(LetterRedated)
def redated(letter: Letter | None, event: LetterRedated) -> Letter:
    """What was overdue by the deadline before is not by one that is still to come."""
    known = _letter(letter, event)
    to_come = known.overdue_at is not None and event.due_at > event.at
    return replace(known, due_at=event.due_at, overdue_at=None if to_come else known.overdue_at)


@letters.on(LetterOverdue)
def overdue(letter: Letter | None, event: LetterOverdue) -> Letter:
    return replace(_letter(letter, event), overdue_at=event.due_at, due_at=event.due_at)


@letters.on(LetterAnswered)
def answered(letter: Letter | None, event: LetterAnswered) -> Letter:
    was_in_time = in_time(event.at, event.due_at)
    return replace(_letter(letter, event), answered_at=event.at, due_at=event.due_at, in_time=was_in_time)


@letters.on(LetterRated)
def rated(letter: Letter | None, event: LetterRated) -> Letter:
    return replace(_letter(letter, event), stars=event.stars, solved=event.solved)


@letters.on(LetterClosed)
def closed(letter: Letter | None, event: LetterClosed) -> Letter:
    return replace(_letter(letter, event), closed_at=event.at)


@letters.on(LetterHidden)
def hidden(letter: Letter | None, event: LetterHidden) -> Letter:
    return replace(_letter(letter, event), extract=None, disclosed_at=None)


@letters.on(LetterDisclosed, fetch=lambda event: event.extract)
def disclosed(letter: Letter | None, event: LetterDisclosed) -> Letter:
    return replace(_letter(letter, event), extract=event.extract.sha256, disclosed_at=event.at)
