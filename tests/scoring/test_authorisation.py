"""Every role at every endpoint, and each department before another's month."""

import httpx
import pytest

from services.kernel.domain.person import Role
from services.scoring import api
from tests.scoring.conftest import Hear
from tests.scoring.story import MONTH, whole_month
from tests.support.services import Bearer, answers, expect_rights

EVERYBODY = set(Role)
MATRIX = {
    "GET /assessments/{month}": EVERYBODY,
    "GET /assessments/{month}/{department}": EVERYBODY,
    "POST /assessments/{month}/closing": {Role.OFFICE},
    "POST /assessments/{month}/confirmation": {Role.LEADING_GROUP},
    "POST /assessments/{month}/publication": {Role.OFFICE},
    "POST /replays": {Role.OFFICE, Role.LEADING_GROUP},
}
BAD_MONTHS = [
    "2026-13",
    "2026-9",
    "202609",
    "2026-00",
    "0000-01",
    "9999-12",
    "x",
    "2026-09 ",
    "２０２６-09",
    "2026-09%0A",
]


def test_the_matrix_names_every_endpoint() -> None:
    assert set(MATRIX) == set(api.MAY.roles)


def code_of(found: httpx.Response) -> tuple[int, str | None]:
    return found.status_code, found.json().get("code")


@pytest.mark.servers
@pytest.mark.parametrize("role", Role)
async def test_a_role_is_let_in_or_told_that_it_may_not(client: httpx.AsyncClient, bearer: Bearer, role: Role) -> None:
    await expect_rights(client, bearer, MATRIX, role, month="x", department="finance")


@pytest.mark.servers
async def test_what_is_no_month_is_malformed_everywhere(client: httpx.AsyncClient, bearer: Bearer) -> None:
    by = bearer(*Role)
    for month in BAD_MONTHS:
        of_months = [endpoint for endpoint in MATRIX if "{month}" in endpoint]
        found = set((await answers(client, of_months, by, month=month, department="finance")).values())
        assert found == {(422, "request.malformed")}, month
        again = await client.post("/replays", json={"month": month}, headers=by)
        stripped = month.strip() == MONTH  # of a body's texts, spaces around them are taken off
        assert code_of(again) == ((409, "month.running") if stripped else (422, "request.malformed")), month


@pytest.mark.servers
async def test_a_department_nobody_knows_is_missing_however_it_is_written(
    client: httpx.AsyncClient, bearer: Bearer, hear: Hear
) -> None:
    await hear(whole_month().messages)
    for name in ("ghost", "%00", "%ED%A0%80", "a%24b", "x" * 60):
        found = await client.get(f"/assessments/{MONTH}/{name}", headers=bearer(Role.OFFICE))
        assert (found.status_code, found.json()["code"]) == (404, "assessment.missing"), name


@pytest.mark.servers
async def test_departments_see_only_themselves_until_publication(
    client: httpx.AsyncClient, bearer: Bearer, hear: Hear
) -> None:
    await hear(whole_month().messages)
    for role in (Role.EDITOR, Role.REVIEWER, Role.HANDLER):
        by = bearer(role, department="health")
        table = (await client.get(f"/assessments/{MONTH}", headers=by)).json()
        assert [(row["department"], row["rank"]) for row in table["rows"]] == [("health", 2)]
        assert (await client.get(f"/assessments/{MONTH}/health", headers=by)).status_code == 200
        foreign = await client.get(f"/assessments/{MONTH}/finance", headers=by)
        assert (foreign.status_code, foreign.json()["code"]) == (403, "department.foreign")
    for role, step in ((Role.OFFICE, "closing"), (Role.LEADING_GROUP, "confirmation"), (Role.OFFICE, "publication")):
        assert (await client.post(f"/assessments/{MONTH}/{step}", headers=bearer(role))).status_code == 200

    table = (await client.get(f"/assessments/{MONTH}", headers=bearer(Role.EDITOR, department="health"))).json()
    assert [row["department"] for row in table["rows"]] == ["finance", "health"]
