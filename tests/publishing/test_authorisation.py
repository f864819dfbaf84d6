"""Who may do what to an item, by the law: every role, every endpoint, an item of the own department and another's."""

from typing import Any

import httpx
import pytest

from services.kernel.domain.person import Role
from tests.publishing.desk import ITEM, Desk, done, expect_problem
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
    "draft an item": Act(endpoint="POST /items", body=lambda _: ITEM | {"department": "finance"}, done=201),
    "edit it": Act(endpoint="PUT /items/{item_id}", to="draft", body=lambda _: ITEM | {"title": "另一个标题"}),
    "submit it": Act(endpoint="POST /items/{item_id}/submission", to="draft"),
    "review it": Act(
        endpoint="POST /items/{item_id}/review", to="submitted", body=lambda item: Desk.review_of(dict(item))
    ),
    "publish it": Act(endpoint="POST /items/{item_id}/publication", to="released"),
    "withdraw it": Act(endpoint="POST /items/{item_id}/withdrawal", to="public", body=lambda _: {"reason": "内容有误"}),
    "read the list of items": Act(endpoint="GET /items", query="?department=finance"),
    "read an item": Act(endpoint="GET /items/{item_id}", to="draft"),
    "read a revision": Act(endpoint="GET /items/{item_id}/revisions/{revision}", to="public"),
    "verify the ledger": Act(endpoint="GET /ledger/{department}/verification"),
    "read the columns' duties": Act(endpoint="GET /duties", query="?owner=finance"),
    "fetch content by its hash": Act(endpoint="GET /content/{sha256}", done=404),
}
SUPERVISED = frozenset({"verify the ledger", "read the columns' duties"})
READING = SUPERVISED | {"read the list of items", "read an item", "read a revision"}
LAW = {
    Role.EDITOR: Right(
        because="art. 7: who makes information publishes it and answers for it, and nobody for another",
        own=READING | {"draft an item", "edit it", "submit it", "publish it", "withdraw it"},
        foreign=SUPERVISED,
    ),
    Role.REVIEWER: Right(
        because="art. 12: each department reviews what it is going to publish",
        own=READING | {"review it", "withdraw it"},
        foreign=SUPERVISED,
    ),
    Role.OFFICE: anywhere(
        "arts. 9, 10: it supervises every department's content, takes down what must not be public, writes none",
        READING,
        frozenset({"withdraw it"}),
    ),
    Role.LEADING_GROUP: anywhere("arts. 14, 15: it assesses, by duties and ledgers", SUPERVISED),
    Role.IT_BUREAU: anywhere("art. 11: it monitors the site; drafts are not its to read", SUPERVISED),
    Role.HANDLER: anywhere("DESIGN 1: answers letters; drafts are not theirs to read", SUPERVISED),
    Role.SERVICE: anywhere(
        "a program: fetches content by its hash", SUPERVISED, frozenset({"fetch content by its hash"})
    ),
}


class Fresh:
    """Items of the department of finance, each made for one act."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, state: str) -> Json:
        made: dict[str, Any] = {"department": "finance", "sha256": "0" * 64, "revision": 1}
        match state:
            case "draft":
                item = await self.desk.draft()
            case "submitted":
                item = done(await self.desk.step(await self.desk.draft(), "submission"))
            case "released":
                item = await self.desk.released(await self.desk.draft())
            case "public":
                item = await self.desk.public()
            case _:
                return made
        return made | {"item_id": item["id"], "content_hash": item["content_hash"]}


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


async def test_the_office_sees_every_department_and_may_withdraw(
    desk: Desk, client: httpx.AsyncClient, bearer: Bearer
) -> None:
    item, office = await desk.public(), bearer(Role.OFFICE, department="office")

    assert [each["id"] for each in (await client.get("/items", headers=office)).json()["items"]] == [item["id"]]
    gone = await client.post(f"/items/{item['id']}/withdrawal", json={"reason": "有误"}, headers=office)
    assert gone.json()["state"] == "withdrawn"
