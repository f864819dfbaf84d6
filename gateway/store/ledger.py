"""A department's ledger of publications, as publishing finds it when it walks the whole chain."""

from datetime import timedelta

import httpx

from gateway import refusals
from gateway.store.reading import Reading
from gateway.upstream import Upstream
from gateway.views import LedgerView
from services.kernel.telemetry import log

HOLDS = timedelta(minutes=10)
"""How long a finding is shown: a chain may have a hundred thousand entries, and everybody may ask."""


async def verified(reading: Reading, upstream: Upstream, department: str) -> LedgerView:
    """`Missing` for a department that nobody knows, `Away` while publishing does not answer."""
    if department not in reading.few.departments:
        raise refusals.NO_DEPARTMENT(code=department)
    try:
        found = await upstream.verification(department)
    except httpx.TransportError as error:
        log.warning("publishing.away", error=type(error).__name__)
        raise refusals.PUBLISHING_AWAY() from error
    reading.basis.expires(reading.at + HOLDS)
    named = reading.few.department(department)
    return LedgerView(**found.model_dump(), department=named, verified_at=reading.at)
