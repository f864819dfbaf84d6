"""From where a request comes: the connection's other end, or what a declared proxy says of it."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from services.kernel.telemetry import log

Network = IPv4Network | IPv6Network
REMEMBERED = 1_000  # undeclared proxies that are logged once


def networks(value: str) -> tuple[Network, ...]:
    """Addresses and networks by comma, like `10.0.0.7, 2001:db8::/32`. Raises `ValueError` for anything else."""
    return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())


def lies_in(place: str, known: Iterable[Network]) -> bool:
    """Whether an address, or a network that counts as one place, meets one of these."""
    try:
        here = ip_network(place)
    except ValueError:
        return False
    return any(here.version == each.version and here.overlaps(each) for each in known)


class Proxied:
    """Believes `X-Forwarded-For` and `X-Forwarded-Proto` of declared proxies; names each other that says them, once."""

    def __init__(self, app: ASGIApp, trusted: tuple[Network, ...]) -> None:
        self.app, self.trusted = app, trusted
        self.believed = ProxyHeadersMiddleware(app, [str(each) for each in trusted])  # type: ignore[arg-type]  # ASGI by uvicorn's types
        self.warn_once = lru_cache(REMEMBERED)(_undeclared)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if any(name == b"x-forwarded-for" for name, _ in scope.get("headers", ())):
            peer = scope["client"][0] if scope.get("client") else "-"
            if lies_in(peer, self.trusted):
                return await self.believed(scope, receive, send)  # type: ignore[arg-type]  # the same
            self.warn_once(peer)
        await self.app(scope, receive, send)


def _undeclared(peer: str) -> None:
    log.warning("proxy.undeclared", address=peer, setting="CITYGATE_TRUSTED_PROXIES")
