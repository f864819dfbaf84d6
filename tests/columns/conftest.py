"""Columns as it runs, on a database of its own."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from deploy.local.stack import Servers
from services.columns.__main__ import SERVICE
from services.columns.settings import ColumnsSettings
from services.kernel import token
from services.kernel.person import Role
from services.kernel.program import Program, create_app

Bearer = Callable[..., dict[str, str]]


@pytest.fixture
def bearer(tmp_path: Path) -> Bearer:
    """Headers of somebody in these roles; `sub` is the first role's name unless told."""

    def made(*roles: Role, department: str = "finance", sub: str = "") -> dict[str, str]:
        who, at = sub or roles[0], datetime.now(UTC)
        minted = token.mint(tmp_path, sub=who, roles=roles, department=department, at=at, days=1)
        return {"Authorization": f"Bearer {minted}"}

    return made


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    settings = ColumnsSettings(
        mongo_url=servers.mongo_url, kafka=servers.kafka_address, namespace=namespace, local=True,
        jwks=str(token.make_key(tmp_path)), encryption_keys=Fernet.generate_key().decode(),
    )  # fmt: skip
    made = Program(SERVICE, settings)
    await made.prepare()
    yield made
    await made.db.client.drop_database(made.db.name)
    made.db.client.close()


@pytest.fixture
async def client(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(program), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://columns") as made:
        yield made
