"""Who may do what to departments and columns, by the law: every role, every endpoint, own and another's column."""

from itertools import count
from typing import Any

import httpx
import pytest

from services.kernel.domain.person import Role
from tests.columns.desk import FINANCE, NEWS, Desk
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
APPROVAL, REFUSAL = {"decision": "approve"}, {"decision": "refuse", "reason": "重复"}
ACTS = {
    "read the departments": Act(endpoint="GET /departments"),
    "read a department": Act(endpoint="GET /departments/{code}"),
    "register a department": Act(
        endpoint="POST /departments", body=lambda new: FINANCE | {"code": new["slug"]}, done=201
    ),
    "change a department": Act(endpoint="PATCH /departments/{code}", body=lambda _: {"phone": "0763-1"}),
    "read the tree": Act(endpoint="GET /columns"),
    "read a column": Act(endpoint="GET /columns/{column_id}", to="live"),
    "propose a column of level 1": Act(
        endpoint="POST /columns", body=lambda new: NEWS | {"slug": new["slug"]}, done=201
    ),
    "propose a column of level 3": Act(
        endpoint="POST /columns",
        to="live, level 2",
        body=lambda above: NEWS | {"slug": above["slug"], "parent_id": above["column_id"]},
        done=201,
    ),
    "approve a column": Act(endpoint="POST /columns/{column_id}/decision", to="proposed", body=lambda _: APPROVAL),
    "refuse a column": Act(endpoint="POST /columns/{column_id}/decision", to="proposed", body=lambda _: REFUSAL),
    "retire a column": Act(
        endpoint="POST /columns/{column_id}/retirement",
        to="live",
        body=lambda column: {"successor_id": column["successor"], "reason": "合并"},
    ),
    "fetch content by its hash": Act(endpoint="GET /content/{sha256}", done=404),
}
READING = frozenset({"read the departments", "read a department", "read the tree", "read a column"})
DECIDING = frozenset({"approve a column", "refuse a column", "retire a column"})
UPPER_LEVELS = frozenset({"register a department", "change a department", "propose a column of level 1"})
LAW = {
    Role.IT_BUREAU: anywhere(
        "art. 5: it sets the columns of level 1 and 2, and keeps departments", READING, UPPER_LEVELS
    ),
    Role.LEADING_GROUP: anywhere("art. 5: it alone has the last word on every column", READING, DECIDING),
    Role.EDITOR: Right(
        because="art. 5: below level 2 the department plans, below what it owns",
        own=READING | {"propose a column of level 3"},
        foreign=READING,
    ),
    Role.OFFICE: anywhere("arts. 9, 10: it supervises content; columns are not its to set", READING),
    Role.REVIEWER: anywhere("art. 12: reviews what is published, sets no columns", READING),
    Role.HANDLER: anywhere("art. 12: answers letters, sets no columns", READING),
    Role.SERVICE: anywhere(
        "a program: reads, and fetches content by its hash", READING, frozenset({"fetch content by its hash"})
    ),
}


class Fresh:
    """Columns of the department of finance, each made for one act."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.numbers = desk, count(1)
        self.standing: dict[str, Any] = {}

    async def live(self, slug: str) -> dict[str, Any]:
        """One that stays for the whole test."""
        if slug not in self.standing:
            self.standing[slug] = await self.desk.open(slug=slug)
        found: dict[str, Any] = self.standing[slug]
        return found

    async def __call__(self, state: str) -> Json:
        slug = f"s{next(self.numbers)}"
        made: Json = {"slug": f"{slug}-new", "code": "finance", "sha256": "0" * 64}
        match state:
            case "live":
                column = await self.desk.open(slug=slug)
            case "live, level 2":
                column = await self.desk.open(slug=slug, parent_id=(await self.live("above"))["id"])
            case "proposed":
                column = await self.desk.propose(slug=slug)
            case _:
                return made
        return {**made, "column_id": column["id"], "successor": (await self.live("successor"))["id"]}


@pytest.mark.parametrize("role", Role)
async def test_a_role_does_what_the_law_gives_it_and_nothing_else(
    client: httpx.AsyncClient, bearer: Bearer, desk: Desk, role: Role
) -> None:
    await expect_law(client, bearer, role, LAW[role], ACTS, Fresh(desk))


@pytest.mark.parametrize("role", Role)
async def test_who_may_not_is_turned_away_before_anything_is_read(
    client: httpx.AsyncClient, bearer: Bearer, role: Role
) -> None:
    await expect_the_door_to_be_shut(client, bearer, role, LAW[role], ACTS)


async def test_every_endpoint_is_tried(client: httpx.AsyncClient) -> None:
    await expect_every_endpoint_to_be_tried(client, ACTS)
