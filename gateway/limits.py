"""What both ways to mailbox share, page and JSON: how often one address may ask."""

from fastapi import Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from gateway import refusals
from gateway.settings import GatewaySettings


class Allowance:
    """Counts by address, in this process."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.limiter = FixedWindowRateLimiter(MemoryStorage())
        self.writing, self.asking = parse(settings.writing_limit), parse(settings.asking_limit)

    def count(self, request: Request, limit: RateLimitItem) -> None:
        address = request.client.host if request.client else "-"
        if not self.limiter.hit(limit, address):
            raise refusals.TOO_OFTEN()


def may_write(request: Request) -> None:
    """`TooMany` where this address has used up what it may write."""
    found = _allowance(request)
    found.count(request, found.writing)


def may_ask(request: Request) -> None:
    """`TooMany` where this address has used up what it may ask about letters."""
    found = _allowance(request)
    found.count(request, found.asking)


def _allowance(request: Request) -> Allowance:
    found: Allowance = request.app.state.program.allowance
    return found
