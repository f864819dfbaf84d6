"""A month from its facts to the published score, through Kafka, MongoDB and HTTP."""

import asyncio
import random
from dataclasses import replace

import httpx
import pytest

from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.stream.consumer import Kept
from services.scoring.domain.score import canonical, compute
from services.scoring.store import fact
from tests.scoring.conftest import Hear
from tests.scoring.story import MONTH, SCHEME, Story, inputs, on, pieces, whole_month
from tests.support.services import Bearer
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


@pytest.fixture
def office(bearer: Bearer) -> dict[str, str]:
    return bearer(Role.OFFICE)


@pytest.fixture
def group(bearer: Bearer) -> dict[str, str]:
    return bearer(Role.LEADING_GROUP)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


async def told(program: Program, type_: str) -> list[dict[str, object]]:
    found = program.db["journal"].find({"type": type_}).sort("_id", 1)
    return list(await found.to_list(None))


async def test_a_month_is_reckoned_closed_confirmed_published_and_replayed(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str], group: dict[str, str]
) -> None:
    await hear(whole_month().messages)
    running = (await client.get(f"/assessments/{MONTH}", headers=office)).json()
    assert (running["state"], running["provisional"], running["late"]) == ("running", True, 0)
    assert [(r["department"], r["score"], r["rank"]) for r in running["rows"]] == [
        ("finance", "50.65", 1), ("health", "6.25", 2),
    ]  # fmt: skip

    closed = (await client.post(f"/assessments/{MONTH}/closing", headers=office)).json()
    assert (closed["state"], closed["departments"]) == ("closed", ["finance", "health"])
    assert closed["inputs"]["position"] == len(whole_month().messages)
    assert (await client.post(f"/assessments/{MONTH}/confirmation", headers=group)).json()["state"] == "confirmed"
    assert (await client.post(f"/assessments/{MONTH}/publication", headers=office)).json()["state"] == "published"

    assert len(await told(working, "assessment.closed")) == len(await told(working, "assessment.published")) == 2
    for record in await told(working, "assessment.published"):
        assert record["changes"] == {"published": [False, True]}
    lines = (await client.get(f"/assessments/{MONTH}/finance", headers=office)).json()
    assert (lines["state"], lines["provisional"], lines["score"]) == ("published", False, "50.65")
    assert lines["formula"] == "15.00 + 6.67 + 7.50 + 3.75 = 32.92；32.92 ÷ 65 × 100 = 50.65 分"
    assert [fact["remark"] for fact in lines["lines"][0]["facts"]] == ["发布 1 条"] * 3
    again = (await client.post("/replays", json={"month": MONTH}, headers=group)).json()
    assert (again["identical"], again["sha256_now"]) == (True, closed["sha256"])


async def test_a_fact_that_comes_after_the_close_is_listed_as_late_and_changes_nothing(
    client: httpx.AsyncClient, hear: Hear, office: dict[str, str]
) -> None:
    story = whole_month()
    await hear(story.messages)
    closed = (await client.post(f"/assessments/{MONTH}/closing", headers=office)).json()
    before = (await client.get(f"/assessments/{MONTH}", headers=office)).json()
    said = len(story.messages)
    story.published("late", "finance", at=on(25)).published("next", "finance", at=on(2, month=10))
    story.stale("c-news", "finance", at=on(26))

    await hear(story.messages[said:])

    after = (await client.get(f"/assessments/{MONTH}", headers=office)).json()
    assert (after["rows"], after["late"]) == (before["rows"], 1)
    assert [fact["subject"] for fact in after["late_facts"]] == ["item/late"]
    again = (await client.post("/replays", json={"month": MONTH}, headers=office)).json()
    assert (again["identical"], again["sha256_stored"]) == (True, closed["sha256"])


async def test_of_closings_at_once_one_closes_and_the_others_see_the_same_or_are_refused(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str]
) -> None:
    await hear(whole_month().messages)

    answers = await asyncio.gather(*(client.post(f"/assessments/{MONTH}/closing", headers=office) for _ in range(4)))

    done = [answer.json() for answer in answers if answer.status_code == 200]
    assert done == [done[0]] * len(done)
    refusals = {code(answer) for answer in answers if answer.status_code != 200}
    assert refusals <= {(409, "month.closed"), (409, "facts.behind")}  # behind: on the first one's own words
    assert len(await told(working, "month.closed")) == 1
    assert len(await told(working, "assessment.closed")) == 2


async def test_a_stream_that_is_tripled_and_shuffled_gives_the_same_facts_and_the_same_bytes(
    working: Program, hear: Hear
) -> None:
    messages = whole_month().messages
    twisted = messages * 3
    random.Random(8).shuffle(twisted)

    await hear(twisted)

    reader = MongoReader(working.db)
    kept = await reader.find(Kept, {"source": {"$ne": "scoring"}}, sort="position", limit=0)
    assert [each.position for each in kept] == list(range(1, len(messages) + 1))
    assert {(each.subject, each.sequence, each.value) for each in kept} == {
        (m.subject, m.sequence, m.value) for m in messages
    }
    now = inputs(position=await fact.position(reader))
    here = canonical(compute(await fact.pieces(reader, now), now, SCHEME), now)
    assert here == canonical(compute(pieces(messages), now, SCHEME), now)


async def test_facts_are_read_part_by_part_each_once(
    working: Program, hear: Hear, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story().department("finance")
    for n in range(11):
        story.published(f"i{n}", "finance", at=on(4) if n < 7 else on(5))
    await hear(story.messages)
    monkeypatch.setattr(fact, "PART", 3)

    found = await fact.pieces(MongoReader(working.db), inputs())

    assert sorted(piece.fact.position for piece in found) == list(range(1, 13))


async def test_a_month_is_not_closed_while_facts_are_on_their_way(
    client: httpx.AsyncClient, program: Program, office: dict[str, str]
) -> None:
    await program.bus.prepare()
    await program.bus.send(whole_month().messages)

    assert code(await client.post(f"/assessments/{MONTH}/closing", headers=office)) == (409, "facts.behind")


async def test_what_breaks_its_contract_is_no_fact_and_holds_the_close_up(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str]
) -> None:
    story = whole_month()
    await hear(story.messages)
    broken = story.published("bad", "finance", at=on(9)).messages[-1]
    await working.bus.send([replace(broken, value=b'{"department": 7}')])

    async def set_aside() -> bool:
        return await working.db["waiting"].count_documents({"failure": {"$ne": None}}) == 1

    await eventually(set_aside)
    assert await working.db["fact"].count_documents({"subject": "item/bad"}) == 0
    assert code(await client.post(f"/assessments/{MONTH}/closing", headers=office)) == (409, "facts.behind")


async def test_a_month_that_runs_or_has_not_begun_or_is_empty_is_not_closed(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str], group: dict[str, str]
) -> None:
    await hear([])
    assert code(await client.get("/assessments/2999-12", headers=office)) == (404, "month.not_begun")
    assert code(await client.post("/assessments/2999-12/closing", headers=office)) == (404, "month.not_begun")
    assert code(await client.post(f"/assessments/{MONTH}/closing", headers=office)) == (409, "month.empty")
    assert code(await client.post("/assessments/2001-01/closing", headers=office)) == (404, "scheme.missing")
    assert code(await client.post(f"/assessments/{MONTH}/confirmation", headers=group)) == (409, "month.running")
    assert code(await client.post(f"/assessments/{MONTH}/publication", headers=office)) == (409, "month.running")
    assert code(await client.post("/replays", json={"month": MONTH}, headers=group)) == (409, "month.running")
    assert await working.db["month"].count_documents({}) == 0


async def test_steps_keep_their_order_and_their_version(
    client: httpx.AsyncClient, hear: Hear, office: dict[str, str], group: dict[str, str]
) -> None:
    await hear(whole_month().messages)
    key = {"Idempotency-Key": "close-1"}
    first = await client.post(f"/assessments/{MONTH}/closing", headers=office | key)
    await hear([])
    again = await client.post(f"/assessments/{MONTH}/closing", headers=office | key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert code(await client.post(f"/assessments/{MONTH}/closing", headers=office)) == (409, "month.closed")

    assert code(await client.post(f"/assessments/{MONTH}/publication", headers=office)) == (409, "month.unconfirmed")
    stale = await client.post(f"/assessments/{MONTH}/confirmation", headers=group | {"If-Match": '"7"'})
    assert code(stale) == (412, "month.stale")
    confirmed = await client.post(
        f"/assessments/{MONTH}/confirmation", headers=group | {"If-Match": first.headers["etag"]}
    )
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "confirmed")
    assert (await client.post(f"/assessments/{MONTH}/publication", headers=office)).status_code == 200
    assert code(await client.post(f"/assessments/{MONTH}/confirmation", headers=group)) == (409, "month.published")


async def test_a_line_that_lacks_its_facts_fails_loudly_everywhere(
    client: httpx.AsyncClient, hear: Hear, office: dict[str, str]
) -> None:
    await hear(Story().department("finance").column("c-news", "finance").messages)

    for method, path in (("GET", ""), ("GET", "/finance"), ("POST", "/closing")):
        answer = await client.request(method, f"/assessments/{MONTH}{path}", headers=office)
        assert code(answer) == (409, "facts.no_period")
        assert answer.headers["retry-after"] == "1"


async def test_a_replay_finds_scores_that_were_tampered_with(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str]
) -> None:
    await hear(whole_month().messages)
    await client.post(f"/assessments/{MONTH}/closing", headers=office)
    await working.db["assessment"].update_one({"_id": f"{MONTH}/health"}, {"$set": {"scored.score": "99.00"}})

    again = (await client.post("/replays", json={"month": MONTH}, headers=office)).json()

    assert again["identical"] is False
    assert again["sha256_now"] == again["sha256_stored"]


async def test_a_closing_that_takes_longer_is_followed_at_its_task(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear(whole_month().messages)
    monkeypatch.setattr("services.kernel.http.tasks.WAIT", 0.0)

    begun = await client.post(f"/assessments/{MONTH}/closing", headers=office)
    assert (begun.status_code, begun.json()["state"], begun.headers["retry-after"]) == (202, "running", "1")

    async def done() -> bool:
        found = (await client.get(begun.headers["location"], headers=office)).json()
        return bool(found["state"] == "done" and found["done"] == found["total"] == 2)

    await eventually(done)
    assert (await client.get(f"/assessments/{MONTH}", headers=office)).json()["state"] == "closed"


async def test_a_closing_asked_for_again_with_its_key_gives_the_same_month(
    client: httpx.AsyncClient, hear: Hear, office: dict[str, str]
) -> None:
    await hear(whole_month().messages)
    keyed = office | {"Idempotency-Key": "closing-1"}

    first = await client.post(f"/assessments/{MONTH}/closing", headers=keyed)
    again = await client.post(f"/assessments/{MONTH}/closing", headers=keyed)

    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])


async def test_who_closes_is_noted_in_the_journal_though_it_is_done_beside_the_request(
    client: httpx.AsyncClient, working: Program, hear: Hear, office: dict[str, str]
) -> None:
    await hear(whole_month().messages)

    answer = await client.post(f"/assessments/{MONTH}/closing", headers=office)

    [closed] = await told(working, "month.closed")
    assert (closed["who"], closed["request"]) == ("office", answer.headers["x-request-id"])
