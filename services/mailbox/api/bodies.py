"""What clients send: shapes and limits of length."""

from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import AwareDatetime, Field

from services.kernel.contracts.describing import example, means
from services.kernel.contracts.fields import DepartmentCode, QueryCode, Receipt, Solved, Stars, written
from services.kernel.domain import text
from services.kernel.http.listing import EARLIEST, LATEST
from services.kernel.http.web import Body

Id = Annotated[Receipt, Path()]
Place = Annotated[
    str,
    Header(alias="X-Place", pattern="^[0-9a-f]{32}$|^-$", description="From where a citizen asks, as a hash"),
]
DueBefore = Annotated[
    AwareDatetime,
    Query(
        gt=EARLIEST, lt=LATEST, description="Only those whose deadline ends before this moment",
        examples=["2026-12-18T00:00:00+08:00"],
    ),
]  # fmt: skip
Title = Annotated[
    str, written(text.line, 1, 200), means("What it is about, without anything that tells who wrote.", "路灯不亮")
]
Text = Annotated[str, written(text.text, 1, 20_000), means("The text of the answer.", "可以在电子税务局开具。")]
Reason = Annotated[str, written(text.text, 1, 500), means("Why.", "事项属市市场监督管理局职责。")]


class Transfer(Body):
    """The department that must answer the letter, and why."""

    model_config = example(to="market", reason="事项属市市场监督管理局职责。")

    to: DepartmentCode
    """The code of the department that must answer it from now on; it must have letter duties."""
    reason: Reason
    """Why it is handed over; handlers see it, the public does not."""


class NewAnswer(Body):
    """What the department answers."""

    model_config = example(text="可以在电子税务局开具，也可以到办税服务厅办理。")

    text: Text


class NoContactBody(Body):
    """A stretch of the extract that looks like the writer's contact and is none."""

    place: Annotated[str, written(text.line, 1, 100), means("The stretch, as it stands there.", "0763-3361819")]
    reason: Reason
    """Why it is none, as that it is the department's own telephone number."""


class NewExtract(Body):
    """The text that the public may read. A person wrote it, and nothing in it tells who the writer is."""

    model_config = example(
        title="电子发票在哪里开具", question="请问电子发票在哪里开具？", answer="可以在电子税务局开具。", no_contact=[]
    )

    title: Title
    question: Text
    """What the public reads of the letter."""
    answer: Text
    """What the public reads of the answer."""
    no_contact: Annotated[tuple[NoContactBody, ...], Field(max_length=20)] = ()
    """What looks like the writer's contact and is none, so that it passes."""


class Proof(Body):
    """The query code that only the writer has."""

    model_config = example(code="4831957260")

    code: QueryCode


class NewRating(Proof):
    """The writer's judgement, with the code."""

    model_config = example(code="4831957260", stars=5, solved=True)

    stars: Stars
    solved: Solved
