"""A service in the test's own process, on a database of its own; and tokens to knock at its door with."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from deploy.local import tokens
from deploy.local.stack import Servers
from services.kernel.domain.person import Role
from services.kernel.running.program import Program, Service
from services.kernel.settings import Settings

Bearer = Callable[..., dict[str, str]]


def bearer_with(keys: Path) -> Bearer:
    """Headers of somebody in these roles; `sub` is the first role's name unless told."""

    def made(*roles: Role, department: str | list[str] = "finance", sub: str = "") -> dict[str, str]:
        who, at = sub or roles[0], datetime.now(UTC)
        minted = tokens.mint(keys, sub=who, roles=roles, department=department, at=at, days=1)
        return {"Authorization": f"Bearer {minted}"}

    return made


@asynccontextmanager
async def running(
    service: Service, settings: type[Settings], servers: Servers, namespace: str, keys: Path
) -> AsyncIterator[Program]:
    told = settings(
        mongo_url=servers.mongo_url, kafka=servers.kafka_address, namespace=namespace, local=True,
        jwks=str(tokens.make_key(keys)), encryption_keys=Fernet.generate_key().decode(),
        public_url="http://portal.test",
    )  # fmt: skip
    made = Program(service, told)
    await made.prepare()
    yield made
    await made.bus.close()
    await made.db.client.drop_database(made.db.name)
    made.db.client.close()
