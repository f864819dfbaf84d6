"""What both ways to mailbox share, page and JSON: how often one place may ask, and the asking."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import time
from typing import Any

import httpx
from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway import refusals
from gateway.proxies import lies_in, networks
from gateway.settings import GatewaySettings
from gateway.upstream import upstream
from services.kernel.http.problem import request_id
from services.kernel.telemetry import log

LETTERS = "/letters"
NETWORK = 64  # bits of an IPv6 address that one household has for itself (RFC 6177)


class Allowance:
    """Counts by place, in this process."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.storage = MemoryStorage()
        self.limiter = FixedWindowRateLimiter(self.storage)
        self.writing, self.asking = parse(settings.writing_limit), parse(settings.asking_limit)
        self.trusted = networks(settings.trusted_places)
        self.trusted_writing = parse(settings.trusted_writing_limit)
        self.trusted_asking = parse(settings.trusted_asking_limit)
        self.secret = settings.encryption_keys.get_secret_value().encode()

    def may_write(self, place: str) -> "Counted":
        return self.count(place, self.trusted_writing if lies_in(place, self.trusted) else self.writing)

    def may_ask(self, place: str) -> "Counted":
        return self.count(place, self.trusted_asking if lies_in(place, self.trusted) else self.asking)

    def count(self, place: str, limit: RateLimitItem) -> "Counted":
        """It is counted before it is known what comes of it, so that many at once cannot pass."""
        if not self.limiter.hit(limit, place):
            window = self.limiter.get_window_stats(limit, place)
            raise refusals.TOO_OFTEN(seconds=max(ceil(window.reset_time - time()), 1))
        return Counted(self, place, limit)

    def named(self, place: str) -> str:
        """A place as others are told of it: always the same, and nothing that leads back to it."""
        return hmac.new(self.secret, f"place {place}".encode(), "sha256").hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Counted:
    """One that was counted."""

    allowance: Allowance
    place: str
    limit: RateLimitItem

    def give_back(self) -> None:
        """Nothing was taken of it."""
        key, seconds = self.limit.key_for(self.place), self.limit.get_expiry()
        if self.allowance.storage.get(key) > 0:
            self.allowance.storage.incr(key, seconds, amount=-1)


def place_of(request: Request) -> str:
    """From where it comes: an IPv4 address, or the network of an IPv6 one."""
    said = request.client.host if request.client else "-"
    try:
        address = ip_address(said.partition("%")[0])
    except ValueError:
        return said
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, NETWORK), strict=False))


def may_write(request: Request) -> Counted:
    """`TooMany` where this place has used up what it may write."""
    return _allowance(request).may_write(place_of(request))


def may_ask(request: Request) -> Counted:
    """`TooMany` where this place has used up what it may ask about letters."""
    return _allowance(request).may_ask(place_of(request))


async def ask_mailbox(
    request: Request, path: str, body: Mapping[str, Any], counted: Counted, *, key: str | None = None,
    language: str | None = None,
) -> httpx.Response:  # fmt: skip
    """Its answer. Raises `httpx.TransportError` while it is away.

    A question counts once it was answered; a letter once it was taken, and not when the same was sent before.
    """
    place = counted.allowance.named(counted.place)
    try:
        answer = await upstream(request).mailbox(
            path, body, key=key, request=request_id(request), place=place, language=language
        )
    except httpx.TransportError as error:
        log.warning("mailbox.away", error=type(error).__name__)
        counted.give_back()
        raise
    if path == LETTERS and (answer.is_error or "idempotent-replayed" in answer.headers):
        counted.give_back()
    return answer


def _allowance(request: Request) -> Allowance:
    found: Allowance = request.app.state.program.allowance
    return found
