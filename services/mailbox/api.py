"""HTTP in, HTTP out."""

import json
import secrets
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from services.kernel.calendar import day_of, deadline, official
from services.kernel.clock import now
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.crypto import Vault, new_code
from services.kernel.decision import Missing
from services.kernel.person import Role
from services.kernel.web import Answer, Body, Caller, Door, IfMatch, Page, Paged, Read, Sealing, Table, View
from services.mailbox import store
from services.mailbox.actions import (
    accept_letter,
    answer_letter,
    close_letter,
    disclose_letter,
    rate_letter,
    receive_letter,
    see_contact,
    transfer_letter,
)
from services.mailbox.domain import Letter, LetterState, Rating, Writing, in_force

router = APIRouter(route_class=Door, tags=["letters"])
HANDLERS = {Role.HANDLER, Role.OFFICE}
MAY = Table(
    {
        "POST /letters": {Role.SERVICE},
        "GET /letters": HANDLERS,
        "GET /letters/{id}": HANDLERS,
        "GET /letters/{id}/clock": HANDLERS,
        "POST /letters/{id}/contact": HANDLERS,
        "POST /letters/{id}/acceptance": HANDLERS,
        "POST /letters/{id}/transfer": HANDLERS,
        "POST /letters/{id}/answer": HANDLERS,
        "POST /letters/{id}/closing": HANDLERS,
        "POST /letters/{id}/disclosure": HANDLERS,
        "POST /letters/{id}/status": {Role.SERVICE},
        "POST /letters/{id}/rating": {Role.SERVICE},
    }
)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like something else
TEXT = r"^[^\x00]*$"

Id = Annotated[str, Path(pattern="^[0-9A-Z-]{1,40}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=TEXT)]
Code = Annotated[str, StringConstraints(pattern="^[0-9]{10}$")]
Department = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{1,39}$")]


class Contact(Body):
    """How the writer can be reached; at least one way."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=TEXT)]
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+ -]{5,20}$")] | None = None
    email: (
        Annotated[str, StringConstraints(max_length=100, pattern=r"^[^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+$")] | None
    ) = None

    @model_validator(mode="after")
    def reachable(self) -> Self:
        if not (self.phone or self.email):
            raise ValueError("Give a telephone number or an e-mail address.")
        return self


class NewLetter(Body):
    """A letter as a citizen writes it."""

    kind: LetterKind
    mailbox: Department
    title: Title
    text: Text
    contact: Contact
    consent: bool


class Receipt(View):
    """What the writer keeps: the code is shown this once."""

    receipt: str
    code: str
    due_at: datetime


class StepView(BaseModel):
    """One moment in a letter's life."""

    at: datetime
    state: str
    department: str


class RatingView(BaseModel):
    """The writer's judgement."""

    stars: int
    solved: bool


class LetterView(View):
    """A letter as its handlers see it; the contact is asked for apart."""

    id: str
    kind: LetterKind
    mailbox: str
    department: str
    state: LetterState
    title: str
    text: str
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
    steps: list[StepView]

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
            title=state.writing.title,
            text=state.writing.text,
            consent=state.writing.consent,
            received_at=state.received_at,
            due_at=state.clock.due_at,
            provisional=state.clock.provisional,
            rule=state.clock.rule,
            overdue_since=state.overdue_since,
            answer=state.answer,
            answered_at=state.answered_at,
            rating=RatingView(stars=state.rating.stars, solved=state.rating.solved) if state.rating else None,
            disclosed=state.disclosed is not None,
            steps=[StepView(at=s.at, state=s.state, department=s.department) for s in state.steps],
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


class Transfer(Body):
    """To whom, and why."""

    to: Department
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=TEXT)]


class NewAnswer(Body):
    """What the department answers."""

    text: Text


class Extract(Body):
    """What the public may read: made by a person, without anything that tells who wrote."""

    title: Title
    question: Text
    answer: Text


class Proof(Body):
    """The query code that only the writer has."""

    code: Code


class NewRating(Proof):
    """The writer's judgement, with the code."""

    stars: Annotated[int, Field(ge=1, le=5)]
    solved: bool


def receipt_number(at: datetime) -> str:
    """The day in Shanghai and six characters by chance."""
    return f"{day_of(at):%Y%m%d}-{''.join(secrets.choice(ALPHABET) for _ in range(6))}"


@router.post("/letters", status_code=201, summary="Hand a letter in, for the citizen who wrote it")
async def reception(body: NewLetter, answer: Answer, sealing: Sealing) -> Receipt:
    at, code = now(), new_code()
    writing = Writing(
        kind=body.kind,
        mailbox=body.mailbox,
        title=body.title,
        text=body.text,
        contact=sealing.seal(body.contact.model_dump_json().encode()),
        consent=body.consent,
    )

    def receipt(letter: Letter) -> Receipt:
        return Receipt(version=letter.version, receipt=letter.id, code=code, due_at=letter.clock.due_at)

    return await answer(
        receipt,
        receive_letter,
        receipt_number(at),
        writing,
        code_digest=sealing.digest(code),
        policy=in_force(store.policies(), at),
        calendar=official(),
        at=at,
    )


@router.get("/letters", summary="The queue: soonest due first; a handler sees their own department's")
async def queue(
    read: Read,
    by: Caller,
    paging: Paged,
    department: Department | None = None,
    state: LetterState | None = None,
    due_before: AwareDatetime | None = None,
) -> Page[LetterView]:
    if Role.OFFICE not in by.roles:
        department = department or next(iter(by.departments), "")
    if department is not None:
        by.must_answer_for(department)
    found = await store.queue(
        read, department=department, state=state, due_before=due_before, limit=paging.limit, after=paging.after
    )
    return paging.page(found, sort="clock.due_at", view=LetterView.of)


async def mine(read: Read, by: Caller, id: str) -> Letter:
    """The letter, for those who answer for it."""
    letter = await read.look(Letter, id)
    if letter is None:
        raise Missing("letter.missing", f"There is no letter {id}.")
    by.must_answer_for(letter.department)
    return letter


@router.get("/letters/{id}", summary="One letter, without its writer's contact")
async def letter(id: Id, read: Read, by: Caller) -> LetterView:
    return LetterView.of(await mine(read, by, id))


@router.get("/letters/{id}/clock", summary="The deadline: each day counted or skipped, and why")
async def clock(id: Id, read: Read, by: Caller) -> ClockView:
    found = await mine(read, by, id)
    limit = in_force(store.policies(), found.received_at).limits[found.writing.kind]
    due = deadline(found.received_at, limit, official())
    days = [DayView(day=step.day.isoformat(), counted=step.counted, why=step.why) for step in due.steps]
    return ClockView(
        received_at=found.received_at,
        due_at=found.clock.due_at,
        rule=found.clock.rule,
        calendar=found.clock.calendar,
        provisional=found.clock.provisional,
        days=days,
    )


@router.post("/letters/{id}/contact", summary="Look at the writer's contact; every look is recorded")
async def contact(id: Id, answer: Answer, by: Caller, sealing: Sealing) -> ContactView:
    def opened(letter: Letter) -> ContactView:
        found = Contact.model_validate_json(sealing.open(letter.writing.contact))
        return ContactView(version=letter.version, name=found.name, phone=found.phone, email=found.email)

    return await answer(opened, see_contact, id, by=by, at=now())


@router.post("/letters/{id}/acceptance", summary="Take a letter on")
async def acceptance(id: Id, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    return await answer(LetterView.of, accept_letter, id, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/transfer", summary="Hand a letter to the department that must answer it")
async def transferral(id: Id, body: Transfer, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    return await answer(LetterView.of, transfer_letter, id, to=body.to, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/answer", summary="Answer a letter")
async def answering(id: Id, body: NewAnswer, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    return await answer(LetterView.of, answer_letter, id, text=body.text, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/closing", summary="Close an answered letter")
async def closing(id: Id, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    return await answer(LetterView.of, close_letter, id, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/disclosure", summary="Publish an extract of it, with its writer's consent")
async def disclosure(
    id: Id, body: Extract, answer: Answer, read: Read, sealing: Sealing, by: Caller, expected: IfMatch = None
) -> LetterView:
    found = await mine(read, by, id)
    writer = Contact.model_validate_json(sealing.open(found.writing.contact))
    extract = json.dumps(
        {"title": body.title, "question": body.question, "answer": body.answer}, ensure_ascii=False
    ).encode()
    return await answer(
        LetterView.of,
        disclose_letter,
        id,
        extract,
        contact=[word for word in (writer.name, writer.phone, writer.email) if word],
        by=by,
        at=now(),
        expected=expected,
    )


class StatusView(View):
    """A letter as its writer sees it."""

    receipt: str
    kind: LetterKind
    title: str
    text: str
    state: LetterState
    department: str
    received_at: datetime
    due_at: datetime
    answer: str | None
    answered_at: datetime | None
    rating: RatingView | None
    steps: list[StepView]


async def proven(read: Read, vault: Vault, id: str, code: str) -> Letter:
    """The letter, for who has its code. An unknown receipt and a wrong code look the same, and take the same time."""
    found = await read.look(Letter, id)
    if not vault.matches(code, found.code_digest if found else vault.digest("")) or found is None:
        raise Missing("letter.no_such_receipt", "No letter has this receipt number and this query code.")
    return found


@router.post("/letters/{id}/status", summary="A letter for its writer, by receipt number and query code")
async def status(id: Id, body: Proof, read: Read, sealing: Sealing) -> StatusView:
    found = await proven(read, sealing, id, body.code)
    rating = found.rating
    return StatusView(
        version=found.version,
        receipt=found.id,
        kind=found.writing.kind,
        title=found.writing.title,
        text=found.writing.text,
        state=found.state,
        department=found.department,
        received_at=found.received_at,
        due_at=found.clock.due_at,
        answer=found.answer,
        answered_at=found.answered_at,
        rating=RatingView(stars=rating.stars, solved=rating.solved) if rating else None,
        steps=[StepView(at=s.at, state=s.state, department=s.department) for s in found.steps],
    )


class Rated(View):
    """That the judgement was kept."""

    receipt: str


@router.post("/letters/{id}/rating", summary="Judge the answer, as the letter's writer")
async def rating(id: Id, body: NewRating, answer: Answer, read: Read, sealing: Sealing) -> Rated:
    await proven(read, sealing, id, body.code)

    def rated(letter: Letter) -> Rated:
        return Rated(version=letter.version, receipt=letter.id)

    return await answer(rated, rate_letter, id, Rating(stars=body.stars, solved=body.solved), at=now())
