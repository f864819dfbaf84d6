"""Columns over HTTP, on real MongoDB."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from services.columns.domain.tree import TREE
from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from tests.columns.desk import FINANCE, NEWS, Desk, done, expect_problem
from tests.support.services import Bearer

pytestmark = pytest.mark.servers


async def test_a_department_is_found_as_it_was_registered(desk: Desk) -> None:
    assert done(await desk.client.get("/departments/finance", headers=desk.editor), 200) == FINANCE | {"version": 1}
    assert done(await desk.client.get("/departments", headers=desk.editor), 200)["items"] == [FINANCE | {"version": 1}]


async def test_a_code_is_given_once(desk: Desk) -> None:
    expect_problem(await desk.client.post("/departments", json=FINANCE, headers=desk.bureau), 409, "department.exists")


async def test_of_two_who_register_the_same_code_at_once_one_is_told_whose_it_is(desk: Desk) -> None:
    body = FINANCE | {"code": "health"}

    answers = await asyncio.gather(
        *(desk.client.post("/departments", json=body, headers=desk.bureau) for _ in range(2))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    expect_problem(next(a for a in answers if a.status_code == 409), 409, "department.exists")


async def test_only_the_named_fields_of_a_department_change(desk: Desk) -> None:
    answer = await desk.client.patch("/departments/finance", json={"phone": "0763-1"}, headers=desk.bureau)

    assert done(answer, 200) == FINANCE | {"phone": "0763-1", "version": 2}


@pytest.mark.parametrize("body", [{}, {"phone": FINANCE["phone"]}, {"name": None}])
async def test_an_unchanged_department_is_not_written(desk: Desk, program: Program, body: dict[str, Any]) -> None:
    answer = await desk.client.patch("/departments/finance", json=body, headers=desk.bureau)

    assert done(answer, 200) == FINANCE | {"version": 1}
    assert await program.db["journal"].count_documents({}) == 1


async def test_a_stale_change_is_turned_away(desk: Desk) -> None:
    headers = desk.bureau | {"If-Match": '"7"'}

    answer = await desk.client.patch("/departments/finance", json={"phone": "1"}, headers=headers)

    expect_problem(answer, 412, "department.stale")


async def test_the_same_key_twice_proposes_once(desk: Desk) -> None:
    headers = desk.bureau | {"Idempotency-Key": "k1"}

    first, again = [await desk.client.post("/columns", json=NEWS, headers=headers) for _ in range(2)]

    assert done(first, 201) == done(again, 201)
    assert len(done(await desk.client.get("/columns", headers=desk.editor), 200)["items"]) == 1


async def test_the_version_an_event_names_is_the_one_the_tree_has(desk: Desk, program: Program) -> None:
    await desk.open()

    records = await program.db["journal"].find({"subject": {"$regex": "^(tree|column)/"}}).sort("_id", 1).to_list(None)
    types = [(record["type"], record["version"], "sequence" in record) for record in records]
    assert types == [
        ("tree.changed", 1, False), ("column.proposed", 1, True),
        ("tree.changed", 2, False), ("column.opened", 2, True),
    ]  # fmt: skip
    assert '"tree_version":1,' in records[1]["value"]
    assert '"tree_version":2,' in records[3]["value"]


async def test_of_two_who_propose_the_same_slug_at_once_one_is_told_that_it_is_taken(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.client.post("/columns", json=NEWS, headers=desk.bureau) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    expect_problem(next(a for a in answers if a.status_code == 409), 409, "column.slug_taken")


async def test_a_retirement_and_a_proposal_below_it_at_once_leave_no_orphan(desk: Desk) -> None:
    news, notices = await desk.open(), await desk.open(slug="notices")
    body = NEWS | {"slug": "city", "parent_id": news["id"]}
    gone = {"successor_id": notices["id"], "reason": "合并"}

    proposal, retirement = await asyncio.gather(
        desk.client.post("/columns", json=body, headers=desk.bureau),
        desk.client.post(f"/columns/{news['id']}/retirement", json=gone, headers=desk.leaders),
    )

    outcomes = {(proposal.status_code, retirement.status_code)}
    assert outcomes <= {(201, 409), (409, 200)}
    code = next(a for a in (proposal, retirement) if a.status_code == 409).json()["code"]
    assert code in {"column.parent_not_live", "column.has_children"}


async def test_many_proposals_at_once_each_get_their_own_place(desk: Desk, program: Program) -> None:
    made = await asyncio.gather(*(desk.propose(slug=f"s{n}") for n in range(12)))

    assert sorted(column["position"] for column in made) == list(range(1, 13))
    tree = await program.db["tree"].find_one({"_id": TREE})
    assert tree is not None
    assert (tree["version"], len(tree["places"])) == (12, 12)


async def test_the_tree_is_one_list_with_each_column_before_those_below_it(desk: Desk) -> None:
    info, news = await desk.open(slug="info"), await desk.open(slug="a-news")
    await desk.open(slug="city", parent_id=news["id"])
    await desk.propose(slug="budget", parent_id=info["id"])

    found = done(await desk.client.get("/columns", headers=desk.editor), 200)

    assert [column["path"] for column in found["items"]] == ["info", "info/budget", "a-news", "a-news/city"]
    assert [column["state"] for column in found["items"]] == ["live", "proposed", "live", "live"]
    assert found["next"] is None


async def test_what_left_the_tree_is_still_found(desk: Desk) -> None:
    news, notices = await desk.open(), await desk.open(slug="notices")
    gone = {"successor_id": notices["id"], "reason": "合并"}

    retired = done(await desk.client.post(f"/columns/{news['id']}/retirement", json=gone, headers=desk.leaders), 200)

    assert (retired["state"], retired["successor_id"], retired["reason"]) == ("retired", notices["id"], "合并")
    assert done(await desk.client.get(f"/columns/{news['id']}", headers=desk.editor), 200) == retired
    listed = done(await desk.client.get("/columns", params={"state": "retired"}, headers=desk.editor), 200)
    assert listed["items"] == [retired]


async def test_the_slug_of_a_retired_column_begins_a_new_one(desk: Desk) -> None:
    news, notices = await desk.open(), await desk.open(slug="notices")
    gone = {"successor_id": notices["id"], "reason": "合并"}
    done(await desk.client.post(f"/columns/{news['id']}/retirement", json=gone, headers=desk.leaders), 200)

    again = await desk.open()

    assert again["path"] == news["path"]
    assert again["id"] != news["id"]


async def test_a_refused_proposal_says_why(desk: Desk) -> None:
    column, said = await desk.propose(), {"decision": "refuse", "reason": "与现有栏目重复"}

    answer = await desk.client.post(f"/columns/{column['id']}/decision", json=said, headers=desk.leaders)

    assert (done(answer, 200)["state"], answer.json()["reason"]) == ("refused", "与现有栏目重复")


async def test_below_level_two_an_editor_proposes_only_below_what_their_department_owns(
    desk: Desk, bearer: Bearer
) -> None:
    info = await desk.open(slug="info")
    money = await desk.open(slug="money", parent_id=info["id"])
    body = NEWS | {"slug": "budget", "parent_id": money["id"]}

    foreign = await desk.client.post("/columns", json=body, headers=bearer(Role.EDITOR, department="health"))
    own = await desk.client.post("/columns", json=body, headers=desk.editor)

    expect_problem(foreign, 403, "column.owner_only")
    assert done(own, 201)["path"] == "info/money/budget"


async def test_who_proposed_a_column_does_not_approve_it_in_another_role(desk: Desk, bearer: Bearer) -> None:
    both = bearer(Role.IT_BUREAU, Role.LEADING_GROUP, sub="li")
    column = done(await desk.client.post("/columns", json=NEWS, headers=both), 201)

    answer = await desk.client.post(f"/columns/{column['id']}/decision", json={"decision": "approve"}, headers=both)

    expect_problem(answer, 403, "column.own_proposal")


@pytest.mark.parametrize(
    "different",
    [
        {"slug": "News"}, {"slug": "a--b"}, {"slug": "-a"}, {"slug": "a/b"}, {"slug": "新闻"}, {"slug": ""},
        {"slug": "a" * 41}, {"slug": "a\n"}, {"slug": "a\0"}, {"slug": "\ud800"}, {"name": " "}, {"name": "名" * 61},
        {"kind": "other"}, {"cadence": None}, {"parent_id": "news"}, {"owner": "财政"}, {"classes": ["G07"] * 21},
        {"classes": [10**30]}, {"level": 1},
    ],
)  # fmt: skip
async def test_a_malformed_proposal_is_named_and_not_kept(
    desk: Desk, program: Program, different: dict[str, Any]
) -> None:
    answer = await desk.client.post("/columns", content=json.dumps(NEWS | different), headers=desk.bureau)

    expect_problem(answer, 422, "request.malformed")
    assert await program.db["column"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("path", "code"), [("/columns/c-none", "column.missing"), ("/departments/none", "department.missing")]
)
async def test_what_is_not_there_is_missing(desk: Desk, path: str, code: str) -> None:
    expect_problem(await desk.client.get(path, headers=desk.editor), 404, code)


@pytest.mark.parametrize(
    "path", ["/columns/%00", "/columns/c-%F0", "/departments/%ED%A0%80", f"/columns/c-{'a' * 300}"]
)
async def test_an_address_that_cannot_be_is_malformed(desk: Desk, path: str) -> None:
    expect_problem(await desk.client.get(path, headers=desk.editor), 422, "request.malformed")


async def test_below_a_merged_departments_column_its_successors_editor_proposes(
    program: Program, desk: Desk, bearer: Bearer
) -> None:
    above = await desk.open(slug="second", parent_id=(await desk.open())["id"])
    below = NEWS | {"slug": "third", "parent_id": above["id"]}
    successor = bearer(Role.EDITOR, department="health")
    early = await desk.client.post("/columns", json=below, headers=successor)
    expect_problem(early, 403, "column.owner_only")

    successors = {"held": [{"since": now(), "value": "health"}]}
    await program.db["department"].update_one({"_id": "finance"}, {"$set": {"successors": successors}})

    assert (await desk.client.post("/columns", json=below, headers=successor)).status_code == 201
    gone = await desk.client.post("/columns", json=below | {"slug": "fourth"}, headers=desk.editor)
    expect_problem(gone, 403, "column.owner_only")


async def test_the_tree_is_as_it_is_now_however_often_it_was_asked_for(desk: Desk) -> None:
    def paths(answer: httpx.Response) -> list[str]:
        return [column["path"] for column in done(answer, 200)["items"]]

    async def listed(**asked: str | list[str]) -> list[str]:
        return paths(await desk.client.get("/columns", params=asked, headers=desk.editor))

    news, notices = await desk.open(), await desk.propose(slug="notices")
    assert [await listed(), await listed()] == [["news", "notices"]] * 2
    assert await listed(state="live") == ["news"]

    await desk.approve(notices)
    gone = {"successor_id": notices["id"], "reason": "合并"}
    done(await desk.client.post(f"/columns/{news['id']}/retirement", json=gone, headers=desk.leaders), 200)

    assert (await listed(), await listed(state="live")) == (["notices"], ["notices"])
    assert await listed(state="retired") == ["news"]
    assert await listed(state=["retired", "live"]) == ["notices", "news"]


async def test_a_column_is_named_by_its_path_as_well_as_by_its_id(desk: Desk) -> None:
    disclosure = await desk.open(slug="disclosure")
    news = await desk.open(slug="news", parent_id="disclosure")
    notices = await desk.open(slug="notices", parent_id=disclosure["id"])
    assert [news["path"], notices["path"]] == ["disclosure/news", "disclosure/notices"]

    nowhere = await desk.client.post("/columns", json=NEWS | {"parent_id": "disclosure/plans"}, headers=desk.bureau)
    expect_problem(nowhere, 409, "column.parent_unknown")
    gone = {"successor_id": "disclosure/notices", "reason": "合并"}
    retired = done(await desk.client.post(f"/columns/{news['id']}/retirement", json=gone, headers=desk.leaders), 200)
    assert retired["successor_id"] == notices["id"]


async def test_the_tree_that_the_caller_has_is_not_sent_again(desk: Desk) -> None:
    await desk.open()
    first = await desk.client.get("/columns", headers=desk.editor)
    has = desk.editor | {"If-None-Match": f'"0", W/{first.headers["etag"]}'}

    again = await desk.client.get("/columns", headers=has)
    await desk.propose(slug="notices")
    later = await desk.client.get("/columns", headers=has)

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (later.status_code, len(later.json()["items"])) == (200, 2)


async def test_a_change_of_a_large_tree_writes_what_it_changes(desk: Desk, program: Program) -> None:
    """The journal and the log of MongoDB's own hold the place of one column, not the whole tree."""
    above = await desk.open(slug="info")
    for n in range(30):
        await desk.propose(slug=f"s{n}", parent_id=above["id"])

    added = await desk.propose(slug="last", parent_id=above["id"])

    [kept] = await program.db["journal"].find({"type": "tree.changed", "version": 33}).to_list(2)
    assert list(kept["changes"]) == [f"places.{added['id']}"]
    log = program.db.client["local"]["oplog.rs"].find({"o.applyOps.ns": f"{program.db.name}.tree"})
    [entry] = await log.sort("$natural", -1).limit(1).to_list(1)
    assert "s1" not in str(entry)
