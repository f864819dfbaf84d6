"""Mailbox as it runs, on a database of its own, with departments it has heard of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from deploy.local.stack import Servers
from services.kernel import token
from services.kernel.inbox import hear_all
from services.kernel.person import Role
from services.kernel.program import Program, create_app
from services.mailbox import consumers
from services.mailbox.__main__ import SERVICE
from services.mailbox.settings import MailboxSettings
from tests.mailbox.desk import Bearer, Desk
from tests.mailbox.examples import registered


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
    settings = MailboxSettings(
        mongo_url=servers.mongo_url, kafka=servers.kafka_address, namespace=namespace, local=True,
        jwks=str(token.make_key(tmp_path)), encryption_keys=Fernet.generate_key().decode(),
    )  # fmt: skip
    made = Program(SERVICE, settings)
    await made.prepare()
    known = [registered("office"), registered("finance"), registered("water"), registered("archive", duties=False)]
    await made.transact(hear_all, consumers.HEARING, known)
    yield made
    await made.db.client.drop_database(made.db.name)
    made.db.client.close()


@pytest.fixture
async def client(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(program), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://mailbox") as made:
        yield made


@pytest.fixture
def desk(client: httpx.AsyncClient, bearer: Bearer) -> Desk:
    return Desk(client, bearer)
