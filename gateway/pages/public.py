"""What everybody may read."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from gateway import refusals
from gateway.answer import MonthInPath, model, query
from gateway.cache import Basis
from gateway.pages.render import page
from gateway.store import Reading, columns, home, items, ledger, letters, scores
from gateway.upstream import upstream
from gateway.views import ColumnView, ExtractView, Retired
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Missing
from services.kernel.http.listing import Portion

router = APIRouter()
LIMIT = 20
FACTS = 100  # of a line, on one page

Id = Annotated[str, Path(min_length=1, max_length=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Revision = Annotated[int | None, Query(ge=1, le=100_000)]


@router.get("/")
async def front(request: Request) -> Response:
    return await page(request, home.home, "home.html")


@router.get("/columns")
async def tree(request: Request) -> Response:
    async def ask(reading: Reading) -> object:
        return columns.branches(reading)

    return await page(request, ask, "columns.html")


@router.get("/columns/{path:path}")
async def column(request: Request, path: Id, cursor: Cursor = None) -> Response:
    where = at(cursor)
    few = (await model(request).reading(Basis(), now())).few
    known = few.found(path)
    if known is not None and not known.is_live:
        return await _retired(request, path)
    if known is not None and few.path[known.id] != path:  # it moved, or one above it did
        return RedirectResponse(f"/columns/{few.path[known.id]}", 301, headers={"Cache-Control": "no-cache"})

    async def ask(reading: Reading) -> ColumnView:
        found = await columns.column(reading, path, where)
        if isinstance(found, Retired):  # just now
            raise refusals.COLUMN_RETIRED(path=path)
        return found

    return await page(request, ask, "column.html", query=query(cursor=cursor))


async def _retired(request: Request, path: str) -> Response:
    """Send readers on to the column that took its place; if none did, tell them so."""
    found = await columns.column(await model(request).reading(Basis(), now()), path, at(None))
    if isinstance(found, Retired) and found.successor and found.successor.path:
        return RedirectResponse(f"/columns/{found.successor.path}", 301, headers={"Cache-Control": "no-cache"})

    async def ask(reading: Reading) -> object:
        return await columns.column(reading, path, at(None))

    return await page(request, ask, "retired.html")


@router.get("/items/{id}")
async def item(request: Request, id: Id, revision: Revision = None) -> Response:
    async def ask(reading: Reading) -> object:
        return await items.item(reading, id, revision)

    return await page(request, ask, "item.html", query=query(revision=revision))


@router.get("/ledger/{department}")
async def ledger_of(request: Request, department: Id) -> Response:
    async def ask(reading: Reading) -> object:
        return await ledger.verified(reading, upstream(request), department)

    return await page(request, ask, "ledger.html")


@router.get("/departments")
async def departments(request: Request) -> Response:
    async def ask(reading: Reading) -> object:
        return columns.departments(reading)

    return await page(request, ask, "departments.html")


@router.get("/departments/{code}")
async def department(request: Request, code: Id, cursor: Cursor = None) -> Response:
    where = at(cursor)

    async def ask(reading: Reading) -> object:
        return await columns.department(reading, code, where)

    return await page(request, ask, "department.html", query=query(cursor=cursor))


@router.get("/letters")
async def letter_list(request: Request, cursor: Cursor = None) -> Response:
    where = at(cursor)

    async def ask(reading: Reading) -> object:
        return await letters.listing(reading, where)

    return await page(request, ask, "letters.html", query=query(cursor=cursor))


@router.get("/letters/{receipt}")
async def letter(request: Request, receipt: Id) -> Response:
    """The public extract, and a form for the writer.

    A private letter shows only the form, and so does an unknown receipt.
    """

    async def ask(reading: Reading) -> ExtractView:
        return await letters.letter(reading, receipt)

    try:
        return await page(request, ask, "letter.html")
    except Missing:
        return await _only_the_form(request, receipt)


async def _only_the_form(request: Request, receipt: str) -> Response:
    from gateway.pages.private import ask_for_code

    return await ask_for_code(request, receipt)


@router.get("/scores")
async def months(request: Request) -> Response:
    return await page(request, scores.months, "scores.html")


@router.get("/scores/schemes")
async def schemes(request: Request) -> Response:
    return await page(request, scores.schemes, "schemes.html")


@router.get("/scores/schemes/{version:path}")
async def scheme(request: Request, version: Id) -> Response:
    async def ask(reading: Reading) -> object:
        return await scores.scheme(reading, version)

    return await page(request, ask, "scheme.html")


@router.get("/scores/{month}")
async def month(request: Request, month: MonthInPath) -> Response:
    async def ask(reading: Reading) -> object:
        return await scores.month(reading, month)

    return await page(request, ask, "month.html")


@router.get("/scores/{month}/{department}")
async def assessment(request: Request, month: MonthInPath, department: Id) -> Response:
    async def ask(reading: Reading) -> object:
        return await scores.assessment(reading, month, department)

    return await page(request, ask, "assessment.html")


@router.get("/scores/{month}/{department}/facts")
async def facts(
    request: Request, month: MonthInPath, department: Id, indicator: Annotated[str, Query(max_length=100)],
    cursor: Cursor = None,
) -> Response:  # fmt: skip
    portion = Portion.of(FACTS, cursor)

    async def ask(reading: Reading) -> object:
        return await scores.facts(reading, month, department, indicator, portion)

    return await page(request, ask, "facts.html", query=query(indicator=indicator, cursor=cursor))


def at(cursor: str | None) -> Portion:
    return Portion.of(LIMIT, cursor)
