"""What the public may read of a letter: an extract that a person made, never naming its writer."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.kernel.contracts.mailbox import LetterDisclosed
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Decision
from services.kernel.domain.person import Person
from services.kernel.domain.sealed import Sealed
from services.mailbox.domain import refusals
from services.mailbox.domain.letter import Cleared, Letter, LetterState
from services.mailbox.domain.redaction import places


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """A public extract (公开摘编) of a letter and its answer."""

    title: str
    question: str
    answer: str

    @property
    def data(self) -> bytes:
        """JSON, as the event names it by its hash."""
        said = {"title": self.title, "question": self.question, "answer": self.answer}
        return json.dumps(said, ensure_ascii=False).encode()

    @property
    def check(self) -> ClaimCheck:
        return ClaimCheck.of(self.data, "application/json")


class NoContact(NamedTuple):
    """What a person says of a stretch of the extract that was taken for the writer's contact: it is none, and why."""

    place: str
    reason: str


def disclose(
    letter: Letter,
    extract: Extract,
    *,
    contact: Iterable[str],
    no_contact: Collection[NoContact] = (),
    by: Person,
    at: datetime,
) -> Decision[Letter]:
    """Publish an extract, with the writer's consent; `contact`: their name, phone and e-mail, which must not be in it.

    A place that could be something else is passed by `no_contact`, kept with its reason; a whole number or address is
    not. The same extract again changes nothing; another one takes its place.
    """
    by.must_answer_for(letter.department)
    if letter.erased_at:
        raise refusals.GONE()
    if not letter.writing.consent:
        raise refusals.NO_CONSENT()
    _must_not_tell(extract, contact, no_contact)
    match letter.state:
        case LetterState.ANSWERED | LetterState.CLOSED:
            if letter.disclosed == extract.check:
                return Decision(letter)
            told = LetterDisclosed(at=at, letter_id=letter.id, department=letter.department, extract=extract.check)
            cleared = tuple(
                Cleared(at=at, by=by.sub, place=Sealed(said.place), reason=Sealed(said.reason)) for said in no_contact
            )
            return Decision(replace(letter, disclosed=extract.check, cleared=letter.cleared + cleared), (told,))
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            raise refusals.UNANSWERED(step=refusals.DISCLOSED)


def _must_not_tell(extract: Extract, contact: Iterable[str], no_contact: Collection[NoContact]) -> None:
    parts = (extract.title, extract.question, extract.answer)
    contact = tuple(contact)
    found = [(part, place) for part in parts for place in places(part, contact)]
    for part, place in sorted(found, key=lambda each: not each[1].certain):
        if place.certain:
            raise refusals.CONTACT_IN_EXTRACT(place=place.shown(part))
        if not any(place.lies_within(said.place, part) for said in no_contact):
            raise refusals.MAYBE_CONTACT_IN_EXTRACT(place=place.shown(part))
