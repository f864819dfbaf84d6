"""What clients send: shapes and limits of length."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import AwareDatetime, Field, StringConstraints

from services.kernel.contracts.fields import (
    DepartmentCode,
    QueryCode,
    Receipt,
)
from services.kernel.http.listing import EARLIEST, LATEST
from services.kernel.http.web import Body

TEXT = r"^[^\x00]*$"

Id = Annotated[Receipt, Path()]
Moment = Annotated[AwareDatetime, Query(gt=EARLIEST, lt=LATEST)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=TEXT)]


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
