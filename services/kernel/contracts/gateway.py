"""The event of the gateway: what the portal itself observes."""

from typing import ClassVar

from services.kernel.contracts.fields import Moment
from services.kernel.domain.event import Event


class PortalObserved(Event):
    """An hour of the portal, told once it is over."""

    SOURCE: ClassVar[str] = "gateway"
    KEY: ClassVar[str] = "portal_id"
    TYPE: ClassVar[str] = "portal.observed"

    portal_id: str
    """The hour, as `2026-11-26T15Z`."""
    since: Moment
    """When the hour began. UTC."""
    until: Moment
    """When it was over. UTC."""
    visits: int
    """Requests of the public that were answered, pages and JSON."""
    slow: int
    """Visits that took longer than the city allows."""
    failed: int
    """Visits that got an error that is ours (5xx)."""
    renewed_at: Moment | None
    """When the latest item of the home page was published, in UTC; null while there is none."""
