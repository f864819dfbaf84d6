"""What the public may read of a letter: an extract that a person made, never naming its writer."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.kernel.contracts.mailbox import LetterDisclosed
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Decision
from services.kernel.domain.person import Person
from services.mailbox.domain import refusals
from services.mailbox.domain.letter import Letter, LetterState

BETWEEN = re.compile(r"[\s\-‐-―_.,，。·•()]+")  # characters that people write between the digits of a number
CHINA = re.compile(r"^(?:\+|00)?86(?=1\d{10}$)")  # China's country code before a mobile number


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

    def names(self, contact: Iterable[str]) -> bool:
        """Whether it contains the writer's name, phone or e-mail, in any usual way of writing them."""
        told = [unmasked(part) for part in (self.title, self.question, self.answer)]
        return any(word in part for word in map(unmasked, contact) if word for part in told)


def unmasked(text: str) -> str:
    """The text without what could hide a name or a number in it: full-width forms, case, spaces, country code."""
    together = BETWEEN.sub("", unicodedata.normalize("NFKC", text).casefold())
    return CHINA.sub("", together)


def disclose(letter: Letter, extract: Extract, *, contact: Iterable[str], by: Person, at: datetime) -> Decision[Letter]:
    """Publish an extract, with the writer's consent; `contact`: their name, phone and e-mail, which must not be in it.

    The same extract again changes nothing; another one takes its place.
    """
    by.must_answer_for(letter.department)
    if letter.erased_at:
        raise refusals.GONE()
    if not letter.writing.consent:
        raise refusals.NO_CONSENT()
    if extract.names(contact):
        raise refusals.CONTACT_IN_EXTRACT()
    match letter.state:
        case LetterState.ANSWERED | LetterState.CLOSED:
            if letter.disclosed == extract.check:
                return Decision(letter)
            told = LetterDisclosed(at=at, letter_id=letter.id, department=letter.department, extract=extract.check)
            return Decision(replace(letter, disclosed=extract.check), (told,))
        case LetterState.RECEIVED | LetterState.ACCEPTED:
            raise refusals.UNANSWERED(step=refusals.DISCLOSED)
