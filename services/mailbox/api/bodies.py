"""What clients send: shapes and limits of length."""

from typing import Annotated, Self

from fastapi import Path, Query
from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from services.kernel.contracts.fields import (
    DepartmentCode,
    Email,
    LetterText,
    LetterTitle,
    Phone,
    QueryCode,
    Receipt,
    WriterName,
)
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.event import Known
from services.kernel.http.listing import EARLIEST, LATEST
from services.kernel.http.web import Body

TEXT = r"^[^\x00]*$"

Id = Annotated[Receipt, Path()]
Moment = Annotated[AwareDatetime, Query(gt=EARLIEST, lt=LATEST)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=TEXT)]


class Contact(Body):
    """The writer's name, and at least one way to reach them."""

    name: WriterName
    phone: Phone | None = None
    email: Email | None = None

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
    mailbox: DepartmentCode
    title: LetterTitle
    text: LetterText
    contact: Contact
    consent: bool


class Transfer(Body):
    """The department that must answer the letter, and why."""

    to: DepartmentCode
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

    code: QueryCode


class NewRating(Proof):
    """The writer's judgement, with the code."""

    stars: Annotated[int, Field(ge=1, le=5)]
    solved: bool
