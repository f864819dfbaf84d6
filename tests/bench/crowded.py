"""The home and letters pages made anew over a million letters, against the same over a thousand."""

import os
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from cryptography.fernet import Fernet
from starlette.types import ASGIApp

from deploy.local import tokens
from deploy.local.stack import Servers
from gateway.__main__ import SERVICE
from gateway.program import Gateway, portal
from gateway.settings import GatewaySettings
from tests.bench.crowds import fill
from tests.bench.table import Row

FEW, MANY = 1_000, int(os.environ.get("BENCH_LETTERS", "1000000"))
PAGES = ("/", "/letters", "/api/v1/home", "/api/v1/letters")
TIMES = 300


async def measure(servers: Servers) -> Sequence[Row]:
    async with a_gateway(servers, "few") as few, a_gateway(servers, "many") as many:
        for gateway, count in ((few, FEW), (many, MANY)):
            await fill(gateway, count)
            assert f'"received":{count},'.encode() in (await answer(portal(gateway), PAGES[-1]))
        return [await compared(few, many, page) for page in PAGES]


async def compared(few: Gateway, many: Gateway, page: str) -> Row:
    """Asked in turn, so that what else the machine does falls on both."""
    pairs = [(await seconds(few, page), await seconds(many, page)) for _ in range(TIMES)]
    ceiling, ours = (statistics.median(took) * 1000 for took in zip(*pairs, strict=True))
    what = f"{page} made anew, {MANY:,} letters and {MANY // 10:,} items"
    return Row.at_most(what, ours, ceiling, "ms", f"the same, {FEW:,} and {FEW // 10:,}", 1.2)


async def seconds(gateway: Gateway, path: str) -> float:
    """For one page, of which no copy was kept."""
    app = portal(gateway)
    gateway.shelf.fall_all()
    began = perf_counter()
    await answer(app, path)
    return perf_counter() - began


async def answer(app: ASGIApp, path: str) -> bytes:
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        answers.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1),
        "server": ("localhost", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    assert answers[0]["status"] == 200
    return b"".join(message.get("body", b"") for message in answers)


@asynccontextmanager
async def a_gateway(servers: Servers, name: str) -> AsyncIterator[Gateway]:
    """Its handlers and its store; nothing runs beside them."""
    with tempfile.TemporaryDirectory() as home:
        settings = GatewaySettings.model_validate(
            {
                "mongo_url": servers.mongo_url, "kafka": servers.kafka_address, "namespace": f"bench_{name}",
                "local": True, "jwks": str(tokens.make_key(Path(home))), "service_token": "none",
                "encryption_keys": Fernet.generate_key().decode(), "public_url": "http://localhost:8000",
                "mailbox_url": "http://localhost:8003", "publishing_url": "http://localhost:8002",
                "scoring_url": "http://localhost:8004",
            }
        )  # fmt: skip
        made = Gateway(SERVICE, settings)
        await made.db.client.drop_database(made.db.name)
        await made.make_ready()
        try:
            yield made
        finally:
            await made.db.client.drop_database(made.db.name)
            await made.db.client.drop_database(f"{made.db.name}_kept")
            made.db.client.close()
