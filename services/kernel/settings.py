"""What a program reads from its environment, checked at start."""

import json
import re
import sys
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BeforeValidator,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from services.kernel.storage.crypto import Vault, key_set

ISSUER, AUDIENCE = "citygate-local", "citygate"  # what `token mint` writes into its tokens
INSIDE = 100  # the inside port lies this far above the public one, unless it is set
BROKERS = r"^[^\s,/]+:\d{1,5}(,[^\s,/]+:\d{1,5})*$"
TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
S = TypeVar("S", bound="Settings")


def _is_mongo(value: SecretStr) -> SecretStr:
    """The driver must take the URL without a warning. Its own message is left out, as it may hold the password."""
    url = value.get_secret_value()
    if not url.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("it does not begin with mongodb://")
    try:
        with warnings.catch_warnings(action="error"):
            MongoClient[dict[str, Any]](url, connect=False).close()
    except (PyMongoError, ValueError, OSError, Warning):
        raise ValueError("a host, a port, an option or the escaping of its name and password is wrong") from None
    return value


def _are_brokers(value: str) -> str:
    for broker in value.split(","):
        if not urlsplit(f"//{broker}").port:
            raise ValueError("no port is 0")
    return value


def _is_address(value: str) -> str:
    """A server's URL without name, password, query or fragment. The last `/` is removed, as paths are appended."""
    url = httpx.URL(_is_url(value))
    if url.userinfo or url.query or url.fragment:
        raise ValueError("it holds more than a host, a port and a path")
    return value.rstrip("/")


def _is_url(value: str) -> str:
    """Two parsers must find a host in it: pydantic, which is strict, and httpx, the client that will ask there."""
    try:
        TypeAdapter(AnyHttpUrl).validate_python(value)
        url = httpx.URL(value)
    except ValidationError as error:
        raise ValueError(error.errors(include_input=False)[0]["msg"]) from None
    except httpx.InvalidURL:
        raise ValueError("it is no URL") from None
    if not url.host or url.port == 0:
        raise ValueError("it names no host, or port 0")
    return value


def _is_key_source(value: str) -> str:
    if value.startswith(("http://", "https://")):
        return _is_url(value)
    try:
        key_set(json.loads(Path(value).read_text("utf-8")))
    except FileNotFoundError:
        raise ValueError("there is no such file") from None
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror})") from None
    except (json.JSONDecodeError, UnicodeError, RecursionError):
        raise ValueError("the file is no JSON") from None
    return value


def _are_keys(value: SecretStr) -> SecretStr:
    Vault(value.get_secret_value())
    return value


def _is_token(value: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("it holds letters that no bearer token has")
    return value


Seconds = Annotated[timedelta, BeforeValidator(lambda value: float(value) if isinstance(value, str) else value)]
Address = Annotated[str, AfterValidator(_is_address)]
Token = Annotated[SecretStr, AfterValidator(_is_token)]


class Settings(BaseSettings):
    """A variable is CITYGATE_ and the field's name in capitals, except two. A description completes "Set it to …"."""

    model_config = SettingsConfigDict(
        env_prefix="CITYGATE_",
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        enable_decoding=False,
    )
    mongo_url: Annotated[SecretStr, AfterValidator(_is_mongo)] = Field(
        alias="MONGO_URL", description="the mongodb:// URL of a replica set"
    )
    kafka: Annotated[str, AfterValidator(_are_brokers)] = Field(
        alias="KAFKA_BOOTSTRAP_SERVERS", description="host:port of brokers, by comma", pattern=BROKERS
    )
    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(ge=1, le=65535, description="the port to listen on")
    inside_port: int = Field(0, ge=1, le=65535, description="a port for /readyz and /metrics, 100 above if unset")
    public_url: Address = Field(description="the address under which citizens reach the portal, as they type it")
    api_url: Address | None = Field(
        None, description="the address under which its API is reached; host and port if unset"
    )
    namespace: str = Field("citygate", pattern="^[a-z][a-z0-9_-]{0,30}$", description="a prefix for databases, topics")
    local: bool = Field(False, description="true on a developer's machine, nowhere else")
    clock_shift: Seconds = Field(timedelta(), description="seconds to run ahead; needs CITYGATE_LOCAL=true")
    jwks: Annotated[str, AfterValidator(_is_key_source)] = Field(
        description="the path or http(s) URL of the key set (JWKS) that tokens are verified with"
    )
    issuer: str = Field(ISSUER, description="the `iss` of tokens")
    audience: str = Field(AUDIENCE, description="the `aud` of tokens")
    encryption_keys: Annotated[SecretStr, AfterValidator(_are_keys)] = Field(
        description="Fernet keys by comma, newest first"
    )
    log: Literal["auto", "json", "pretty"] = Field("auto", description="auto, json or pretty")
    service_token: Token | None = Field(None, description="the bearer token for calls to other services")
    request_seconds: float = Field(15, gt=0, allow_inf_nan=False, description="the seconds a request may take")
    connections: int = Field(1_000, gt=0, description="the connections that may be open at once")
    request_bytes: int = Field(1_000_000, gt=0, description="the bytes a request's body may have")

    @property
    def own_url(self) -> str:
        """Where its API is reached."""
        return self.api_url or f"http://{self.host}:{self.port}"

    @field_validator("clock_shift")
    @classmethod
    def _is_a_local_run(cls, value: timedelta, info: ValidationInfo) -> timedelta:
        if value and not info.data.get("local"):
            raise ValueError("only a local run may shift its clock")
        return value

    @field_validator("inside_port", mode="before")
    @classmethod
    def _is_near(cls, value: object, info: ValidationInfo) -> object:
        return value or info.data.get("port", 0) + INSIDE

    @field_validator("inside_port")
    @classmethod
    def _is_another(cls, value: int, info: ValidationInfo) -> int:
        if value == info.data.get("port"):
            raise ValueError("it is the public port")
        return value


def load(kind: type[S]) -> S:
    """Read the environment. Each wrong variable gets a line without its value on stderr, then `SystemExit(2)`."""
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
    return f"The environment {wrong}."  # the error is of several fields together, or of a list that is no JSON
