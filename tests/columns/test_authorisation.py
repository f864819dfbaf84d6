"""Every role at every endpoint: let in, or told that it may not, before anything is read."""

import httpx
import pytest

from services.columns import api
from services.kernel.person import Role
from tests.columns.conftest import Bearer

EVERYBODY = set(Role)
MATRIX = {
    "GET /departments": EVERYBODY,
    "POST /departments": {Role.IT_BUREAU},
    "GET /departments/{code}": EVERYBODY,
    "PATCH /departments/{code}": {Role.IT_BUREAU},
    "GET /columns": EVERYBODY,
    "POST /columns": {Role.IT_BUREAU, Role.EDITOR},
    "GET /columns/{column_id}": EVERYBODY,
    "POST /columns/{column_id}/decision": {Role.LEADING_GROUP},
    "POST /columns/{column_id}/retirement": {Role.LEADING_GROUP},
}


def test_the_matrix_names_every_endpoint() -> None:
    assert set(MATRIX) == set(api.MAY.roles)


async def answer(client: httpx.AsyncClient, endpoint: str, headers: dict[str, str]) -> tuple[int, str | None]:
    """Status and code for a body that nobody could read."""
    method, path = endpoint.split()
    path = path.format(code="finance", column_id="c-news")
    found = await client.request(method, path, headers=headers, content=b"{not json")
    return found.status_code, found.json().get("code")


@pytest.mark.servers
@pytest.mark.parametrize("role", Role)
async def test_a_role_is_let_in_or_told_that_it_may_not(client: httpx.AsyncClient, bearer: Bearer, role: Role) -> None:
    found = {endpoint: await answer(client, endpoint, bearer(role)) for endpoint in MATRIX}

    turned_away = {endpoint for endpoint, said in found.items() if said == (403, "role.not_allowed")}
    assert turned_away == {endpoint for endpoint, roles in MATRIX.items() if role not in roles}
    assert {status for status, _ in found.values()} <= {200, 403, 404, 422}


@pytest.mark.servers
async def test_nobody_unknown_is_let_in(client: httpx.AsyncClient) -> None:
    assert {await answer(client, endpoint, {}) for endpoint in MATRIX} == {(401, "token.missing")}
