"""What clients send: shapes and limits of length."""

from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import AwareDatetime, Field, StrictBool

from services.kernel.contracts.fields import DepartmentCode, QueryCode, Receipt, Stars, written
from services.kernel.domain import text
from services.kernel.http.listing import EARLIEST, LATEST
from services.kernel.http.web import Body

Id = Annotated[Receipt, Path()]
Place = Annotated[
    str,
    Header(alias="X-Place", pattern="^[0-9a-f]{32}$|^-$", description="from where a citizen asks, as a hash"),
]
Moment = Annotated[AwareDatetime, Query(gt=EARLIEST, lt=LATEST)]
Title = Annotated[str, written(text.line, 1, 200)]
Text = Annotated[str, written(text.text, 1, 20_000)]
Reason = Annotated[str, written(text.text, 1, 500)]


class Transfer(Body):
    """The department that must answer the letter, and why."""

    to: DepartmentCode
    reason: Reason


class NewAnswer(Body):
    """What the department answers."""

    text: Text


class NoContactBody(Body):
    """A stretch of the extract, as it stands there, that looks like the writer's contact and is none; and why."""

    place: Annotated[str, written(text.line, 1, 100)]
    reason: Reason


class NewExtract(Body):
    """The text that the public may read. A person wrote it, and nothing in it tells who the writer is."""

    title: Title
    question: Text
    answer: Text
    no_contact: Annotated[tuple[NoContactBody, ...], Field(max_length=20)] = ()


class Proof(Body):
    """The query code that only the writer has."""

    code: QueryCode


class NewRating(Proof):
    """The writer's judgement, with the code."""

    stars: Stars
    solved: StrictBool
