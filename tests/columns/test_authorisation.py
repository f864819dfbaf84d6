"""Every role at every endpoint: let in, or told that it may not, before anything is read."""

import httpx
import pytest

from services.columns import api
from services.kernel.domain.person import Role
from tests.support.services import Bearer, expect_rights

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


@pytest.mark.servers
@pytest.mark.parametrize("role", Role)
async def test_a_role_is_let_in_or_told_that_it_may_not(client: httpx.AsyncClient, bearer: Bearer, role: Role) -> None:
    await expect_rights(client, bearer, MATRIX, role, code="finance", column_id="c-news")
