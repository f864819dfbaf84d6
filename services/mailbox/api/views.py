"""The JSON that clients get. A contact stands in its own view alone; a code is shown once."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator

from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import Deadline
from services.kernel.domain.sealed import Sealed
from services.kernel.http.web import View
from services.mailbox.domain import Letter, LetterState


class Receipt(View):
    """What the writer keeps: the code is shown this once. `provisional`: a year's days off are not announced yet."""

    receipt: str
    code: str
    due_at: datetime
    provisional: bool


class StepView(BaseModel):
    """One moment in a letter's life."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    state: str
    department: str


class HandledStepView(StepView):
    """A step as handlers see it, with the reason of a transfer."""

    reason: str | None

    @field_validator("reason", mode="before")
    @classmethod
    def opened(cls, reason: object) -> object:
        return reason.text if isinstance(reason, Sealed) else reason


class RatingView(BaseModel):
    """The writer's judgement."""

    model_config = ConfigDict(from_attributes=True)

    stars: int
    solved: bool


def rated(letter: Letter) -> RatingView | None:
    return RatingView.model_validate(letter.rating) if letter.rating else None


class LetterView(View):
    """A letter as its handlers see it, without the contact: that has a view of its own. Erased texts are null."""

    id: str
    kind: LetterKind
    mailbox: str
    department: str
    state: LetterState
    title: str | None
    text: str | None
    consent: bool
    received_at: datetime
    due_at: datetime
    provisional: bool
    rule: str
    overdue_since: datetime | None
    answer: str | None
    answered_at: datetime | None
    rating: RatingView | None
    disclosed: bool
    steps: list[HandledStepView]

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

    name: str
    phone: str | None
    email: str | None


class DayView(BaseModel):
    """A day of the clock: counted or skipped, and why."""

    day: str
    counted: bool
    why: str


class ClockView(BaseModel):
    """The deadline, explained day by day."""

    received_at: datetime
    due_at: datetime
    rule: str
    calendar: str
    provisional: bool
    days: list[DayView]

    @classmethod
    def of(cls, letter: Letter, due: Deadline) -> Self:
        """`due`: the same deadline, computed again to get its days."""
        return cls(
            received_at=letter.received_at,
            due_at=letter.clock.due_at,
            rule=letter.clock.rule,
            calendar=letter.clock.calendar,
            provisional=letter.clock.provisional,
            days=[DayView(day=each.day.isoformat(), counted=each.counted, why=each.why) for each in due.days],
        )


class StatusView(View):
    """A letter as its writer sees it."""

    receipt: str
    kind: LetterKind
    title: str | None
    text: str | None
    state: LetterState
    department: str
    received_at: datetime
    due_at: datetime
    provisional: bool
    answer: str | None
    answered_at: datetime | None
    rating: RatingView | None
    steps: list[StepView]

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
            provisional=state.clock.provisional,
            answer=state.answer and state.answer.text,
            answered_at=state.answered_at,
            rating=rated(state),
            steps=[StepView.model_validate(step) for step in state.steps],
        )


class Rated(View):
    """That the judgement was kept."""

    receipt: str
