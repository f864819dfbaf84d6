"""Settings of columns, from its environment."""

from pydantic import Field

from services.kernel.settings import Settings


class ColumnsSettings(Settings):
    """The settings of every program, with a port of its own by default."""

    port: int = Field(8001, ge=1, le=65535, description="the port to listen on")
