"""Settings of the gateway, from its environment."""

from pathlib import Path

from limits import parse
from pydantic import Field, field_validator

from gateway.proxies import networks
from gateway.site import OURS, read
from services.kernel.settings import Address, Settings, Token


class GatewaySettings(Settings):
    """The settings of every program, and the addresses of the others, without a `/` at the end."""

    port: int = Field(8000, ge=1, le=65535, description="the port to listen on")
    public_names: str = Field("", description="other host names of the portal, separated by commas")
    site: str = Field(str(OURS), description="the path of a file like gateway/data/site/site.json, of the city's own")
    mailbox_url: Address = Field(description="the address of mailbox")
    publishing_url: Address = Field(description="the address of publishing")
    scoring_url: Address = Field(description="the address of scoring")
    service_token: Token = Field(description="the bearer token for calls to other services")
    page_bytes: int = Field(64_000_000, gt=0, description="the bytes of finished pages to keep in memory")
    slow_seconds: float = Field(
        15, gt=0, allow_inf_nan=False, description="the seconds after which a visit counts as not opened in time"
    )
    writing_limit: str = Field("30/hour", description="letters that one address may write, like 30/hour")
    asking_limit: str = Field("60/10 minute", description="questions with a code from one address, like 60/10 minute")
    trusted_proxies: str = Field(
        "", description="addresses or networks of the proxies in front, by comma, like 10.0.0.7,10.0.1.0/24"
    )
    trusted_places: str = Field(
        "", description="addresses or networks that many people share, such as a service hall's, by comma"
    )
    trusted_writing_limit: str = Field("300/hour", description="letters that a trusted place may write, like 300/hour")
    trusted_asking_limit: str = Field(
        "600/10 minute", description="questions with a code from a trusted place, like 600/10 minute"
    )
    upstream_seconds: float = Field(
        8, gt=0, allow_inf_nan=False, description="the seconds another service may take to answer"
    )

    @property
    def own_url(self) -> str:
        return self.api_url or self.public_url

    @field_validator("site")
    @classmethod
    def _is_a_site(cls, value: str) -> str:
        read(Path(value), public_url="")
        return value

    @field_validator("trusted_proxies", "trusted_places")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        networks(value)
        return value

    @field_validator("writing_limit", "asking_limit", "trusted_writing_limit", "trusted_asking_limit")
    @classmethod
    def _is_a_limit(cls, value: str) -> str:
        parse(value)
        return value
