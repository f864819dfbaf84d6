"""What both ways to mailbox share, page and JSON: how often one place may ask."""

import hmac
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import time

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway import refusals
from gateway.settings import GatewaySettings

NETWORK = 64  # bits of an IPv6 address that one household has for itself (RFC 6177)


class Allowance:
    """Counts by place, in this process."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.storage = MemoryStorage()
        self.limiter = FixedWindowRateLimiter(self.storage)
        self.writing, self.asking = parse(settings.writing_limit), parse(settings.asking_limit)
        self.secret = settings.encryption_keys.get_secret_value().encode()

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
    return f"{IPv6Address(int(address) >> (128 - NETWORK) << (128 - NETWORK))}/{NETWORK}"


def may_write(request: Request) -> Counted:
    """`TooMany` where this place has used up what it may write."""
    found = _allowance(request)
    return found.count(place_of(request), found.writing)


def may_ask(request: Request) -> Counted:
    """`TooMany` where this place has used up what it may ask about letters."""
    found = _allowance(request)
    return found.count(place_of(request), found.asking)


def place_named(request: Request) -> str:
    """As mailbox is told of it."""
    return _allowance(request).named(place_of(request))


def _allowance(request: Request) -> Allowance:
    found: Allowance = request.app.state.program.allowance
    return found
