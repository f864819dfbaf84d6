"""From a question to a finished page: read, rendered, kept if it may be."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import time
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment
from pydantic import BaseModel

from gateway.cache import Basis, Finished, Page, Shelf
from gateway.pages.words import environment
from gateway.static import STYLE
from gateway.store import Reading, ReadModel
from services.kernel.domain.clock import now

HTML, JSON = "text/html; charset=utf-8", "application/json"
TEMPLATES: Environment = environment()
V = TypeVar("V")

Ask = Callable[[Reading], Awaitable[V]]
Show = Callable[[V, Reading], tuple[bytes, int]]
"""The body and its status."""


def model(request: Request) -> ReadModel:
    found: ReadModel = request.app.state.program.model
    return found


def shelf(request: Request) -> Shelf:
    found: Shelf = request.app.state.program.shelf
    return found


async def public(request: Request, ask: Ask[V], show: Show[V], *, media_type: str, query: str = "") -> Response:
    """`query`: the query in its usual form, with only what the page depends on.

    The page is kept only if the request's query is written so: else any query of a stranger's would take a place.
    """

    async def make() -> Page:
        basis = Basis()
        reading = await model(request).reading(basis, now())
        body, status = show(await ask(reading), reading)
        return Page.of(body, media_type, status=status, rests=basis.rests, until=_host(basis.until))

    asked = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["path"]
    return Finished(
        await (shelf(request).once(f"{path}?{query}" if query else path, make) if asked == query else make())
    )


def _host(until: datetime | None) -> float:
    """The moment by the host's clock; a local run may shift our own clock ahead of it."""
    return time() + (until - now()).total_seconds() if until else float("inf")


async def page(
    request: Request, ask: Ask[V], template: str, *, status: Callable[[V], int] = lambda _: 200, query: str = ""
) -> Response:
    def show(view: V, reading: Reading) -> tuple[bytes, int]:
        return rendered(template, reading, view=view), status(view)

    return await public(request, ask, show, media_type=HTML, query=query)


async def json(
    request: Request, ask: Ask[V], *, status: Callable[[V], int] = lambda _: 200, query: str = ""
) -> Response:
    def show(view: V, _: Reading) -> tuple[bytes, int]:
        assert isinstance(view, BaseModel)
        return view.model_dump_json().encode(), status(view)

    return await public(request, ask, show, media_type=JSON, query=query)


def rendered(template: str, reading: Reading | None, **values: Any) -> bytes:
    """`reading` None: a page without the tree, for the case that not even that can be read."""
    top = reading.few.children.get(None, []) if reading else []
    return TEMPLATES.get_template(template).render(style=STYLE, navigation=top, **values).encode()


async def private(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for one person. It is kept nowhere: not here, not on the way, not in the browser."""
    reading = await model(request).reading(Basis(), now())
    return unkept(rendered(template, reading, few=reading.few, **values), status)


def unkept(body: bytes, status: int) -> Response:
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})
