"""What everybody may read, as JSON."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from gateway import refusals, views
from gateway.answer import MonthInPath, json, query
from gateway.store import Reading, columns, home, items, ledger, letters, scores
from gateway.upstream import upstream
from services.kernel.contracts.fields import Receipt
from services.kernel.domain.refusals import CURSOR
from services.kernel.http.listing import LIMIT, Portion, Wanted
from services.kernel.http.once import Route
from services.kernel.http.problem import Says

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
}  # fmt: skip
Revision = Annotated[int, Query(ge=1, le=100_000, description="Which revision; the latest if unset", examples=[1])]
Indicator = Annotated[str, Query(max_length=100, description="The line's code", examples=["letters_in_time"])]


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
