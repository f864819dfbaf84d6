"""The names under which the portal is reached, and one address for each page."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import refusals
from gateway.settings import GatewaySettings
from services.kernel.http.problem import refusal

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
EVERYBODYS = "/healthz"  # who asks by an address alone asks for this


class Hosts:
    """The declared names. Ports are left out: proxies and browsers say them or not."""

    def __init__(self, settings: GatewaySettings) -> None:
        names = {name_of(settings.public_url.partition("://")[2]), *settings.public_names.lower().split(",")}
        self.names = {name.strip() for name in names if name} | (LOOPBACK if settings.local else set())
        self.ours = lru_cache(1_000)(self._ours)

    def _ours(self, host: str) -> bool:
        """Whether a `Host` is one of ours."""
        return name_of(host) in self.names

    def are_asked(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether a request is for us: it has one `Host`, which is ours."""
        asked = [value for name, value in headers if name == b"host"]
        return len(asked) == 1 and self.ours(asked[0].decode("latin-1"))

    def origin_is_ours(self, origin: str) -> bool:
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and self.ours(host)


def name_of(host: str) -> str | None:
    """In small letters and without its port; None where none can be read."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return None if parts.username is not None or parts.path else parts.hostname


class Declared:
    """Lets pass what is asked of one of our names; the rest is misdirected (421; RFC 9110, section 15.5.20).

    A page has one address: with a slash at its end it is sent on, by an address without a host.
    """

    def __init__(self, app: ASGIApp, elsewhere: ASGIApp, hosts: Hosts) -> None:
        self.app, self.elsewhere, self.hosts = app, elsewhere, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == EVERYBODYS:
            return await self.app(scope, receive, send)
        if not self.hosts.are_asked(scope["headers"]):
            return await self.elsewhere(scope, receive, send)
        if scope["path"].endswith("/") and scope["path"] != "/":
            return await RedirectResponse(without_slash(scope), 308)(scope, receive, send)
        await self.app(scope, receive, send)


def without_slash(scope: Scope) -> str:
    """Never one that begins with two slashes, which names a host."""
    path = scope["raw_path"].decode("latin-1").replace("\\", "%5C").strip("/")
    query = scope["query_string"].decode("latin-1")
    return f"/{path}?{query}" if query else f"/{path}"


async def misdirected(scope: Scope, receive: Receive, send: Send) -> None:
    await refusal(Request(scope), refusals.MISDIRECTED())(scope, receive, send)
