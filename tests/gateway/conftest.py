"""A gateway that really runs, with a read model and topics of its own, and a stand-in at its back door."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from cryptography.fernet import Fernet

from deploy.local import tokens
from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from gateway.__main__ import SERVICE
from gateway.cache import wire
from gateway.program import Gateway, portal
from gateway.settings import GatewaySettings
from gateway.tls import trust
from services.kernel.domain.clock import now
from services.kernel.domain.event import Event
from services.kernel.storage.mongo import connect
from services.kernel.stream.bus import Bus
from tests.gateway.support import city, mailbox
from tests.gateway.support import events as e
from tests.gateway.support.mailbox import Mailbox
from tests.gateway.support.telling import Teller
from tests.support.topics import forget
from tests.support.waiting import eventually


@dataclass
class Portal:
    """A running gateway, who tells it things, and a browser without scripts."""

    gateway: Gateway
    teller: Teller
    mailbox: Mailbox
    browser: httpx.AsyncClient
    server: uvicorn.Server

    async def hears(self, *events: Event) -> None:
        """Told, projected, and every page that showed something else dropped."""
        await self.teller.tell(*events)
        for subject in {event.subject for event in events}:
            await eventually(partial(self.projected, subject, self.teller.told[subject]))
        await self.gateway.drops.once()

    async def projected(self, subject: str, sequence: int) -> bool:
        kind, _, id = subject.partition("/")
        collection = self.gateway.generation.copies[kind]
        found = await self.gateway.db[collection].find_one({"_id": id})
        return found is not None and found["sequence"] >= sequence

    async def seen(self, path: str) -> None:
        """Until an item's page says when it was first seen here, and does not fall any more for that."""
        await eventually(partial(self._says, path, "首次见于本站"))

    async def _says(self, path: str, text: str) -> bool:
        return text in (await self.get(path)).text

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.browser.get(path, headers={n.replace("_", "-"): v for n, v in headers.items()})


class Inside(uvicorn.Server):
    """One that leaves signals to pytest."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # the base is a generator
        return nullcontext()


async def serving(app: Any, port: int, http: Any = "httptools") -> tuple[uvicorn.Server, asyncio.Task[None]]:
    server = Inside(uvicorn.Config(app, port=port, http=http, log_config=None, access_log=False, server_header=False,
                                   proxy_headers=False))  # fmt: skip
    task = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    return server, task


@asynccontextmanager
async def a_portal(servers: Servers, namespace: str, bus: Bus, keys: Path, **other: Any) -> AsyncIterator[Portal]:
    ours, theirs = free_ports(2)
    settings = GatewaySettings.model_validate(
        {
            "mongo_url": servers.mongo_url, "kafka": servers.kafka_address, "namespace": namespace, "local": True,
            "port": ours, "jwks": str(tokens.make_key(keys)), "encryption_keys": Fernet.generate_key().decode(),
            "service_token": "of-the-gateway", "public_url": f"http://127.0.0.1:{ours}",
            "mailbox_url": f"http://127.0.0.1:{theirs}", "publishing_url": f"http://127.0.0.1:{theirs}",
            "scoring_url": f"http://127.0.0.1:{theirs}", **other,
        }
    )  # fmt: skip
    standing_in = Mailbox()
    back, back_task = await serving(mailbox.app(standing_in), theirs)
    gateway = Gateway(SERVICE, settings)
    front, front_task = await serving(portal(gateway), ours, wire(gateway.shelf, gateway.hosts))
    async with httpx.AsyncClient(base_url=settings.public_url, timeout=10, verify=trust()) as browser:
        await eventually(lambda: gateway.prepared and not gateway.listener.away)
        yield Portal(gateway, Teller(bus), standing_in, browser, front)
    front.should_exit = back.should_exit = True
    await asyncio.gather(front_task, back_task)
    client = connect(servers.mongo_url, namespace).client
    for name in [n for n in await client.list_database_names() if n.startswith(f"{namespace}_gateway")]:
        await client.drop_database(name)
    client.close()


@pytest.fixture
async def portal_at(servers: Servers, namespace: str, bus: Bus, tmp_path: Path) -> AsyncIterator[Portal]:
    """A fresh one for each test."""
    async with a_portal(servers, namespace, bus, tmp_path, writing_limit="5/hour") as made:
        yield made


FREELY = {"writing_limit": "9999/hour", "asking_limit": "9999/hour"}


@asynccontextmanager
async def of_a_module(servers: Servers, keys: Path) -> AsyncIterator[Portal]:
    namespace = f"t{uuid4().hex[:12]}"
    bus = Bus(servers.kafka_address, namespace)
    assert await bus.prepare() == []
    async with a_portal(servers, namespace, bus, keys, **FREELY) as made:
        yield made
    await bus.close()
    await forget(bus)


@pytest.fixture(scope="module")
async def open_portal(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Portal]:
    """One for the tests of a module that tell it nothing of their own."""
    async with of_a_module(servers, tmp_path_factory.mktemp("keys")) as made:
        yield made


@asynccontextmanager
async def whole(servers: Servers, keys: Path) -> AsyncIterator[Portal]:
    """Of a city that has everything, two columns without anything, one that retired, and an item withdrawn."""
    async with of_a_module(servers, keys) as made:
        made.mailbox.content, made.mailbox.broken = city.contents(), {"office"}
        await made.hears(*city.everything(now()))
        await made.hears(
            e.column("c-empty", "empty", "尚无内容"),
            e.column("c-below", "empty/below", "也无内容", parent_id="c-empty", level=2),
            e.column("c-gone", "gone", "旧栏目"), e.withdrawn("item-1"),
        )  # fmt: skip
        await made.hears(e.retired("c-gone", "gone", "c-nowhere"))
        yield made


@pytest.fixture(scope="module")
async def whole_portal(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Portal]:
    async with whole(servers, tmp_path_factory.mktemp("keys")) as made:
        yield made
