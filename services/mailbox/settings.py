"""What mailbox is told by its environment."""

from pydantic import Field

from services.kernel.settings import Settings


class MailboxSettings(Settings):
    """What every program is told; the port has a default of its own."""

    port: int = Field(8003, ge=1, le=65535, description="the port to listen on")
