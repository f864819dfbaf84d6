"""Publishing over HTTP, on real MongoDB."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.domain import clock
from services.kernel.domain.calendar import SHANGHAI
from services.kernel.running.program import Program
from services.publishing import timers
from tests.publishing.desk import ITEM, NO_GROUND, Desk, Json, done, expect_problem
from tests.publishing.examples import column_opened, column_retired, message
from tests.support.hearing import heard

pytestmark = pytest.mark.servers


async def told(program: Program, subject: str) -> list[str]:
    found = program.db["journal"].find({"subject": subject, "sequence": {"$exists": True}}).sort("sequence", 1)
    return [record["type"] for record in await found.to_list(None)]


async def test_an_item_goes_from_the_first_draft_to_the_public_and_is_told_on_the_way(
    desk: Desk, program: Program
) -> None:
    item = await desk.public()

    assert (item["state"], item["shown"]["revision"], item["version"]) == ("published", 1, 4)
    assert item["shown"]["index_number"] == f"finance-G07-{datetime.now(SHANGHAI).year}-0001"
    assert await told(program, f"item/{item['id']}") == ["item.submitted", "item.released", "item.published"]


async def test_a_revision_is_reviewed_again_and_the_old_stays_readable(desk: Desk, program: Program) -> None:
    item = await desk.public()
    work = done(await desk.edit(item, title="更正", change_note="标题"))
    assert (work["state"], work["revision"], work["shown"]) == ("draft", 2, item["shown"])
    done(await desk.step(await desk.released(work), "publication"))

    found = done(await desk.client.get(f"/items/{item['id']}", headers=desk.editor))
    assert [(each["revision"], each["title"]) for each in found["revisions"]] == [(1, ITEM["title"]), (2, "更正")]
    old = done(await desk.client.get(f"/items/{item['id']}/revisions/1", headers=desk.editor))
    assert (old["content"]["title"], old["html"]) == (ITEM["title"], "<h1>预算</h1>\n<p>正文。</p>\n")
    assert (await told(program, f"item/{item['id']}"))[-1] == "item.revised"


async def test_an_edit_after_the_release_voids_it(desk: Desk) -> None:
    item = await desk.released(await desk.draft())
    assert done(await desk.edit(item))["state"] == "draft"

    expect_problem(await desk.step(item, "publication"), 409, "item.draft")


async def test_a_reviewer_who_saw_another_content_is_refused(desk: Desk) -> None:
    item = await desk.draft()
    changed = done(await desk.edit(item, body="别的"))
    done(await desk.step(changed, "submission"))

    expect_problem(await desk.step(item, "review", desk.review_of(item)), 409, "review.other_content")


@pytest.mark.parametrize(
    ("different", "status", "code"),
    [
        ({"content_hash": None}, 409, "review.other_content"),
        ({"grounds": NO_GROUND | {"E3": True}}, 409, "review.ground_found"),
        ({"grounds": {"E1": False}}, 422, "request.malformed"),
        ({"grounds": NO_GROUND | {"E1": "no"}}, 422, "request.malformed"),
        ({"decision": "return"}, 409, "review.note_missing"),
        ({"decision": "withhold", "ground": "E1"}, 409, "review.ground_missing"),
        ({"decision": "maybe"}, 422, "request.malformed"),
    ],
)
async def test_an_incomplete_review_is_refused(desk: Desk, different: Json, status: int, code: str) -> None:
    item = done(await desk.step(await desk.draft(), "submission"))

    expect_problem(await desk.step(item, "review", desk.review_of(item, **different)), status, code)


async def test_a_column_not_heard_of_yet_is_unknown_for_now(desk: Desk) -> None:
    answer = await desk.client.post("/items", json=ITEM | {"column_id": "c-new"}, headers=desk.editor)

    expect_problem(answer, 409, "unknown_yet")
    assert answer.headers["retry-after"] == "1"


async def test_a_retired_column_takes_nothing_more_and_owes_nothing(desk: Desk, program: Program) -> None:
    item = await desk.released(await desk.draft())
    await heard(program.listener, [message(column_retired(), 2)])

    expect_problem(await desk.step(item, "publication"), 409, "column.retired")
    duties = done(await desk.client.get("/duties", headers=desk.editor))
    assert [duty["id"] for duty in duties["items"]] == ["c-news"]


async def test_the_same_key_gives_the_same_answer_and_publishes_once(desk: Desk, program: Program) -> None:
    item = await desk.released(await desk.draft())
    first, again = [await desk.step(item, "publication", None, **{"Idempotency-Key": "k"}) for _ in range(2)]

    assert done(first) == done(again)
    assert again.headers["idempotent-replayed"] == "true"
    expect_problem(await desk.step(item, "publication"), 409, "item.published")
    assert await program.db["publication"].count_documents({}) == 1


async def test_a_stale_version_is_refused(desk: Desk) -> None:
    item = await desk.draft()
    done(await desk.edit(item, title="二"))

    answer = await desk.step(item, "submission", None, **{"If-Match": '"1"'})
    expect_problem(answer, 412, "item.stale")


async def test_publications_at_the_same_time_get_different_numbers_and_an_intact_chain(desk: Desk) -> None:
    items = [await desk.released(await desk.draft(title=f"第{n}号", column_id="c-news")) for n in range(8)]
    published = await asyncio.gather(*(desk.step(item, "publication") for item in items))

    numbers = {done(answer)["shown"]["index_number"][-4:] for answer in published}
    assert numbers == {f"{n:04}" for n in range(1, 9)}
    chain = done(await desk.client.get("/ledger/finance/verification", headers=desk.editor))
    assert (chain["intact"], chain["length"]) == (True, 8)


async def test_a_host_whose_clock_is_ahead_publishes_at_the_databases_moment_and_so_does_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = clock.host
    with monkeypatch.context() as there:
        there.setattr(clock, "host", lambda: host() + timedelta(hours=20))
        ahead = await desk.public()
    after = await desk.public()

    moments = [datetime.fromisoformat(item["shown"]["published_at"]) for item in (ahead, after)]
    assert moments == sorted(moments)
    assert max(moments) <= host()


async def test_a_back_dated_publication_is_found(desk: Desk, program: Program) -> None:
    first = await desk.public()
    await desk.public()
    past = datetime.now(UTC) - timedelta(days=30)
    await program.db["publication"].update_one({"item_id": first["id"]}, {"$set": {"entry.at": past}})

    chain = done(await desk.client.get("/ledger/finance/verification", headers=desk.editor))
    assert (chain["intact"], chain["broken_at"], chain["fault"]) == (False, 1, "the entry was changed")


async def test_a_publication_renews_the_duty_and_the_sweep_says_each_thing_once(desk: Desk, program: Program) -> None:
    opened = datetime.now(UTC) - timedelta(days=3)
    await heard(program.listener, [message(column_opened("c-old", at=opened))])
    await desk.public(column_id="c-old")
    [sweep], later = timers.sweeps(), datetime.now(UTC) + timedelta(days=15)

    assert await told(program, "duty/c-old") == ["duty.refreshed", "duty.refreshed"]
    for _ in range(2):
        await sweep.once(program.transact, later)
    assert (await told(program, "duty/c-old"))[2:] == ["duty.due_soon", "duty.stale"]
    found = done(await desk.client.get("/duties?state=stale&owner=finance&limit=1", headers=desk.editor))
    assert found["items"][0]["state"] == "stale"
    rest = done(await desk.client.get(f"/duties?state=stale&cursor={found['next']}", headers=desk.editor))
    assert len(rest["items"]) == 2


async def test_a_withdrawn_item_leaves_a_tombstone(desk: Desk, program: Program) -> None:
    item = await desk.public()
    gone = done(await desk.step(item, "withdrawal", {"reason": "含个人信息", "ground": "E2"}))

    assert (gone["state"], gone["withdrawn"]["reason"]) == ("withdrawn", "含个人信息")
    assert (await told(program, f"item/{item['id']}"))[-1] == "item.withdrawn"
    expect_problem(await desk.edit(item), 409, "item.withdrawn")


async def test_items_are_listed_by_department_and_state_a_page_at_a_time(desk: Desk) -> None:
    made = [await desk.draft(title=f"第{n}号") for n in range(3)]
    done(await desk.step(made[0], "submission"))

    drafts = "/items?department=finance&state=draft&limit=1"
    first = done(await desk.client.get(drafts, headers=desk.editor))
    second = done(await desk.client.get(f"{drafts}&cursor={first['next']}", headers=desk.editor))
    assert [page["items"][0]["id"] for page in (first, second)] == [made[2]["id"], made[1]["id"]]


async def test_lists_take_several_states(desk: Desk) -> None:
    draft, submitted, public = await desk.draft(), await desk.draft(), await desk.public()
    done(await desk.step(submitted, "submission"))

    async def listed(query: str) -> set[str]:
        found = done(await desk.client.get(f"/items{query}", headers=desk.editor))
        return {item["id"] for item in found["items"]}

    assert await listed("?state=draft&state=submitted") == {draft["id"], submitted["id"]}
    assert await listed("") == {draft["id"], submitted["id"], public["id"]}
    duties = done(await desk.client.get("/duties?state=current&state=due_soon", headers=desk.editor))
    assert {duty["id"] for duty in duties["items"]} == {"c-budget", "c-news"}
    assert all(duty["due_at"] == f"{duty['last_day']}T16:00:00Z" for duty in duties["items"])


async def test_a_column_is_named_by_its_path_as_well_as_by_its_id(desk: Desk) -> None:
    item = await desk.draft(column_id="budget")
    assert item["content"]["column_id"] == "c-budget"
    assert done(await desk.edit(item, column_id="news"))["content"]["column_id"] == "c-news"

    nowhere = await desk.client.post("/items", json=ITEM | {"column_id": "news/plans"}, headers=desk.editor)
    expect_problem(nowhere, 409, "unknown_yet")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"\xff", b'{"\\ud800": 1}',
        *(
            json.dumps(ITEM | wrong).encode()
            for wrong in (
                {"title": ""}, {"title": "a\0b"}, {"title": "x" * 201}, {"title": "\ud800"}, {"kind": "rumour"},
                {"made_on": "yesterday"}, {"made_on": 10**30}, {"keywords": ["x"] * 11}, {"body": "政" * 70_000},
                {"body": None}, {"column_id": "../x"}, {"unknown": 1}, {"disclosure_class": "everything"},
            )
        ),
    ],
)  # fmt: skip
async def test_what_is_malformed_is_named_and_not_stored(desk: Desk, program: Program, body: bytes) -> None:
    headers = desk.editor | {"Content-Type": "application/json"}
    answer = await desk.client.post("/items", content=body, headers=headers)

    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "request.malformed"
    assert await program.db["item"].count_documents({}) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/items/%00", "/items/" + "a" * 200, "/items?cursor=x", "/items?limit=0", "/items?state=gone",
        "/items/x/revisions/99999999999999999999", "/duties?owner=%00", "/duties?state=closed",
        "/ledger/%00/verification",
    ],
)  # fmt: skip
async def test_an_address_that_cannot_be_is_malformed(desk: Desk, path: str) -> None:
    assert (await desk.client.get(path, headers=desk.editor)).status_code == 422
