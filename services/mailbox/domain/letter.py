"""What may happen to a letter (来信), by people and by time."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.mailbox import (
    ANYBODY,
    MAYOR,
    LetterAccepted,
    LetterAnswered,
    LetterClosed,
    LetterDueSoon,
    LetterHidden,
    LetterKind,
    LetterOverdue,
    LetterRated,
    LetterReceived,
    LetterTransferred,
)
from services.kernel.domain.calendar import Calendar
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import DescribedEnum, Fact
from services.kernel.domain.person import Person
from services.kernel.domain.sealed import Sealed
from services.mailbox.domain import refusals
from services.mailbox.domain.clock import Clock, Policy, clock
from services.mailbox.domain.copied import Department


class LetterState(DescribedEnum):
    """Where a letter stands."""

    RECEIVED = "received", "it lies with a department that has not taken it on (已收件)"
    ACCEPTED = "accepted", "the department took it on (已受理)"
    ANSWERED = "answered", "the department answered (已答复)"
    CLOSED = "closed", "it is done (已办结)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What the citizen wrote. `contact`: JSON of name, phone and e-mail; only handlers see it."""

    kind: LetterKind
    mailbox: str
    title: Sealed
    text: Sealed
    contact: Sealed
    consent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """The writer's judgement of the answer."""

    stars: int
    solved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One moment in the letter's life. `reason`: of a transfer; handlers see it, the writer does not."""

    at: datetime
    state: str
    department: str
    reason: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """A place of an extract that looked like the writer's contact, and why a handler said that it is none."""

    at: datetime
    by: str
    place: Sealed
    reason: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter(Aggregate):
    """What a citizen wrote to the city; `id` is the receipt number.

    `wakes_at`: the next moment at which time alone changes something. `code_digest`: of the query code.
    `overdue_told`: the due moments that were announced as passed.
    """

    KIND: ClassVar[str] = "letter"

    writing: Writing
    code_digest: Sealed
    department: str
    clock: Clock
    received_at: datetime
    wakes_at: datetime | None
    state: LetterState = LetterState.RECEIVED
    steps: tuple[Step, ...] = ()
    overdue_since: datetime | None = None
    overdue_told: tuple[datetime, ...] = ()
    answer: Sealed | None = None
    answered_at: datetime | None = None
    rating: Rating | None = None
    disclosed: ClaimCheck | None = None
    cleared: tuple[Cleared, ...] = ()
    erased_at: datetime | None = None


class ContactSeen(Fact):
    """A handler looked at the writer's contact; kept, never told."""

    TYPE: ClassVar[str] = "letter.contact_seen"


class LetterReckoned(Fact):
    """Another calendar leaves its deadline as it was; kept, never told."""

    TYPE: ClassVar[str] = "letter.reckoned"

    calendar: str


class LetterErased(Fact):
    """All that was personal in it is gone; kept, never told."""

    TYPE: ClassVar[str] = "letter.erased"

    reason: str


def first_department(mailbox: str, policy: Policy) -> str:
    """Who gets a letter first: the department it is to, or the government office, which directs all others (art. 9)."""
    return policy.mayor_department if mailbox in (MAYOR, ANYBODY) else mailbox


def receive(
    receipt: str,
    writing: Writing,
    *,
    code_digest: Sealed,
    department: Department,
    policy: Policy,
    calendar: Calendar,
    at: datetime,
) -> Decision[Letter]:
    """A new letter; its clock runs from the day of receipt."""
    if not department.letter_duties:
        raise refusals.NO_MAILBOX(department=department.name)
    running = clock(writing.kind, policy, calendar, at=at)
    letter = Letter(
        id=receipt,
        writing=writing,
        code_digest=code_digest,
        department=department.id,
        clock=running,
        received_at=at,
        wakes_at=running.due_soon_at,
        steps=(Step(at=at, state="received", department=department.id),),
    )
    told = LetterReceived(
        at=at,
        letter_id=receipt,
        department=department.id,
        kind=writing.kind,
        mailbox=writing.mailbox,
        due_at=running.due_at,
        rule=running.rule,
        provisional=running.provisional,
    )
    return Decision(letter, (told,))


def accept(letter: Letter, *, by: Person, at: datetime) -> Decision[Letter]:
    """Take the letter on (受理). Accepting it again changes nothing."""
    by.must_answer_for(letter.department)
    match letter.state:
        case LetterState.ACCEPTED:
            return Decision(letter)
        case LetterState.RECEIVED:
            told = LetterAccepted(at=at, letter_id=letter.id, department=letter.department)
            return Decision(stepped(replace(letter, state=LetterState.ACCEPTED), at=at), (told,))
        case LetterState.ANSWERED | LetterState.CLOSED:
            raise refusals.NOT_ACCEPTABLE()


def transfer(letter: Letter, *, to: Department, reason: str, by: Person, at: datetime) -> Decision[Letter]:
    """Hand it to the department that must answer it (转办); the deadline stays.

    If it was due soon or overdue by then, that is told first: it happened to the department that hands it over.
    """
    by.must_answer_for(letter.department)
    if to.id == letter.department:
        return Decision(letter)
    if not to.letter_duties:
        raise refusals.NO_LETTERS(department=to.name)
    match letter.state:
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            told = LetterTransferred(at=at, letter_id=letter.id, department=to.id, from_department=letter.department)
            late = wake(letter, at=at)
            moved = replace(late.state, department=to.id, state=LetterState.RECEIVED)
            return Decision(stepped(moved, at=at, word="transferred", reason=reason), (*late.facts, told))
        case LetterState.ANSWERED | LetterState.CLOSED:
            raise refusals.NOT_TRANSFERABLE()


def answer(letter: Letter, *, text: str, by: Person, at: datetime) -> Decision[Letter]:
    """Answer it (答复); the clock stops. If it was due soon or overdue by then, that is told first."""
    by.must_answer_for(letter.department)
    match letter.state:
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            late = wake(letter, at=at)
            told = LetterAnswered(at=at, letter_id=letter.id, department=letter.department, due_at=letter.clock.due_at)
            answered = replace(
                late.state, state=LetterState.ANSWERED, answer=Sealed(text), answered_at=at, wakes_at=None
            )
            return Decision(stepped(answered, at=at), (*late.facts, told))
        case LetterState.ANSWERED | LetterState.CLOSED:
            raise refusals.ANSWERED()


def close(letter: Letter, *, by: Person, at: datetime) -> Decision[Letter]:
    """Done (办结). Closing it again changes nothing."""
    by.must_answer_for(letter.department)
    match letter.state:
        case LetterState.CLOSED:
            return Decision(letter)
        case LetterState.ANSWERED:
            told = LetterClosed(at=at, letter_id=letter.id, department=letter.department)
            return Decision(stepped(replace(letter, state=LetterState.CLOSED), at=at), (told,))
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            raise refusals.UNANSWERED(step=refusals.CLOSED)


def rate(letter: Letter, rating: Rating, *, at: datetime) -> Decision[Letter]:
    """The writer judges the answer, once; the same judgement again changes nothing."""
    if rating == letter.rating:
        return Decision(letter)
    if letter.rating is not None:
        raise refusals.RATED()
    match letter.state:
        case LetterState.ANSWERED | LetterState.CLOSED:
            told = LetterRated(
                at=at, letter_id=letter.id, department=letter.department, stars=rating.stars, solved=rating.solved
            )
            return Decision(replace(letter, rating=rating), (told,))
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            raise refusals.NOT_RATEABLE()


def look_at_contact(letter: Letter, *, by: Person, at: datetime) -> Decision[Letter]:
    """Every look is recorded with who looked."""
    by.must_answer_for(letter.department)
    return Decision(letter, (ContactSeen(at=at),))


def erase(letter: Letter, *, reason: str, at: datetime) -> Decision[Letter]:
    """Forget what is personal in a letter that is done: who wrote, what they wrote, the answer, the notes.

    An extract is hidden too. What statistics count stays: kind, departments, moments, rating. Erasing it again changes
    nothing.
    """
    if letter.erased_at:
        return Decision(letter)
    match letter.state:
        case LetterState.ANSWERED | LetterState.CLOSED:
            facts: list[Fact] = [LetterErased(at=at, reason=reason)]
            if letter.disclosed:
                facts.append(LetterHidden(at=at, letter_id=letter.id, department=letter.department))
            return Decision(replace(letter, erased_at=at, disclosed=None), tuple(facts), erases=True)
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            raise refusals.UNANSWERED(step=refusals.ERASED)


def wake(letter: Letter, *, at: datetime) -> Decision[Letter]:
    """Tell what time has done up to `at`: due soon, then overdue, each once and with its own moment."""
    facts: list[Fact] = []
    running = letter.clock
    while letter.wakes_at is not None and letter.wakes_at <= at:
        told = {"at": letter.wakes_at, "letter_id": letter.id, "department": letter.department}
        if letter.wakes_at >= running.due_at:
            facts.append(LetterOverdue(**told, due_at=running.due_at, rule=running.rule))
            told_of = (*letter.overdue_told, running.due_at)
            letter = replace(letter, overdue_since=running.due_at, wakes_at=None, overdue_told=told_of)
        else:
            facts.append(LetterDueSoon(**told, due_at=running.due_at))
            letter = replace(letter, wakes_at=running.due_at)
    return Decision(letter, tuple(facts))


def stepped(letter: Letter, *, at: datetime, word: str | None = None, reason: str | None = None) -> Letter:
    step = Step(
        at=at, state=word or letter.state.value, department=letter.department,
        reason=None if reason is None else Sealed(reason),
    )  # fmt: skip
    return replace(letter, steps=(*letter.steps, step))
