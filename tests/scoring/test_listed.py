"""What scoring's routes list as refusals, met at the door: each with the code that its OpenAPI document names."""

import httpx
import pytest

from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from services.kernel.stream.bus import BUS_ERRORS
from services.scoring.store import evidence
from tests.scoring.conftest import Hear
from tests.scoring.story import MONTH, whole_month
from tests.support.services import Bearer

pytestmark = pytest.mark.servers


def expect_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_what_cannot_be_looked_at(
    client: httpx.AsyncClient, hear: Hear, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = bearer(Role.OFFICE)
    await hear(whole_month().messages)
    places = ("", "/finance", "/finance/facts?indicator=quantity")
    for place in places:
        expect_problem(await client.get(f"/assessments/2008-08{place}", headers=office), 404, "scheme.missing")
        expect_problem(await client.get(f"/assessments/2999-01{place}", headers=office), 404, "month.not_begun")
    nobody = await client.get(f"/assessments/{MONTH}/nobody/facts?indicator=quantity", headers=office)
    expect_problem(nobody, 404, "assessment.missing")
    cursor = await client.get(f"/assessments/{MONTH}/finance/facts?indicator=quantity&cursor=x", headers=office)
    expect_problem(cursor, 422, "cursor.malformed")

    async def far_behind(_: object) -> int:
        return 1_000_000

    monkeypatch.setattr(evidence, "behind", far_behind)
    for place in places:
        expect_problem(await client.get(f"/assessments/{MONTH}{place}", headers=office), 409, "facts.behind")


async def test_a_month_is_not_closed_while_nobody_can_tell_whether_all_was_heard(
    client: httpx.AsyncClient, working: Program, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> bool:
        raise BUS_ERRORS[0]

    monkeypatch.setattr(working.listener, "caught_up", away)

    answer = await client.post(f"/assessments/{MONTH}/closing", headers=bearer(Role.OFFICE))

    expect_problem(answer, 503, "kafka.away")


async def test_what_is_not_published_yet(client: httpx.AsyncClient, hear: Hear, bearer: Bearer) -> None:
    office, group = bearer(Role.OFFICE), bearer(Role.LEADING_GROUP)
    await hear(whole_month().messages)
    await client.post(f"/assessments/{MONTH}/closing", headers=office)
    stale = {"If-Match": '"9"'}

    answer = await client.post(f"/assessments/{MONTH}/publication", headers=office | stale)
    expect_problem(answer, 412, "month.stale")
    answer = await client.post("/assessments/2999-01/closing", headers=group)
    expect_problem(answer, 403, "role.not_allowed")
    early = await client.post("/assessments/2999-01/closing", headers=office)
    expect_problem(early, 404, "month.not_begun")
