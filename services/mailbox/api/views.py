"""The JSON that clients get. A contact stands in its own view alone; a code is shown once."""

from typing import Self

from pydantic import field_validator

from services.kernel.contracts import fields
from services.kernel.contracts.describing import Told
from services.kernel.contracts.fields import (
    DepartmentCode,
    DueAt,
    Email,
    LastDay,
    Mailbox,
    Moment,
    Phone,
    QueryCode,
    Solved,
    WriterName,
)
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import Deadline, last_day
from services.kernel.domain.sealed import Sealed
from services.kernel.http.web import Shape, View
from services.mailbox.domain import Letter, LetterState


class Receipt(View):
    """What the writer keeps."""

    receipt: Told[fields.Receipt]
    code: Told[QueryCode]
    due_at: DueAt
    """The first moment at which an answer is late: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay
    provisional: bool
    """Whether the deadline may still move, as a year's days off are not announced yet."""


class StepView(Shape):
    """One moment in a letter's life."""

    at: Moment
    """When. UTC."""
    state: str
    """The state that the letter came into, as `accepted`; `transferred` when it was handed over."""
    department: Told[DepartmentCode]
    """The code of the department with which it lay from then on."""


class HandledStepView(StepView):
    """A step as handlers see it."""

    reason: str | None
    """Why it was handed over; null in other steps, and once it was erased."""

    @field_validator("reason", mode="before")
    @classmethod
    def opened(cls, reason: object) -> object:
        return reason.text if isinstance(reason, Sealed) else reason


class RatingView(Shape):
    """The writer's judgement."""

    stars: int
    """How good the answer is: 1 (poor) to 5 (very good)."""
    solved: Solved


def rated(letter: Letter) -> RatingView | None:
    return RatingView.model_validate(letter.rating) if letter.rating else None


class LetterView(View):
    """A letter as its handlers see it, without the contact: that has a view of its own."""

    id: Told[fields.Receipt]
    kind: LetterKind
    mailbox: Told[Mailbox]
    department: Told[DepartmentCode]
    """The code of the department that must answer it."""
    state: LetterState
    title: str | None
    """What it is about; null once it was erased."""
    text: str | None
    """What the citizen wrote; null once it was erased."""
    consent: bool
    """Whether an extract without the writer's name and contact may be made public."""
    received_at: Moment
    """When it was received. UTC."""
    due_at: DueAt
    """The first moment at which an answer is late: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay
    provisional: bool
    """Whether the deadline may still move, as a year's days off are not announced yet."""
    rule: str
    """The version of the limits that the deadline came from."""
    overdue_since: Moment | None
    """The deadline that passed without an answer, in UTC; null if none did."""
    answer: str | None
    """What the department answered; null before, and once it was erased."""
    answered_at: Moment | None
    """When the department answered, in UTC; null before."""
    rating: RatingView | None
    """The writer's judgement; null while there is none."""
    disclosed: bool
    """Whether an extract of it is public."""
    steps: list[HandledStepView]
    """Its life so far, oldest first."""

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Letter)
        return cls(
            version=state.version,
            id=state.id,
            kind=state.writing.kind,
            mailbox=state.writing.mailbox,
            department=state.department,
            state=state.state,
            title=state.writing.title.text,
            text=state.writing.text.text,
            consent=state.writing.consent,
            received_at=state.received_at,
            due_at=state.clock.due_at,
            last_day=last_day(state.clock.due_at),
            provisional=state.clock.provisional,
            rule=state.clock.rule,
            overdue_since=state.overdue_since,
            answer=state.answer and state.answer.text,
            answered_at=state.answered_at,
            rating=rated(state),
            disclosed=state.disclosed is not None,
            steps=[HandledStepView.model_validate(step) for step in state.steps],
        )


class ContactView(View):
    """The writer's contact."""

    name: Told[WriterName]
    phone: Told[Phone] | None
    """A telephone number; null if the writer gave none."""
    email: Told[Email] | None
    """An e-mail address; null if the writer gave none."""


class DayView(Shape):
    """A day of the clock: counted or skipped, and why."""

    day: str
    """In Beijing's calendar, as `2026-11-27`."""
    counted: bool
    """Whether it counts."""
    why: str
    """`weekday`, `weekend`, `调休上班` (a make-up day), or the holiday's name, as 国庆节."""


class ClockView(Shape):
    """The deadline, explained day by day. The day of receipt is day zero."""

    received_at: Moment
    """When the letter was received. UTC."""
    due_at: DueAt
    """The first moment at which an answer is late: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay
    rule: str
    """The version of the limits that it came from: the one in force on the day of receipt."""
    calendar: str
    """The version of the calendar of working days that it was reckoned with, as `calendar-7`."""
    provisional: bool
    """Whether it may still move, as a year's days off are not announced yet."""
    days: list[DayView]
    """The days after the day of receipt, up to the last."""

    @classmethod
    def of(cls, letter: Letter, due: Deadline) -> Self:
        """`due`: the same deadline, computed again to get its days."""
        return cls(
            received_at=letter.received_at,
            due_at=letter.clock.due_at,
            last_day=last_day(letter.clock.due_at),
            rule=letter.clock.rule,
            calendar=letter.clock.calendar,
            provisional=letter.clock.provisional,
            days=[DayView(day=each.day.isoformat(), counted=each.counted, why=each.why) for each in due.days],
        )


class StatusView(View):
    """A letter as its writer sees it."""

    receipt: Told[fields.Receipt]
    kind: LetterKind
    title: str | None
    """What it is about; null once it was erased."""
    text: str | None
    """What the writer wrote; null once it was erased."""
    state: LetterState
    department: Told[DepartmentCode]
    """The code of the department that must answer it."""
    received_at: Moment
    """When it was received. UTC."""
    due_at: DueAt
    """The first moment at which an answer is late: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay
    provisional: bool
    """Whether the deadline may still move, as a year's days off are not announced yet."""
    answer: str | None
    """What the department answered; null before, and once it was erased."""
    answered_at: Moment | None
    """When the department answered, in UTC; null before."""
    rating: RatingView | None
    """The writer's own judgement; null while there is none."""
    steps: list[StepView]
    """Its life so far, oldest first."""

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Letter)
        return cls(
            version=state.version,
            receipt=state.id,
            kind=state.writing.kind,
            title=state.writing.title.text,
            text=state.writing.text.text,
            state=state.state,
            department=state.department,
            received_at=state.received_at,
            due_at=state.clock.due_at,
            last_day=last_day(state.clock.due_at),
            provisional=state.clock.provisional,
            answer=state.answer and state.answer.text,
            answered_at=state.answered_at,
            rating=rated(state),
            steps=[StepView.model_validate(step) for step in state.steps],
        )


class Rated(View):
    """That the judgement was kept."""

    receipt: Told[fields.Receipt]
