"""What publishing's routes list as refusals, met at the door: each with the code that its OpenAPI document names."""

from datetime import timedelta

import httpx
import pytest

from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from tests.publishing.desk import ITEM, Desk, Json, done, expect_problem
from tests.support.services import Bearer

pytestmark = pytest.mark.servers
NOWHERE = {"id": "none", "content_hash": "0" * 64}
STALE = {"If-Match": '"9"'}
WITHDRAWAL = {"reason": "内容有误"}


async def drafted(desk: Desk, **different: object) -> httpx.Response:
    return await desk.client.post("/items", json=ITEM | different, headers=desk.editor)


def body_of(desk: Desk, item: Json, step: str) -> Json | None:
    return {"review": desk.review_of(item), "withdrawal": WITHDRAWAL}.get(step)


async def test_what_cannot_be_drafted(desk: Desk, bearer: Bearer) -> None:
    tomorrow = f"{now() + timedelta(days=2):%Y-%m-%d}"
    for wrong, code in (
        ({"disclosure_class": "Z99"}, "item.class_unknown"), ({"made_on": tomorrow}, "item.made_later"),
        ({"column_id": "c-nowhere"}, "unknown_yet"),
    ):  # fmt: skip
        expect_problem(await drafted(desk, **wrong), 409, code)
        item = await desk.draft()
        if "column_id" not in wrong:
            expect_problem(await desk.edit(item, **wrong), 409, code)
    both = bearer(Role.EDITOR, department=["finance", "health"])
    expect_problem(await desk.client.post("/items", json=ITEM, headers=both), 403, "department.unclear")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("a>" * 64_000, "item.too_long"),  # each is five bytes in HTML
        ("甲\n" * 10_001, "item.many_lines"),
        (">" * 100 + " 甲", "item.too_deep"),
        ("[" * 1_000, "item.tangled"),
        ("前言 <b>通知</b>", "item.tags"),
        ('<p>通知<img src="章.png"></p>', "item.not_text"),
        ('<p><a href="file:///C:/a.doc">通知</a></p>', "item.link"),
        ("<p>" * 50_000 + "甲", "item.many_elements"),
        ("---", "item.empty"),
        ("|甲|\n|-|\n|1|丢失|", "item.loses_words"),
    ],
)
async def test_what_cannot_be_shown_is_not_submitted(desk: Desk, body: str, code: str) -> None:
    expect_problem(await desk.step(await desk.draft(body=body), "submission"), 409, code)


async def test_what_is_not_there_is_not_handled(desk: Desk) -> None:
    expect_problem(await desk.client.get("/items/none", headers=desk.editor), 404, "item.missing")
    expect_problem(await desk.edit(NOWHERE), 404, "item.missing")
    for step in ("submission", "review", "publication", "withdrawal"):
        expect_problem(await desk.step(NOWHERE, step, body_of(desk, NOWHERE, step)), 404, "item.missing")
    item = await desk.draft()
    revision = await desk.client.get(f"/items/{item['id']}/revisions/1", headers=desk.editor)
    expect_problem(revision, 404, "publication.missing")
    ledger = await desk.client.get("/ledger/nobody/verification", headers=desk.editor)
    expect_problem(ledger, 409, "unknown_yet")
    duties = await desk.client.get("/duties", params={"cursor": "x"}, headers=desk.editor)
    expect_problem(duties, 422, "cursor.malformed")


async def test_what_changed_meanwhile_is_read_again_first(desk: Desk) -> None:
    item = await desk.draft()
    for step in ("submission", "review", "publication", "withdrawal"):
        expect_problem(await desk.step(item, step, body_of(desk, item, step), **STALE), 412, "item.stale")
    put = await desk.client.put(f"/items/{item['id']}", json=ITEM, headers=desk.editor | STALE)
    expect_problem(put, 412, "item.stale")


async def test_what_each_state_does_not_allow(desk: Desk) -> None:
    item = await desk.draft()
    expect_problem(await desk.step(item, "review", desk.review_of(item)), 409, "item.draft")
    expect_problem(await desk.step(item, "publication"), 409, "item.draft")
    expect_problem(await desk.step(item, "withdrawal", WITHDRAWAL), 409, "item.not_public")
    waiting = done(await desk.step(item, "submission"))
    expect_problem(await desk.edit(item), 409, "item.submitted")
    expect_problem(await desk.step(item, "publication"), 409, "item.submitted")
    done(await desk.step(item, "review", desk.review_of(waiting)))
    expect_problem(await desk.step(item, "submission"), 409, "item.released")
    expect_problem(await desk.step(item, "review", desk.review_of(waiting)), 409, "item.released")
    done(await desk.step(item, "publication"))
    expect_problem(await desk.step(item, "submission"), 409, "item.published")
    expect_problem(await desk.edit(item), 409, "item.unchanged")
    expect_problem(await desk.edit(item, title="改过的题目"), 409, "change_note.missing")
    early = await desk.edit(await desk.draft(), change_note="更正题目")
    expect_problem(early, 409, "change_note.too_early")
    done(await desk.step(item, "withdrawal", WITHDRAWAL))
    for step in ("submission", "publication"):
        expect_problem(await desk.step(item, step), 409, "item.withdrawn")
    expect_problem(await desk.step(item, "review", desk.review_of(waiting)), 409, "item.withdrawn")


async def test_what_the_author_does_not_review(desk: Desk, bearer: Bearer) -> None:
    both = bearer(Role.EDITOR, Role.REVIEWER, sub="editor")
    item = done(await desk.step(await desk.draft(), "submission"))

    own = await desk.client.post(f"/items/{item['id']}/review", json=desk.review_of(item), headers=both)

    expect_problem(own, 403, "review.own")
