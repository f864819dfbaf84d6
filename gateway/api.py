"""The same as JSON, and letters for programs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import httpx
from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field, StringConstraints

from gateway import views
from gateway.pages.forms import CODE, EMAIL, LIMITS, PHONE
from gateway.pages.private import forms
from gateway.pages.public import gone
from gateway.pages.render import json
from gateway.pages.words import query
from gateway.store import Reading, columns, home, items, letters, scores
from gateway.upstream import upstream
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.decision import Away
from services.kernel.http.problem import MEDIA_TYPE, Problem, request_id
from services.kernel.http.web import Body, Paged
from services.kernel.telemetry import log

V = TypeVar("V")
router = APIRouter(prefix="/api/v1", responses={404: {"model": Problem}})

Id = Annotated[str, Path(min_length=1, max_length=200)]
Receipt = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Month = Annotated[str, Path(pattern=r"^\d{4}-\d{2}$", examples=["2026-10"])]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Code = Annotated[str, StringConstraints(pattern=f"^{CODE.pattern}$")]
GONE: dict[int | str, dict[str, Any]] = {410: {"model": views.Tombstone, "description": "Withdrawn: what stays of it"}}
RETIRED: dict[int | str, dict[str, Any]] = {410: {"model": views.Retired, "description": "Retired: where readers go"}}


def paged(limit: int, cursor: str | None) -> str:
    """How a query for part of a list is written."""
    return query(limit=limit if limit != 50 else None, cursor=cursor)


def plain(ask: Callable[..., Awaitable[V]], *args: object) -> Callable[[Reading], Awaitable[V]]:
    async def asked(reading: Reading) -> V:
        return await ask(reading, *args)

    return asked


@router.get("/home", summary="The front page", response_model=views.HomeView, tags=["portal"])
async def front(request: Request) -> Response:
    return await json(request, home.home)


@router.get("/columns", summary="The tree of live columns", response_model=views.Tree, tags=["columns"])
async def tree(request: Request) -> Response:
    async def ask(reading: Reading) -> views.Tree:
        return views.Tree(columns=columns.branches(reading))

    return await json(request, ask)


@router.get(
    "/columns/{path:path}", summary="A column, its duty and its items", response_model=views.ColumnView,
    responses=RETIRED, tags=["columns"],
)  # fmt: skip
async def column(request: Request, path: Id, paging: Paged, limit: Limit = 50, cursor: Cursor = None) -> Response:
    def status(view: object) -> int:
        return 410 if isinstance(view, views.Retired) else 200

    return await json(request, plain(columns.column, path, paging), status=status, query=paged(limit, cursor))


@router.get(
    "/items/{id}", summary="An item: the latest revision, or the one asked for", response_model=views.ItemView,
    responses=GONE, tags=["items"],
)  # fmt: skip
async def item(request: Request, id: Id, revision: Annotated[int | None, Query(ge=1, le=100_000)] = None) -> Response:
    async def ask(reading: Reading) -> views.ItemView | views.Tombstone:
        return await items.with_seen(reading, await items.item(reading, id, revision))

    return await json(request, ask, status=gone, query=query(revision=revision))


@router.get("/departments", summary="All departments", response_model=views.Departments, tags=["departments"])
async def departments(request: Request) -> Response:
    async def ask(reading: Reading) -> views.Departments:
        return views.Departments(departments=columns.departments(reading))

    return await json(request, ask)


@router.get(
    "/departments/{code}", summary="A department and what is its own", response_model=views.DepartmentView,
    tags=["departments"],
)  # fmt: skip
async def department(request: Request, code: Id, paging: Paged, limit: Limit = 50, cursor: Cursor = None) -> Response:
    return await json(request, plain(columns.department, code, paging), query=paged(limit, cursor))


@router.get("/letters", summary="Statistics and public letters", response_model=views.LettersView, tags=["letters"])
async def letter_list(request: Request, paging: Paged, limit: Limit = 50, cursor: Cursor = None) -> Response:
    return await json(request, plain(letters.page, paging), query=paged(limit, cursor))


@router.get("/letters/{receipt}", summary="A public letter", response_model=views.ExtractView, tags=["letters"])
async def letter(request: Request, receipt: Receipt) -> Response:
    return await json(request, plain(letters.letter, receipt))


@router.get("/scores", summary="Months whose assessment is published", response_model=views.ScoresView, tags=["scores"])
async def months(request: Request) -> Response:
    return await json(request, scores.months)


@router.get("/scores/{month}", summary="A month as a table", response_model=views.MonthView, tags=["scores"])
async def month(request: Request, month: Month) -> Response:
    return await json(request, plain(scores.month, month))


@router.get(
    "/scores/{month}/{department}", summary="A department's month, every line with its facts",
    response_model=views.AssessmentView, tags=["scores"],
)  # fmt: skip
async def assessment(request: Request, month: Month, department: Id) -> Response:
    return await json(request, plain(scores.assessment, month, department))


class Contact(Body):
    """How the writer can be reached: a phone number, an e-mail address, or both."""

    name: str = Field(min_length=LIMITS["name"][0], max_length=LIMITS["name"][1])
    phone: str | None = Field(None, max_length=20, pattern=f"^{PHONE.pattern}$")
    email: str | None = Field(None, max_length=100, pattern=f"^{EMAIL.pattern}$")


class NewLetter(Body):
    """A letter. `mailbox`: `mayor`, or a department's code. `consent`: whether an extract may be made public."""

    kind: LetterKind
    mailbox: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=LIMITS["title"][0], max_length=LIMITS["title"][1])
    text: str = Field(min_length=LIMITS["text"][0], max_length=LIMITS["text"][1])
    contact: Contact
    consent: bool


class WithCode(Body):
    """What only the writer knows."""

    code: Code


class Rating(WithCode):
    """What the writer thinks of the answer."""

    stars: Literal[1, 2, 3, 4, 5]
    solved: bool


Key = Annotated[str | None, Header(min_length=8, max_length=255)]


@router.post(
    "/letters", status_code=201, summary="Write a letter; the receipt and the code are shown once", tags=["letters"]
)
async def write(request: Request, body: NewLetter, idempotency_key: Key = None) -> Response:
    forms(request).count(request, forms(request).writing)
    return await _passed_on(request, "/letters", body, idempotency_key)


@router.post("/letters/{receipt}/status", summary="One's own letter, with its code", tags=["letters"])
async def status(request: Request, receipt: Receipt, body: WithCode) -> Response:
    forms(request).count(request, forms(request).asking)
    return await _passed_on(request, f"/letters/{receipt}/status", body, None)


@router.post("/letters/{receipt}/rating", summary="Rate the answer, with the letter's code", tags=["letters"])
async def rating(request: Request, receipt: Receipt, body: Rating, idempotency_key: Key = None) -> Response:
    forms(request).count(request, forms(request).asking)
    return await _passed_on(request, f"/letters/{receipt}/rating", body, idempotency_key)


async def _passed_on(request: Request, path: str, body: Body, key: str | None) -> Response:
    """Mailbox's own answer, its problems too; kept nowhere."""
    try:
        answer = await upstream(request).mailbox(
            path, body.model_dump(mode="json", exclude_none=True), key=key, request=request_id(request)
        )
    except httpx.TransportError as error:
        log.warning("mailbox.away", error=type(error).__name__)
        raise Away("mailbox.away", "Letters cannot be taken or shown just now. Try again in a moment.") from error
    media_type = MEDIA_TYPE if answer.is_error else "application/json"
    return Response(answer.content, answer.status_code, headers={"Cache-Control": "no-store"}, media_type=media_type)
