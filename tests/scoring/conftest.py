"""Scoring as it runs, on a database and topics of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from deploy.local.stack import Servers
from services.kernel import token
from services.kernel.event import Message
from services.kernel.person import Role
from services.kernel.program import Program, create_app
from services.scoring.__main__ import SERVICE
from services.scoring.settings import ScoringSettings
from tests.support.waiting import eventually

Bearer = Callable[..., dict[str, str]]
Hear = Callable[[Sequence[Message]], Awaitable[None]]


@pytest.fixture
def bearer(tmp_path: Path) -> Bearer:
    """Headers of somebody in these roles; `sub` is the first role's name."""

    def made(*roles: Role, department: str = "finance") -> dict[str, str]:
        at = datetime.now(UTC)
        minted = token.mint(tmp_path, sub=roles[0], roles=roles, department=department, at=at, days=1)
        return {"Authorization": f"Bearer {minted}"}

    return made


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    settings = ScoringSettings(
        mongo_url=servers.mongo_url, kafka=servers.kafka_address, namespace=namespace, local=True,
        jwks=str(token.make_key(tmp_path)), encryption_keys=Fernet.generate_key().decode(),
    )  # fmt: skip
    made = Program(SERVICE, settings)
    await made.prepare()
    yield made
    await made.bus.close()
    await made.db.client.drop_database(made.db.name)
    made.db.client.close()


@pytest.fixture
async def client(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(program), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://scoring") as made:
        yield made


@pytest.fixture
async def working(program: Program) -> AsyncIterator[Program]:
    """With its listener and its relay running."""
    task = asyncio.create_task(program.work())
    await eventually(lambda: not program.listener.away)
    yield program
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def hear(working: Program) -> Hear:
    """Say these to scoring, through Kafka, and wait until it has handled all there is, its own words too."""

    async def all_is_heard() -> bool:
        unsent = await working.db["journal"].count_documents({"unsent": True})
        return not unsent and await working.listener.caught_up()

    async def heard(messages: Sequence[Message]) -> None:
        await working.bus.send(messages)
        await eventually(all_is_heard)

    return heard
