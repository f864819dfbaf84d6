"""Letters: handed in, handled, and followed by their writers."""

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.kernel.contracts.fields import AnsweredBy
from services.kernel.contracts.mailbox import Contact, NewLetter
from services.kernel.domain import refusals as anywhere
from services.kernel.domain.calendar import day_of, deadline, last_day
from services.kernel.domain.calendars import of_version
from services.kernel.domain.clock import now
from services.kernel.domain.person import Rights, Role
from services.kernel.domain.refusals import missing
from services.kernel.domain.sealed import Sealed
from services.kernel.http.listing import Listing, Wanted, several, whose
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Caller, Door, Doorway, Entered, IfMatch, Read
from services.kernel.storage.crypto import digest, matches, new_code
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
from services.mailbox.api.bodies import (
    DueBefore,
    Id,
    NewAnswer,
    NewExtract,
    NewRating,
    Place,
    Proof,
    Transfer,
)
from services.mailbox.api.views import ClockView, ContactView, LetterView, Rated, Receipt, StatusView
from services.mailbox.domain import (
    Extract,
    Guesses,
    Letter,
    LetterState,
    NoContact,
    Rating,
    Writing,
    may_try,
    refusals,
    tries,
)
from services.mailbox.domain.reception import current_rules

router = APIRouter(route_class=Door, tags=["letters"])
HANDLERS = {Role.HANDLER, Role.OFFICE}
MAY: Rights = {
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
SAYS: Says = {
    "GET /letters": (anywhere.CURSOR, anywhere.FOREIGN),
    "POST /letters": (refusals.NO_MAILBOX, anywhere.UNKNOWN_YET),
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
    "POST /letters/{id}/rating": (
        refusals.NO_SUCH_RECEIPT,
        refusals.NOT_RATEABLE,
        refusals.RATED,
        refusals.TOO_MANY_CODES,
    ),
    "POST /letters/{id}/status": (refusals.NO_SUCH_RECEIPT, refusals.TOO_MANY_CODES),
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
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no two characters look alike
OfDepartment = Annotated[AnsweredBy | None, Query()]
States = Annotated[list[LetterState], several(LetterState)]
ANY: list[LetterState] = []
NOBODYS = f"{'00' * 16}${'0' * 64}"  # no code has it; an unknown receipt is compared with it, to take as long


def receipt_number(at: datetime) -> str:
    """The day in Shanghai and six characters by chance."""
    return f"{day_of(at):%Y%m%d}-{''.join(secrets.choice(ALPHABET) for _ in range(6))}"


def at_hand(request: Request) -> store.AtHand:
    """Of this program."""
    state = request.app.state
    if not hasattr(state, "at_hand"):
        state.at_hand = store.AtHand()
    found: store.AtHand = state.at_hand
    return found


@router.post("/letters", status_code=201, summary="Hand a letter in, for the citizen who wrote it")
async def reception(request: Request, body: NewLetter, answer: Answer) -> Receipt:
    """For the gateway. The clock runs by the limits in force today; the code is shown this once.

    A letter to `mayor` goes to the department that the limits name, which directs it.
    """
    at, code = now(), new_code()
    writing = Writing(
        kind=body.kind,
        mailbox=body.mailbox,
        title=Sealed(body.title),
        text=Sealed(body.text),
        contact=Sealed(body.contact.model_dump_json()),
        consent=body.consent,
    )

    def receipt(letter: Letter) -> Receipt:
        due = letter.clock
        return Receipt(
            version=letter.version, receipt=letter.id, code=code, due_at=due.due_at, last_day=last_day(due.due_at),
            provisional=due.provisional,
        )  # fmt: skip

    return await answer(
        receipt,
        receive_letter,
        receipt_number(at),
        writing,
        known=await at_hand(request)(answer.transact.reader(), body.mailbox, at=at),
        code_digest=Sealed(digest(code)),
        at=at,
    )


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


async def proven(door: Doorway, id: str, code: str, place: str) -> Letter:
    """The letter, if `code` is its code. `place`: from where it is asked, as the caller calls it.

    An unknown receipt and a wrong code look the same, cost the same time and are counted the same.
    """
    read, at = door.transact.reader(), now()
    policy = (await current_rules(read)).policy(at)
    here, everywhere = tries(id, place)
    may_try(await read.look(Guesses, here), await read.look(Guesses, everywhere), policy, at=at)
    found = await read.look(Letter, id)
    kept = found.code_digest.text if found else None
    if not matches(code, kept or NOBODYS) or found is None:
        await store.count_wrong_code(read.db, (here, everywhere), policy, at=at)
        raise refusals.NO_SUCH_RECEIPT()
    return found


@router.post("/letters/{id}/status", summary="A letter for its writer, by receipt number and query code")
async def status(id: Id, body: Proof, door: Entered, place: Place = "-") -> StatusView:
    """For the gateway. An unknown receipt and a wrong code are answered alike; too many wrong codes are refused."""
    return StatusView.of(await proven(door, id, body.code, place))


@router.post("/letters/{id}/rating", summary="Judge the answer, as the letter's writer")
async def rating(id: Id, body: NewRating, answer: Answer, door: Entered, place: Place = "-") -> Rated:
    """For the gateway: 评价, once, after the answer. It counts in the statistics of the department."""
    await proven(door, id, body.code, place)

    def rated(letter: Letter) -> Rated:
        return Rated(version=letter.version, receipt=letter.id)

    return await answer(rated, rate_letter, id, Rating(stars=body.stars, solved=body.solved), at=now())
