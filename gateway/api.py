"""The same as JSON, and letters for programs."""

import re
from functools import partial
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import AfterValidator, BaseModel

from gateway import refusals, views
from gateway.answer import MonthInPath, json, query
from gateway.limits import LETTERS, Counted, ask_mailbox, may_ask, may_write
from gateway.store import Reading, columns, home, items, ledger, letters, scores
from gateway.upstream import Own, Written, upstream
from services.kernel.contracts.describing import Described, Told, example
from services.kernel.contracts.fields import QueryCode, Receipt, Solved, Stars
from services.kernel.contracts.mailbox import NewLetter
from services.kernel.domain.decision import Wrong
from services.kernel.domain.refusals import ANSWER_GONE, CURSOR, KEY_REUSED
from services.kernel.http.listing import LIMIT, Portion, Wanted
from services.kernel.http.once import Route
from services.kernel.http.problem import MEDIA_TYPE, Says
from services.kernel.http.web import Body

router = APIRouter(prefix="/api/v1", route_class=Route)

ItemInPath = Annotated[
    str, Path(min_length=1, max_length=200, description="The item's id", examples=["city-bus-service-standard"])
]
ColumnInPath = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="The column's path, or one that it had before",
        examples=["disclosure/notices"],
    ),
]
CodeInPath = Annotated[
    str, Path(min_length=1, max_length=200, description="The department's code", examples=["finance"])
]
VersionInPath = Annotated[
    str, Path(min_length=1, max_length=100, description="The scheme's version", examples=["qingyuan-2008/2"])
]
ReceiptInPath = Annotated[Receipt, Path()]
GONE: dict[int | str, dict[str, Any]] = {410: {"model": views.Tombstone, "description": "Withdrawn: what stays of it"}}
RETIRED: dict[int | str, dict[str, Any]] = {410: {"model": views.Retired, "description": "Retired: where readers go"}}
PASSING = (refusals.TOO_OFTEN, refusals.MAILBOX_AWAY)
SAYS: Says = {
    "GET /api/v1/columns/{path}": (refusals.NO_COLUMN, CURSOR),
    "GET /api/v1/items/{id}": (refusals.NO_ITEM, refusals.NO_REVISION),
    "GET /api/v1/departments/{code}": (refusals.NO_DEPARTMENT, CURSOR),
    "GET /api/v1/ledger/{department}/verification": (refusals.NO_DEPARTMENT, refusals.PUBLISHING_AWAY),
    "GET /api/v1/letters": (CURSOR,),
    "GET /api/v1/letters/{receipt}": (refusals.NOT_PUBLIC,),
    "GET /api/v1/scores/schemes/{version}": (refusals.NO_SCHEME,),
    "GET /api/v1/scores/{month}": (refusals.NO_MONTH,),
    "GET /api/v1/scores/{month}/{department}": (refusals.NO_ASSESSMENT,),
    "GET /api/v1/scores/{month}/{department}/facts": (refusals.NO_ASSESSMENT, refusals.NO_INDICATOR, CURSOR),
    "POST /api/v1/letters": (*PASSING, KEY_REUSED, ANSWER_GONE, *refusals.passed_on("POST /letters")),
    "POST /api/v1/letters/{receipt}/status": (*PASSING, *refusals.passed_on("POST /letters/{id}/status")),
    "POST /api/v1/letters/{receipt}/rating": (
        *PASSING, KEY_REUSED, ANSWER_GONE, *refusals.passed_on("POST /letters/{id}/rating"),
    ),
}  # fmt: skip
Revision = Annotated[int, Query(ge=1, le=100_000, description="Which revision; the latest if unset", examples=[1])]
Indicator = Annotated[str, Query(max_length=100, description="The line's code", examples=["letters_in_time"])]
KEY, VARIED = re.compile(r"[A-Za-z0-9_-]{22,255}"), 8  # different characters; a random key has more
TAGS = {
    "portal": "The front page.",
    "columns": "The tree of the portal's columns (栏目), each with its duty to be current and its items.",
    "items": "What departments made public (信息), in every revision, with what the ledger says of it.",
    "departments": "The departments (单位) and what is their own.",
    "letters": "Letters to the city (来信): write one, follow it, read those that were made public.",
    "scores": "The monthly assessment (月度考评), down to the facts.",
}
ABOUT = (
    "Everything that the portal shows, as JSON, for everybody and without a token; and letters for programs. Times are "
    "UTC; days are of Beijing's calendar. Answers carry an `ETag`: `If-None-Match` gets 304. What departments do has "
    "APIs of its own, with tokens, at each service."
)
OF_MAILBOX = ("content-language", "retry-after", "vary", "idempotent-replayed")
"""Headers of its answers that are passed on."""


def listed(portion: Portion, **values: object) -> str:
    """How a query for a portion of a list is written."""
    return query(**values, limit=portion.limit if portion.limit != LIMIT else None, cursor=portion.cursor)


@router.get("/home", summary="The front page", response_model=views.HomeView, tags=["portal"])
async def front(request: Request) -> Response:
    """The latest news and notices, the tree, letters with their statistics, and the latest scores."""
    return await json(request, home.home)


@router.get("/columns", summary="The tree of live columns", response_model=views.Tree, tags=["columns"])
async def tree(request: Request) -> Response:
    """From level 1 down, siblings in their order, each with its `path`."""

    async def ask(reading: Reading) -> views.Tree:
        return views.Tree(columns=columns.branches(reading))

    return await json(request, ask)


@router.get(
    "/columns/{path:path}", summary="A column, its duty and its items", response_model=views.ColumnView,
    responses=RETIRED, tags=["columns"],
)  # fmt: skip
async def column(request: Request, path: ColumnInPath, portion: Wanted) -> Response:
    """The items of its branch, newest first, in portions. A retired column says where its readers go, with 410."""
    return await json(request, partial(columns.column, path=path, portion=portion), query=listed(portion))


@router.get(
    "/items/{id}", summary="An item: the latest revision, or the one asked for", response_model=views.ItemView,
    responses=GONE, tags=["items"],
)  # fmt: skip
async def item(request: Request, id: ItemInPath, revision: Revision | None = None) -> Response:
    """With its text as sanitised HTML. A withdrawn item says why, with 410."""

    async def ask(reading: Reading) -> views.ItemView | views.Tombstone:
        return await items.with_seen(reading, await items.item(reading, id, revision))

    return await json(request, ask, query=query(revision=revision))


@router.get("/departments", summary="All departments", response_model=views.Departments, tags=["departments"])
async def departments(request: Request) -> Response:
    """By code, those that have ended too: they name their successor."""

    async def ask(reading: Reading) -> views.Departments:
        return views.Departments(departments=columns.departments(reading))

    return await json(request, ask)


@router.get(
    "/departments/{code}", summary="A department and what is its own", response_model=views.DepartmentView,
    tags=["departments"],
)  # fmt: skip
async def department(request: Request, code: CodeInPath, portion: Wanted) -> Response:
    """Its columns, letters and scores, and its items, newest first, in portions."""
    return await json(request, partial(columns.department, code=code, portion=portion), query=listed(portion))


@router.get(
    "/ledger/{department}/verification", summary="A department's ledger, its whole chain recomputed",
    response_model=views.LedgerView, tags=["items"],
)  # fmt: skip
async def verification(request: Request, department: CodeInPath) -> Response:
    """Whether every entry is as it was written, as publishing finds it within the last ten minutes."""

    async def ask(reading: Reading) -> views.LedgerView:
        return await ledger.verified(reading, upstream(request), department)

    return await json(request, ask)


@router.get("/letters", summary="Statistics and public letters", response_model=views.LettersView, tags=["letters"])
async def letter_list(request: Request, portion: Wanted) -> Response:
    """The letters whose writers agreed, as a person made them fit for the public; the latest first, in portions."""
    return await json(request, partial(letters.listing, portion=portion), query=listed(portion))


@router.get("/letters/{receipt}", summary="A public letter", response_model=views.ExtractView, tags=["letters"])
async def letter(request: Request, receipt: ReceiptInPath) -> Response:
    """Question and answer as the public may read them. One's own letter: `POST /api/v1/letters/{receipt}/status`."""
    return await json(request, partial(letters.letter, receipt=receipt))


@router.get("/scores", summary="Months whose assessment is published", response_model=views.ScoresView, tags=["scores"])
async def months(request: Request) -> Response:
    """The latest first, with how many departments were scored."""
    return await json(request, scores.months)


@router.get(
    "/scores/schemes", summary="The rules by which months are scored", response_model=views.SchemesView, tags=["scores"]
)
async def schemes(request: Request) -> Response:
    """What each line measures, in words for everybody, and since when."""
    return await json(request, scores.schemes)


@router.get(
    "/scores/schemes/{version:path}", summary="One version of these rules", response_model=views.SchemeView,
    tags=["scores"],
)  # fmt: skip
async def scheme(request: Request, version: VersionInPath) -> Response:
    """The version that an assessment names as its `scheme`."""
    return await json(request, partial(scores.scheme, version=version))


@router.get("/scores/{month}", summary="A month as a table", response_model=views.MonthView, tags=["scores"])
async def month(request: Request, month: MonthInPath) -> Response:
    """Each department's points by indicator, with score and rank; best first."""
    return await json(request, partial(scores.month, month=month))


@router.get(
    "/scores/{month}/{department}", summary="A department's month, every line with its facts",
    response_model=views.AssessmentView, tags=["scores"],
)  # fmt: skip
async def assessment(request: Request, month: MonthInPath, department: CodeInPath) -> Response:
    """How each point follows, in words with its numbers, and the first of the facts that it rests on."""
    return await json(request, partial(scores.assessment, month=month, department=department))


@router.get(
    "/scores/{month}/{department}/facts", summary="The facts that a line rests on, by time, in portions",
    response_model=views.FactsView, tags=["scores"],
)  # fmt: skip
async def facts(
    request: Request, month: MonthInPath, department: CodeInPath, indicator: Indicator, portion: Wanted
) -> Response:
    """Each fact with what it counted as, and the page that shows what it speaks of."""
    ask = partial(scores.facts, month=month, department=department, indicator=indicator, portion=portion)
    return await json(request, ask, query=listed(portion, indicator=indicator))


class WithCode(Body):
    """What only the writer knows."""

    model_config = example(code="4831957260")

    code: QueryCode


class Rating(WithCode):
    """What the writer thinks of the answer."""

    model_config = example(code="4831957260", stars=5, solved=True)

    stars: Stars
    solved: Solved


class Rated(Described):
    """That the judgement was kept."""

    receipt: Told[Receipt]


def unguessable(key: str) -> str:
    """A public key: whoever has it gets the first answer again, with its code."""
    if not KEY.fullmatch(key) or len(set(key)) < VARIED:
        raise Wrong(
            "请用至少22个随机字符（字母、数字、连字符、下划线）作 Idempotency-Key，例如 UUID。",
            "Send at least 22 random letters, digits, hyphens and underscores as the Idempotency-Key, as a UUID has.",
        )
    return key


Key = Annotated[
    Annotated[str, AfterValidator(unguessable)] | None,
    Header(
        description="At least 22 random characters, as a UUID has: the same key and body within a day get the same "
        "answer, with the code", examples=["0f8fad5b-d9cb-469f-a165-70867728950e"],
    ),
]  # fmt: skip


@router.post(
    "/letters", status_code=201, summary="Write a letter; the receipt and the code are shown once",
    response_model=Written, tags=["letters"],
)  # fmt: skip
async def write(request: Request, body: NewLetter, idempotency_key: Key = None) -> Response:
    """It is confirmed once it is durable, and its clock runs. Keep receipt and code: they are the way back to it."""
    return await _passed_on(request, LETTERS, body, idempotency_key, may_write(request))


@router.post(
    "/letters/{receipt}/status", summary="One's own letter, with its code", response_model=Own, tags=["letters"]
)
async def status(request: Request, receipt: ReceiptInPath, body: WithCode) -> Response:
    """Where it stands, until when it is answered, and the answer. Kept nowhere on the way."""
    return await _passed_on(request, f"/letters/{receipt}/status", body, None, may_ask(request))


@router.post(
    "/letters/{receipt}/rating", summary="Rate the answer, with the letter's code", response_model=Rated,
    tags=["letters"],
)  # fmt: skip
async def rating(request: Request, receipt: ReceiptInPath, body: Rating, idempotency_key: Key = None) -> Response:
    """Once, after the answer. It counts in the statistics of the department."""
    return await _passed_on(request, f"/letters/{receipt}/rating", body, idempotency_key, may_ask(request))


async def _passed_on(request: Request, path: str, body: BaseModel, key: str | None, counted: Counted) -> Response:
    """Mailbox's own answer, its problems too; kept nowhere. A letter counts only once it was taken."""
    said, language = body.model_dump(mode="json", exclude_none=True), request.headers.get("accept-language")
    try:
        answer = await ask_mailbox(request, path, said, counted, key=key, language=language)
    except httpx.TransportError as error:
        raise refusals.MAILBOX_AWAY() from error
    media_type = MEDIA_TYPE if answer.is_error else "application/json"
    headers = {"Cache-Control": "no-store"}
    headers |= {name: answer.headers[name] for name in OF_MAILBOX if name in answer.headers}
    return Response(answer.content, answer.status_code, headers=headers, media_type=media_type)
