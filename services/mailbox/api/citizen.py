"""Letters as their writers hand them in, follow and judge them, through the gateway."""

import secrets
from datetime import datetime

from fastapi import APIRouter, Request

from services.kernel.contracts.mailbox import NewLetter
from services.kernel.domain import refusals as anywhere
from services.kernel.domain.calendar import day_of, last_day
from services.kernel.domain.clock import now
from services.kernel.domain.person import Rights, Role
from services.kernel.domain.sealed import Sealed
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Door, Doorway, Entered
from services.kernel.storage.crypto import digest, matches, new_code
from services.mailbox import store
from services.mailbox.actions import rate_letter, receive_letter
from services.mailbox.api.bodies import Id, NewRating, Place, Proof
from services.mailbox.api.views import Rated, Receipt, StatusView
from services.mailbox.domain import Guesses, Letter, Rating, Writing, may_try, refusals, tries
from services.mailbox.domain.reception import current_rules

router = APIRouter(route_class=Door, tags=["letters"])
MAY: Rights = {
    "POST /letters": {Role.SERVICE},
    "POST /letters/{id}/status": {Role.SERVICE},
    "POST /letters/{id}/rating": {Role.SERVICE},
}
SAYS: Says = {
    "POST /letters": (refusals.NO_MAILBOX, anywhere.UNKNOWN_YET),
    "POST /letters/{id}/rating": (
        refusals.NO_SUCH_RECEIPT,
        refusals.NOT_RATEABLE,
        refusals.RATED,
        refusals.TOO_MANY_CODES,
    ),
    "POST /letters/{id}/status": (refusals.NO_SUCH_RECEIPT, refusals.TOO_MANY_CODES),
}
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no two characters look alike
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
