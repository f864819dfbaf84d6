"""What clients send: shapes and limits of length."""

from typing import Annotated, Self

from fastapi import Path, Query
from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.event import Known
from services.kernel.http.listing import EARLIEST, LATEST
from services.kernel.http.web import Body

TEXT = r"^[^\x00]*$"

Id = Annotated[str, Path(pattern="^[0-9A-Z-]{1,40}$")]
Moment = Annotated[AwareDatetime, Query(gt=EARLIEST, lt=LATEST)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=TEXT)]
Code = Annotated[str, StringConstraints(pattern="^[0-9]{10}$")]
Department = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9-]{1,39}$")]


class Contact(Body):
    """The writer's name, and at least one way to reach them."""

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

    @property
    def told(self) -> list[str]:
        """Every value that would tell who wrote."""
        return [word for word in (self.name, self.phone, self.email) if word]


class NewLetter(Body):
    """A letter as a citizen writes it."""

    kind: Known[LetterKind]
    mailbox: Department
    title: Title
    text: Text
    contact: Contact
    consent: bool


class Transfer(Body):
    """The department that must answer the letter, and why."""

    to: Department
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=TEXT)]


class NewAnswer(Body):
    """What the department answers."""

    text: Text


class NewExtract(Body):
    """The text that the public may read. A person wrote it, and nothing in it tells who the writer is."""

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
