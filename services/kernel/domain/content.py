"""Content too large or too private for an event: the event names its hash, readers fetch it once from its owner."""

import hashlib
from typing import Self

from services.kernel.domain.event import Part


class ClaimCheck(Part):
    """What an event says of content instead of carrying it (claim check)."""

    sha256: str
    """Of its bytes, in hexadecimal; `GET /content/{sha256}` of the event's service gives them."""
    size: int
    """In bytes."""
    media_type: str
    """As `text/html`."""

    @classmethod
    def of(cls, data: bytes, media_type: str) -> Self:
        return cls(sha256=hashlib.sha256(data).hexdigest(), size=len(data), media_type=media_type)

    def matches(self, data: bytes) -> bool:
        return len(data) == self.size and hashlib.sha256(data).hexdigest() == self.sha256
