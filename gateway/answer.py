"""From a question to an answer for everybody, as a page or as JSON: asked, made into bytes, kept if it may be."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import time
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from fastapi import Path, Request, Response
from pydantic import BaseModel

from gateway.cache import Basis, Finished, Page, Shelf
from gateway.site import Site
from gateway.store import Reading, ReadModel
from gateway.views import Retired, Tombstone
from services.kernel.domain.clock import now

V = TypeVar("V")

MonthInPath = Annotated[
    str, Path(pattern=r"^\d{4}-\d{2}$", description="A month in Asia/Shanghai, as YYYY-MM", examples=["2026-10"])
]
"""One that no calendar has is not found, like one that was never assessed."""

Ask = Callable[[Reading], Awaitable[V]]
Show = Callable[[V, Reading], tuple[bytes, int]]
"""The body and its status."""


def model(request: Request) -> ReadModel:
    found: ReadModel = request.app.state.program.model
    return found


def site_of(request: Request) -> Site:
    found: Site = request.app.state.program.site
    return found


def shelf(request: Request) -> Shelf:
    found: Shelf = request.app.state.program.shelf
    return found


async def public(request: Request, ask: Ask[V], show: Show[V], *, media_type: str, query: str = "") -> Response:
    """`query`: what the page depends on, written in one form. However it was asked for, it is made and kept once."""

    async def make() -> Page:
        basis = Basis()
        reading = await model(request).reading(basis, now())
        body, status = show(await ask(reading), reading)
        return Page.of(body, media_type, status=status, rests=basis.rests, until=_host(basis.until))

    key, pages = path_of(request, query), shelf(request)
    return Finished(pages.get(key) or await pages.once(key, make))


def path_of(request: Request, query: str) -> str:
    """The one address of a page, however it was asked for."""
    path: str = request.scope["path"]
    return f"{path}?{query}" if query else path


def _host(until: datetime | None) -> float:
    """The moment by the host's clock, which ours may run ahead of."""
    return time() + (until - now()).total_seconds() if until else float("inf")


async def json(request: Request, ask: Ask[V], *, query: str = "") -> Response:
    def show(view: V, _: Reading) -> tuple[bytes, int]:
        assert isinstance(view, BaseModel)
        return view.model_dump_json().encode(), status(view)

    return await public(request, ask, show, media_type="application/json", query=query)


def status(view: object) -> int:
    """410 for what is no longer there."""
    return 410 if isinstance(view, Retired | Tombstone) else 200


def query(**values: object) -> str:
    return urlencode({name: value for name, value in values.items() if value is not None})
