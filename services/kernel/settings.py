"""What a program is told by its environment, checked at start."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kernel.storage.crypto import Vault

ISSUER, AUDIENCE = "citygate-local", "citygate"  # of the tokens that `token mint` makes
BROKERS = r"^[^\s,/]+:\d{1,5}(,[^\s,/]+:\d{1,5})*$"
Seconds = Annotated[timedelta, BeforeValidator(lambda value: float(value) if isinstance(value, str) else value)]
S = TypeVar("S", bound="Settings")


class Settings(BaseSettings):
    """Variables are CITYGATE_ and the name in capitals, but for two; a description completes "Set it to …"."""

    model_config = SettingsConfigDict(
        env_prefix="CITYGATE_", env_ignore_empty=True, frozen=True, populate_by_name=True, hide_input_in_errors=True
    )
    mongo_url: SecretStr = Field(alias="MONGO_URL", description="the mongodb:// URL of a replica set")
    kafka: str = Field(alias="KAFKA_BOOTSTRAP_SERVERS", description="host:port of brokers, by comma", pattern=BROKERS)
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(ge=1, le=65535, description="the port to listen on")
    namespace: str = Field("citygate", pattern="^[a-z][a-z0-9_-]{0,30}$", description="a prefix for databases, topics")
    local: bool = Field(False, description="true on a developer's machine, nowhere else")
    clock_shift: Seconds = Field(timedelta(), description="seconds to run ahead; needs CITYGATE_LOCAL=true")
    jwks: str = Field(description="the path or http(s) URL of the key set (JWKS) that tokens are verified with")
    issuer: str = Field(ISSUER, description="the `iss` of tokens")
    audience: str = Field(AUDIENCE, description="the `aud` of tokens")
    encryption_keys: SecretStr = Field(description="Fernet keys by comma, newest first")
    log: Literal["auto", "json", "pretty"] = Field("auto", description="auto, json or pretty")
    service_token: SecretStr | None = Field(None, description="the bearer token for calls to other services")
    request_seconds: float = Field(15, gt=0, description="the seconds a request may take")
    request_bytes: int = Field(1_000_000, gt=0, description="the bytes a request's body may have")

    @field_validator("mongo_url", "clock_shift", "jwks", "encryption_keys")
    @classmethod
    def _makes_sense(cls, value: Any, info: ValidationInfo) -> Any:
        name = info.field_name
        if name == "mongo_url" and not value.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("it does not begin with mongodb://")
        if name == "clock_shift" and value and not info.data.get("local"):
            raise ValueError("only a local run may shift its clock")
        if name == "jwks" and not (value.startswith(("http://", "https://")) or Path(value).is_file()):
            raise ValueError("there is no such file")
        if name == "encryption_keys":
            Vault(value.get_secret_value())
        return value


def load(kind: type[S]) -> S:
    """From the environment; where it is wrong, a line per variable on stderr, without values, and `SystemExit(2)`."""
    try:
        return kind.model_validate({})
    except ValidationError as error:
        lines = [_line(kind, *e["loc"][:1], message=e["msg"]) for e in error.errors(include_input=False)]
    print(*dict.fromkeys(lines), sep="\n", file=sys.stderr)
    raise SystemExit(2)


def _line(kind: type[Settings], loc: int | str = "", *, message: str) -> str:
    wrong = "is missing" if message == "Field required" else f"is wrong: {message.removeprefix('Value error, ')}"
    for name, field in kind.model_fields.items():
        if loc in (name, field.alias):
            variable = field.alias or f"{kind.model_config['env_prefix']}{name}".upper()
            return f"{variable} {wrong}. Set it to {field.description or 'a value that fits'}."
    return f"The environment {wrong}."  # a check of several together, or a list that is no JSON
