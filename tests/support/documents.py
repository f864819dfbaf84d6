"""What each program's API says of itself, read from a program that is never started."""

from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import Fernet
from fastapi import FastAPI

from deploy.local import tokens
from gateway.program import Gateway
from gateway.settings import GatewaySettings
from services.kernel.running.program import Program, Service, create_app
from services.kernel.settings import Settings

PORTAL = "https://portal.example"
NOBODY = "http://nobody.example"


@cache
def document(name: str) -> dict[str, Any]:
    """The OpenAPI document of a program, by the program's name."""
    with TemporaryDirectory() as keys:
        app: Any = create_app(unstarted(name, Path(keys)))
        while not isinstance(app, FastAPI):
            app = app.app
        return app.openapi()


def service(name: str) -> Service:
    package = "gateway" if name == "gateway" else f"services.{name}"
    found: Service = import_module(f"{package}.__main__").SERVICE
    return found


def settings_of(name: str) -> type[Settings]:
    """Of a service."""
    found: type[Settings] = getattr(import_module(f"services.{name}.settings"), f"{name.capitalize()}Settings")
    return found


def unstarted(name: str, keys: Path) -> Program:
    settings: dict[str, Any] = {
        "mongo_url": "mongodb://127.0.0.1:1/?replicaSet=none", "kafka": "127.0.0.1:1", "public_url": PORTAL,
        "jwks": str(tokens.make_key(keys)), "encryption_keys": Fernet.generate_key().decode(),
    }  # fmt: skip
    if name == "gateway":
        others: dict[str, Any] = {f"{other}_url": NOBODY for other in ("mailbox", "publishing", "scoring")}
        return Gateway(service(name), GatewaySettings(**settings, **others, service_token="token"))
    return Program(service(name), settings_of(name)(**settings))
