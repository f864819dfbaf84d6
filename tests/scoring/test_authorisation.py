"""Who may do what to a month's assessment, by the law: every role, every endpoint, own and another's department."""

from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest

from services.kernel.contracts.columns import DepartmentMerged
from services.kernel.domain.calendar import month_span
from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from services.scoring.actions import close_month, confirm_month, publish_month
from services.scoring.domain.score import compute
from tests.scoring.conftest import Hear
from tests.scoring.story import AFTER, MONTH, SCHEME, Story, inputs, whole_month
from tests.support.rights import (
    Act,
    Json,
    Right,
    anywhere,
    expect_every_endpoint_to_be_tried,
    expect_law,
    expect_the_door_to_be_shut,
)
from tests.support.services import Bearer

pytestmark = pytest.mark.servers
ACTS = {
    "see the table of a running month": Act(endpoint="GET /assessments/{month}", to="running"),
    "see the table of a published month": Act(endpoint="GET /assessments/{month}", to="published"),
    "see a department's running month": Act(endpoint="GET /assessments/{month}/{department}", to="running"),
    "see a department's closed month": Act(endpoint="GET /assessments/{month}/{department}", to="closed"),
    "see a department's published month": Act(endpoint="GET /assessments/{month}/{department}", to="published"),
    "list the facts of a department's running month": Act(
        endpoint="GET /assessments/{month}/{department}/facts", query="?indicator=quantity", to="running"
    ),
    "list the facts of a department's closed month": Act(
        endpoint="GET /assessments/{month}/{department}/facts", query="?indicator=quantity", to="closed"
    ),
    "list the facts of a department's published month": Act(
        endpoint="GET /assessments/{month}/{department}/facts", query="?indicator=quantity", to="published"
    ),
    "close a month": Act(endpoint="POST /assessments/{month}/closing", to="over, all facts heard"),
    "confirm a month": Act(endpoint="POST /assessments/{month}/confirmation", to="closed"),
    "publish a month": Act(endpoint="POST /assessments/{month}/publication", to="confirmed"),
    "replay a month": Act(endpoint="POST /replays", to="closed", body=lambda month: {"month": month["month"]}),
    "fetch content by its hash": Act(endpoint="GET /content/{sha256}", done=404),
}
PUBLIC = frozenset(
    {
        "see the table of a running month",
        "see the table of a published month",
        "see a department's published month",
        "list the facts of a department's published month",
    }
)
UNPUBLISHED = frozenset(
    {
        "see a department's running month",
        "see a department's closed month",
        "list the facts of a department's running month",
        "list the facts of a department's closed month",
    }
)
ASSESSED = "art. 14: each department sees how it is assessed; all see it when it is published"
LAW = {
    Role.OFFICE: anywhere(
        "art. 10: the government office runs the assessment",
        PUBLIC,
        UNPUBLISHED,
        frozenset({"close a month", "publish a month", "replay a month"}),
    ),
    Role.LEADING_GROUP: anywhere(
        "arts. 9, 14: the leading group stands by the scores before they are published",
        PUBLIC,
        UNPUBLISHED,
        frozenset({"confirm a month", "replay a month"}),
    ),
    Role.IT_BUREAU: anywhere("art. 11: it watches over the system, every department's", PUBLIC, UNPUBLISHED),
    Role.EDITOR: Right(because=ASSESSED, own=PUBLIC | UNPUBLISHED, foreign=PUBLIC),
    Role.REVIEWER: Right(because=ASSESSED, own=PUBLIC | UNPUBLISHED, foreign=PUBLIC),
    Role.HANDLER: Right(because=ASSESSED, own=PUBLIC | UNPUBLISHED, foreign=PUBLIC),
    Role.SERVICE: Right(
        because="a program: what its department may see, and content by its hash",
        own=PUBLIC | UNPUBLISHED | {"fetch content by its hash"},
        foreign=PUBLIC | {"fetch content by its hash"},
    ),
}
FOUNDED = datetime(2010, 1, 1, tzinfo=UTC)
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


class Fresh:
    """Months in which finance and health both stood, each brought to a state for one act."""

    def __init__(self, working: Program, hear: Hear) -> None:
        self.working, self.hear, self.number = working, hear, count(1)
        self.story = Story().department("finance", at=FOUNDED).department("health", at=FOUNDED)

    async def __call__(self, state: str) -> Json:
        n = next(self.number)
        month = f"{2010 + n // 12}-{n % 12 + 1:02}"
        end = month_span(month)[1]
        if state == "over, all facts heard":
            await self.hear([])
        if state in ("closed", "confirmed", "published"):
            of = inputs(month=month, as_of=end)
            await self.working.transact(close_month, of, compute(self.story.pieces(), of, SCHEME), at=end)
        if state in ("confirmed", "published"):
            await self.working.transact(confirm_month, month, at=end)
        if state == "published":
            await self.working.transact(publish_month, month, at=end)
        return {"month": month, "department": "finance", "sha256": "0" * 64}


@pytest.mark.parametrize("role", Role)
async def test_a_role_does_what_the_law_gives_it_and_nothing_else(
    client: httpx.AsyncClient, bearer: Bearer, working: Program, hear: Hear, role: Role
) -> None:
    fresh = Fresh(working, hear)
    await hear(fresh.story.messages)

    await expect_law(client, bearer, role, LAW[role], ACTS, fresh)


@pytest.mark.parametrize("role", Role)
async def test_who_may_not_is_turned_away_before_anything_is_read(
    client: httpx.AsyncClient, bearer: Bearer, role: Role
) -> None:
    await expect_the_door_to_be_shut(client, bearer, role, LAW[role], ACTS)


async def test_every_endpoint_is_tried(client: httpx.AsyncClient) -> None:
    await expect_every_endpoint_to_be_tried(client, ACTS)


def code_of(found: httpx.Response) -> tuple[int, str | None]:
    return found.status_code, found.json().get("code")


async def test_what_is_no_month_is_malformed_everywhere(client: httpx.AsyncClient, bearer: Bearer) -> None:
    by = bearer(*Role)
    for month in BAD_MONTHS:
        of_months = [act.endpoint for act in ACTS.values() if "{month}" in act.endpoint]
        for endpoint in of_months:
            method, path = endpoint.format(month=month, department="finance").split(" ", 1)
            assert code_of(await client.request(method, path, headers=by)) == (422, "request.malformed"), month
        again = await client.post("/replays", json={"month": month}, headers=by)
        stripped = month.strip() == MONTH  # of a body's texts, spaces around them are taken off
        assert code_of(again) == ((409, "month.running") if stripped else (422, "request.malformed")), month


async def test_a_department_nobody_knows_is_missing_and_what_is_no_code_is_malformed(
    client: httpx.AsyncClient, bearer: Bearer, hear: Hear
) -> None:
    await hear(whole_month().messages)
    for name in ("ghost", "x" * 40):
        found = await client.get(f"/assessments/{MONTH}/{name}", headers=bearer(Role.OFFICE))
        assert code_of(found) == (404, "assessment.missing"), name
    for name in ("%00", "%ED%A0%80", "a%24b", "x" * 60):
        found = await client.get(f"/assessments/{MONTH}/{name}", headers=bearer(Role.OFFICE))
        assert code_of(found) == (422, "request.malformed"), name


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


async def test_a_merged_departments_month_is_seen_by_its_successor(
    client: httpx.AsyncClient, bearer: Bearer, hear: Hear
) -> None:
    """Not before the merger is in force, and then no more by those of the merged department itself."""
    story, path = whole_month(), f"/assessments/{MONTH}/finance"
    ahead = DepartmentMerged(
        at=AFTER, code="finance", successor="water", effective_at=now() + timedelta(days=1), reason="机构改革"
    )
    await hear(story.tell(ahead).messages)
    own, successor = bearer(Role.EDITOR, department="finance"), bearer(Role.EDITOR, department="health")
    assert code_of(await client.get(path, headers=own)) == (200, None)
    assert code_of(await client.get(path, headers=successor)) == (403, "department.foreign")

    in_force = ahead.model_copy(update={"successor": "health", "effective_at": AFTER})
    await hear(story.tell(in_force).messages)

    assert code_of(await client.get(path, headers=successor)) == (200, None)
    assert code_of(await client.get(path, headers=own)) == (403, "department.foreign")
