"""Every role at every endpoint, for the own department and for another's."""

from typing import Any

import httpx
import pytest

from services.kernel.person import Role
from services.publishing import api
from tests.publishing.desk import ITEM, Bearer, Desk, expect_problem

EVERYBODY = set(Role)
READERS = {Role.EDITOR, Role.REVIEWER, Role.OFFICE}
MATRIX = {
    "POST /items": {Role.EDITOR},
    "PUT /items/{item_id}": {Role.EDITOR},
    "POST /items/{item_id}/submission": {Role.EDITOR},
    "POST /items/{item_id}/review": {Role.REVIEWER},
    "POST /items/{item_id}/publication": {Role.EDITOR},
    "POST /items/{item_id}/withdrawal": READERS,
    "GET /items": READERS,
    "GET /items/{item_id}": READERS,
    "GET /items/{item_id}/revisions/{revision}": READERS,
    "GET /ledger/{department}/verification": EVERYBODY,
    "GET /duties": EVERYBODY,
}


def test_the_matrix_names_every_endpoint() -> None:
    assert set(MATRIX) == set(api.MAY.roles)


async def answer(client: httpx.AsyncClient, endpoint: str, headers: dict[str, str]) -> tuple[int, str | None]:
    """Status and code for a body that nobody could read."""
    method, path = endpoint.split()
    path = path.format(item_id="none", revision=1, department="finance")
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


@pytest.mark.servers
async def test_nobody_works_on_another_departments_item(desk: Desk, client: httpx.AsyncClient, bearer: Bearer) -> None:
    item = await desk.public()
    foreign = bearer(Role.EDITOR, Role.REVIEWER, department="health", sub="stranger")
    office_too = bearer(*Role, department="health", sub="stranger")
    review = desk.review_of(item)
    everything: list[tuple[str, str, Any]] = [
        ("PUT", "", ITEM), ("POST", "/submission", None), ("POST", "/review", review), ("POST", "/publication", None),
    ]  # fmt: skip
    for headers in (foreign, office_too):
        for method, path, body in everything:
            answer = await client.request(method, f"/items/{item['id']}{path}", json=body, headers=headers)
            expect_problem(answer, 403, "department.foreign")
    for path in (f"/items/{item['id']}", f"/items/{item['id']}/revisions/1", "/items?department=finance"):
        expect_problem(await client.get(path, headers=foreign), 403, "department.foreign")
    gone = await client.post(f"/items/{item['id']}/withdrawal", json={"reason": "有误"}, headers=foreign)
    expect_problem(gone, 403, "department.foreign")


@pytest.mark.servers
async def test_the_office_sees_every_department_and_may_withdraw(
    desk: Desk, client: httpx.AsyncClient, bearer: Bearer
) -> None:
    item, office = await desk.public(), bearer(Role.OFFICE, department="office")

    assert [each["id"] for each in (await client.get("/items", headers=office)).json()["items"]] == [item["id"]]
    gone = await client.post(f"/items/{item['id']}/withdrawal", json={"reason": "有误"}, headers=office)
    assert gone.json()["state"] == "withdrawn"
