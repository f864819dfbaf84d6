"""Pages from their templates: for everybody, or for one person."""

from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from gateway.answer import Ask, model, path_of, public, site_of, status
from gateway.cache import Basis
from gateway.cache.page import CODED, chosen
from gateway.pages.words import environment
from gateway.site import Site
from gateway.store import Few, Reading
from services.kernel.domain.clock import now

HTML = "text/html; charset=utf-8"
V = TypeVar("V")


async def page(request: Request, ask: Ask[V], template: str, *, query: str = "") -> Response:
    def show(view: V, reading: Reading) -> tuple[bytes, int]:
        values = {"path": quote(path_of(request, query), safe="/?&=%"), "view": view}
        return rendered(site_of(request), template, reading.few, **values), status(view)

    return await public(request, ask, show, media_type=HTML, query=query)


def rendered(site: Site, template: str, few: Few | None, **values: Any) -> bytes:
    """`few` None: a page without the tree, for the case that not even that can be read."""
    top = few.children.get(None, []) if few else []
    return environment(site).get_template(template).render(navigation=top, few=few, **values).encode()


async def private(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page for one person. It is kept nowhere: not here, not on the way, not in the browser."""
    reading = await model(request).reading(Basis(), now())
    body = rendered(site_of(request), template, reading.few, answering=reading.answering, **values)
    return unkept(request, body, status)


def unkept(request: Request, body: bytes, status: int) -> Response:
    """Compressed too: a page's own secret, its token, is another each time, so that sizes tell nothing of it."""
    encoding = chosen(",".join(request.headers.getlist("accept-encoding")).encode("latin-1"))
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if encoding:
        headers["Content-Encoding"] = encoding
    return HTMLResponse(CODED[encoding](body), status, headers=headers)
