"""Letters as departments handle them."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.kernel.contracts.fields import AnsweredBy
from services.kernel.contracts.mailbox import Contact
from services.kernel.domain import refusals as anywhere
from services.kernel.domain.calendar import deadline
from services.kernel.domain.calendars import of_version
from services.kernel.domain.clock import now
from services.kernel.domain.person import Rights, Role
from services.kernel.domain.refusals import missing
from services.kernel.http.listing import Listing, Wanted, several, whose
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Caller, Door, IfMatch, Read
from services.mailbox import store
from services.mailbox.actions import (
    accept_letter,
    answer_letter,
    close_letter,
    disclose_letter,
    see_contact,
    transfer_letter,
)
from services.mailbox.api.bodies import (
    DueBefore,
    Id,
    NewAnswer,
    NewExtract,
    Transfer,
)
from services.mailbox.api.views import ClockView, ContactView, LetterView
from services.mailbox.domain import (
    Extract,
    Letter,
    LetterState,
    NoContact,
    refusals,
)
from services.mailbox.domain.reception import current_rules

router = APIRouter(route_class=Door, tags=["letters"])
HANDLERS = {Role.HANDLER, Role.OFFICE}
MAY: Rights = {
    "GET /letters": HANDLERS,
    "GET /letters/{id}": HANDLERS,
    "GET /letters/{id}/clock": HANDLERS,
    "POST /letters/{id}/contact": HANDLERS,
    "POST /letters/{id}/acceptance": HANDLERS,
    "POST /letters/{id}/transfer": HANDLERS,
    "POST /letters/{id}/answer": HANDLERS,
    "POST /letters/{id}/closing": HANDLERS,
    "POST /letters/{id}/disclosure": HANDLERS,
}
SAYS: Says = {
    "GET /letters": (anywhere.CURSOR, anywhere.FOREIGN),
    "GET /letters/{id}": (anywhere.FOREIGN, anywhere.missing("letter")),
    "POST /letters/{id}/acceptance": (
        anywhere.FOREIGN,
        anywhere.missing("letter"),
        refusals.NOT_ACCEPTABLE,
        anywhere.stale("letter"),
    ),
    "POST /letters/{id}/answer": (
        anywhere.FOREIGN,
        refusals.ANSWERED,
        anywhere.missing("letter"),
        anywhere.stale("letter"),
    ),
    "GET /letters/{id}/clock": (anywhere.FOREIGN, anywhere.missing("letter")),
    "POST /letters/{id}/closing": (
        anywhere.FOREIGN,
        anywhere.missing("letter"),
        anywhere.stale("letter"),
        refusals.UNANSWERED,
    ),
    "POST /letters/{id}/contact": (anywhere.FOREIGN, refusals.GONE, anywhere.missing("letter")),
    "POST /letters/{id}/disclosure": (
        anywhere.FOREIGN,
        refusals.CONTACT_IN_EXTRACT,
        refusals.MAYBE_CONTACT_IN_EXTRACT,
        refusals.GONE,
        anywhere.missing("letter"),
        refusals.NO_CONSENT,
        anywhere.stale("letter"),
        refusals.UNANSWERED,
    ),
    "POST /letters/{id}/transfer": (
        anywhere.FOREIGN,
        anywhere.missing("letter"),
        refusals.NO_LETTERS,
        refusals.NOT_TRANSFERABLE,
        anywhere.stale("letter"),
        anywhere.UNKNOWN_YET,
    ),
}
TAGS = {"letters": "Citizens' letters (来信): handed in, handled, answered in time, and followed by their writers."}
OfDepartment = Annotated[AnsweredBy | None, Query()]
States = Annotated[list[LetterState], several(LetterState)]
ANY: list[LetterState] = []


@router.get("/letters", summary="The queue: soonest due first; a handler sees what their departments answer for")
async def queue(
    read: Read,
    by: Caller,
    portion: Wanted,
    department: OfDepartment = None,
    states: States = ANY,
    due_before: DueBefore | None = None,
) -> Listing[LetterView]:
    """Without a department, of all that the caller answers for; the office sees every one.

    Shown in portions: `next` is the `cursor` of the portion that follows.
    """
    departments = await whose(read, by, department)
    found = await store.queue(
        read, departments=departments, states=states, due_before=due_before, limit=portion.reach, after=portion.after
    )
    return portion.listing(found, sort="clock.due_at", view=LetterView.of)


async def mine(read: Read, by: Caller, id: str) -> Letter:
    """The letter, if the caller answers for its department; else `Forbidden`. `Missing` if there is none."""
    letter = await read.look(Letter, id)
    if letter is None:
        raise missing("letter")(id=id)
    by.must_answer_for(letter.department)
    return letter


def writer(letter: Letter) -> Contact:
    """`Gone` if it was erased."""
    contact = letter.writing.contact.text
    if contact is None:
        raise refusals.GONE()
    return Contact.model_validate_json(contact)


@router.get("/letters/{id}", summary="One letter, without its writer's contact")
async def letter(id: Id, read: Read, by: Caller) -> LetterView:
    """With its text, its deadline and its life so far. The contact is at `POST /letters/{id}/contact`."""
    return LetterView.of(await mine(read, by, id))


@router.get("/letters/{id}/clock", summary="The deadline: each day counted or skipped, and why")
async def clock(id: Id, read: Read, by: Caller) -> ClockView:
    """By the limits in force on the day of receipt, and the calendar with which the clock was last reckoned."""
    found = await mine(read, by, id)
    limit = (await current_rules(read)).rule(found.clock.rule).limits[found.writing.kind]
    calendar = await of_version(read, found.clock.calendar)
    return ClockView.of(found, deadline(found.received_at, limit, calendar))


@router.post("/letters/{id}/contact", summary="Look at the writer's contact; every look is recorded")
async def contact(id: Id, answer: Answer, by: Caller) -> ContactView:
    """For handlers of the department that must answer it, and the office. Once it was erased, 410."""

    def opened(letter: Letter) -> ContactView:
        found = writer(letter)
        return ContactView(version=letter.version, name=found.name, phone=found.phone, email=found.email)

    return await answer(opened, see_contact, id, by=by, at=now())


@router.post("/letters/{id}/acceptance", summary="Take a letter on")
async def acceptance(id: Id, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    """受理: from `received` to `accepted`. Taking it on again changes nothing."""
    return await answer(LetterView.of, accept_letter, id, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/transfer", summary="Hand a letter to the department that must answer it")
async def transferral(id: Id, body: Transfer, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    """转办: it lies with the other department as received. The deadline stays. An answered letter goes nowhere."""
    return await answer(
        LetterView.of, transfer_letter, id, to=body.to, reason=body.reason, by=by, at=now(), expected=expected
    )


@router.post("/letters/{id}/answer", summary="Answer a letter")
async def answering(id: Id, body: NewAnswer, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    """答复: its writer reads it at once, with receipt and code. At `due_at` or later it is late."""
    return await answer(LetterView.of, answer_letter, id, text=body.text, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/closing", summary="Close an answered letter")
async def closing(id: Id, answer: Answer, by: Caller, expected: IfMatch = None) -> LetterView:
    """办结: only what was answered. Closing it again changes nothing."""
    return await answer(LetterView.of, close_letter, id, by=by, at=now(), expected=expected)


@router.post("/letters/{id}/disclosure", summary="Publish an extract of it, with its writer's consent")
async def disclosure(
    id: Id, body: NewExtract, answer: Answer, read: Read, by: Caller, expected: IfMatch = None
) -> LetterView:
    """A person writes the extract. It is refused where it tells the writer's name or contact, however hidden.

    What only looks like a contact passes with a reason, in `no_contact`. Only an answered letter is disclosed.
    """
    told = writer(await mine(read, by, id)).told
    return await answer(
        LetterView.of,
        disclose_letter,
        id,
        Extract(title=body.title, question=body.question, answer=body.answer),
        contact=told,
        no_contact=[NoContact(said.place, said.reason) for said in body.no_contact],
        by=by,
        at=now(),
        expected=expected,
    )
