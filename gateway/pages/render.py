"""Pages from their templates: for everybody, or for one person."""

from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment

from gateway.answer import Ask, model, public, status
from gateway.cache import Basis
from gateway.pages.words import environment
from gateway.static import STYLE
from gateway.store import Reading
from services.kernel.domain.clock import now

HTML = "text/html; charset=utf-8"
TEMPLATES: Environment = environment()
V = TypeVar("V")


async def page(request: Request, ask: Ask[V], template: str, *, query: str = "") -> Response:
    def show(view: V, reading: Reading) -> tuple[bytes, int]:
        return rendered(template, reading, view=view), status(view)

    return await public(request, ask, show, media_type=HTML, query=query)


def rendered(template: str, reading: Reading | None, **values: Any) -> bytes:
    """`reading` None: a page without the tree, for the case that not even that can be read."""
    top = reading.few.children.get(None, []) if reading else []
    return TEMPLATES.get_template(template).render(style=STYLE, navigation=top, **values).encode()


async def private(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for one person. It is kept nowhere: not here, not on the way, not in the browser."""
    reading = await model(request).reading(Basis(), now())
    return unkept(rendered(template, reading, few=reading.few, answering=reading.answering, **values), status)


def unkept(body: bytes, status: int) -> Response:
    return HTMLResponse(body, status, headers={"Cache-Control": "no-store"})
