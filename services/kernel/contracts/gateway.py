"""The event of the gateway: what the portal itself observes."""

from typing import ClassVar

from pydantic import AwareDatetime

from services.kernel.domain.event import Event


class PortalObserved(Event):
    """An hour of the portal, told once it is over. `portal_id`: the hour, as `2026-11-26T15Z`.

    `visits`: requests of the public that were answered, pages and JSON. `slow` ones took longer than the city allows,
    `failed` ones got an error that is ours (5xx). `renewed_at`: when the latest item of the home page was published;
    None while there is none.
    """

    SOURCE: ClassVar[str] = "gateway"
    KEY: ClassVar[str] = "portal_id"
    TYPE: ClassVar[str] = "portal.observed"

    portal_id: str
    since: AwareDatetime
    until: AwareDatetime
    visits: int
    slow: int
    failed: int
    renewed_at: AwareDatetime | None
