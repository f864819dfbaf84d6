"""Content too large or too private for an event: the event names its hash, readers fetch it once from its owner."""

import hashlib
from typing import Self

from pydantic import BaseModel, ConfigDict


class ClaimCheck(BaseModel):
    """What an event says of content instead of carrying it. `size` in bytes."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    size: int
    media_type: str

    @classmethod
    def of(cls, data: bytes, media_type: str) -> Self:
        return cls(sha256=hashlib.sha256(data).hexdigest(), size=len(data), media_type=media_type)

    def matches(self, data: bytes) -> bool:
        return len(data) == self.size and hashlib.sha256(data).hexdigest() == self.sha256
