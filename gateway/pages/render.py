"""Pages from their templates: for everybody, or for one person."""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from gateway.answer import Ask, model, public, site_of, status
from gateway.cache import Basis
from gateway.pages.words import environment
from gateway.site import Site
from gateway.store import Reading
from services.kernel.domain.clock import now

HTML = "text/html; charset=utf-8"
V = TypeVar("V")


async def page(request: Request, ask: Ask[V], template: str, *, query: str = "") -> Response:
    def show(view: V, reading: Reading) -> tuple[bytes, int]:
        return rendered(site_of(request), template, reading, view=view), status(view)

    return await public(request, ask, show, media_type=HTML, query=query)


def rendered(site: Site, template: str, reading: Reading | None, **values: Any) -> bytes:
    """`reading` None: a page without the tree, for the case that not even that can be read."""
    top = reading.few.children.get(None, []) if reading else []
    return environment(site).get_template(template).render(navigation=top, **values).encode()


async def private(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for one person. It is kept nowhere: not here, not on the way, not in the browser."""
    reading = await model(request).reading(Basis(), now())
    named = {"few": reading.few, "answering": reading.answering}
    return unkept(rendered(site_of(request), template, reading, **named, **values), status)


def unkept(body: bytes, status: int) -> Response:
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})
