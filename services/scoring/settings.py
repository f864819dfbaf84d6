"""What scoring is told by its environment."""

from pydantic import Field

from services.kernel.settings import Settings


class ScoringSettings(Settings):
    """Nothing but what every program is told; its own port."""

    port: int = Field(8004, ge=1, le=65535, description="the port to listen on")
