"""Every role at every endpoint, for the own department and for another's."""

from typing import Any

import httpx
import pytest

from services.kernel.domain.person import Role
from services.publishing import api
from tests.publishing.desk import ITEM, Desk, expect_problem
from tests.support.services import Bearer, expect_rights

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


@pytest.mark.servers
@pytest.mark.parametrize("role", Role)
async def test_a_role_is_let_in_or_told_that_it_may_not(client: httpx.AsyncClient, bearer: Bearer, role: Role) -> None:
    await expect_rights(client, bearer, MATRIX, role, item_id="none", revision=1, department="finance")


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
