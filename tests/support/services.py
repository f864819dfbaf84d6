"""A service in the test's own process, on a database of its own; and who may knock at its doors."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography.fernet import Fernet

from deploy.local import tokens
from deploy.local.stack import Servers
from services.kernel.domain.person import Role
from services.kernel.running.program import Program, Service
from services.kernel.settings import Settings

Bearer = Callable[..., dict[str, str]]


def bearer_with(keys: Path) -> Bearer:
    """Headers of somebody in these roles; `sub` is the first role's name unless told."""

    def made(*roles: Role, department: str = "finance", sub: str = "") -> dict[str, str]:
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
    )  # fmt: skip
    made = Program(service, told)
    await made.prepare()
    yield made
    await made.bus.close()
    await made.db.client.drop_database(made.db.name)
    made.db.client.close()


async def answers(
    client: httpx.AsyncClient, endpoints: Iterable[str], headers: dict[str, str], **places: object
) -> dict[str, tuple[int, str | None]]:
    """Status and code by endpoint, `METHOD /path/{place}`, for a body that nobody could read."""
    found = {}
    for endpoint in endpoints:
        method, path = endpoint.split()
        answer = await client.request(method, path.format(**places), headers=headers, content=b"{not json")
        found[endpoint] = answer.status_code, answer.json().get("code")
    return found


async def expect_rights(
    client: httpx.AsyncClient, bearer: Bearer, matrix: Mapping[str, set[Role]], role: Role, **places: object
) -> None:
    """The role is let in where the matrix says so, told that it may not elsewhere, and nobody unknown anywhere."""
    found = await answers(client, matrix, bearer(role), **places)
    turned_away = {endpoint for endpoint, said in found.items() if said == (403, "role.not_allowed")}
    assert turned_away == {endpoint for endpoint, roles in matrix.items() if role not in roles}
    assert {status for status, _ in found.values()} <= {200, 403, 404, 422}
    assert set((await answers(client, matrix, {}, **places)).values()) == {(401, "token.missing")}
