"""Every role at every endpoint: let in, or told that it may not, before anything is read; own and foreign letters."""

import httpx
import pytest

from services.kernel.domain.person import Role
from services.mailbox import api
from tests.mailbox.desk import EXTRACT, Desk
from tests.support.services import Bearer, expect_rights

HANDLERS = {Role.HANDLER, Role.OFFICE}
MATRIX = {
    "POST /letters": {Role.SERVICE},
    "GET /letters": HANDLERS,
    "GET /letters/{id}": HANDLERS,
    "GET /letters/{id}/clock": HANDLERS,
    "POST /letters/{id}/contact": HANDLERS,
    "POST /letters/{id}/acceptance": HANDLERS,
    "POST /letters/{id}/transfer": HANDLERS,
    "POST /letters/{id}/answer": HANDLERS,
    "POST /letters/{id}/closing": HANDLERS,
    "POST /letters/{id}/disclosure": HANDLERS,
    "POST /letters/{id}/status": {Role.SERVICE},
    "POST /letters/{id}/rating": {Role.SERVICE},
}
BODIES = {
    "transfer": {"to": "water", "reason": "水利职责"},
    "answer": {"text": "已修。"},
    "disclosure": EXTRACT,
}


def test_the_matrix_names_every_endpoint() -> None:
    assert set(MATRIX) == set(api.MAY.roles)


@pytest.mark.servers
@pytest.mark.parametrize("role", Role)
async def test_a_role_is_let_in_or_told_that_it_may_not(client: httpx.AsyncClient, bearer: Bearer, role: Role) -> None:
    await expect_rights(client, bearer, MATRIX, role, id="20260302-AAAAAA")


@pytest.mark.servers
async def test_another_departments_handler_is_turned_away_everywhere_and_the_office_nowhere(desk: Desk) -> None:
    receipt = (await desk.write())["receipt"]
    own = [endpoint for endpoint, roles in MATRIX.items() if "{id}" in endpoint and Role.HANDLER in roles]

    async def said(endpoint: str, headers: dict[str, str]) -> tuple[int, str | None]:
        method, path = endpoint.split()
        body = BODIES.get(path.rpartition("/")[2])
        found = await desk.client.request(method, path.format(id=receipt), headers=headers, json=body)
        return found.status_code, found.json().get("code")

    foreign = desk.bearer(Role.HANDLER, department="water")
    assert {await said(endpoint, foreign) for endpoint in own} == {(403, "department.foreign")}
    assert (await desk.letter(receipt))["version"] == 1
    assert 403 not in {(await said(endpoint, desk.office))[0] for endpoint in own}
