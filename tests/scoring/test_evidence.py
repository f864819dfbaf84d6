"""Evidence gives what the record gives: however facts arrive, whenever somebody looks, and to the last byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.stack import Servers
from services.kernel.domain.event import Message
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from services.kernel.storage.mongo import connect
from services.scoring.domain import assessment, held
from services.scoring.domain.score import Inputs, canonical, sha256
from services.scoring.domain.score import compute as purely
from services.scoring.store import evidence
from services.scoring.store import month as months
from tests.scoring import recorded
from tests.scoring.conftest import Hear
from tests.scoring.rooms import Room, in_a_room
from tests.scoring.story import AFTER, MONTH, SCHEME, SECOND, Story, inputs, on, pieces, whole_month
from tests.scoring.wild import heard, stories
from tests.support.services import Bearer
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
SCHEMES = st.sampled_from([SCHEME, SECOND])


@pytest.fixture
async def room(servers: Servers, namespace: str) -> AsyncIterator[Room]:
    made = await Room.made(servers.mongo_url, namespace)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def shared(servers: Servers) -> Iterator[str]:
    """The name of a database that examples use one after the other."""
    name = f"evidence_{uuid4().hex[:12]}"
    yield name

    async def drop() -> None:
        await connect(servers.mongo_url, name).client.drop_database(name)

    asyncio.run(drop())


@given(stories(), st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_the_order_of_hearing_evidence_finds_what_the_pure_function_finds(
    servers: Servers, shared: str, story: Story, data: st.DataObject
) -> None:
    messages = data.draw(heard(story.messages))
    scheme = data.draw(SCHEMES)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(messages)), max_size=3)))

    async def prove(room: Room) -> None:
        for begin, end in zip([0, *cuts], [*cuts, len(messages)], strict=True):
            await room.record(messages[begin:end])  # what follows a cut comes late
            await room.gather()
            now = inputs(position=end, scheme=scheme)
            assert await said(room, now) == purely_said(messages[:end], now)

    in_a_room(servers, shared, prove)


@given(stories(), st.data())
@settings(max_examples=30, deadline=None)
def test_a_look_at_a_running_month_finds_what_the_pure_function_finds_of_all_told_by_then(
    servers: Servers, shared: str, story: Story, data: st.DataObject
) -> None:
    at = on(data.draw(st.integers(1, 30)), "09:30")
    messages = [message for message in data.draw(heard(story.messages)) if message.time < at]
    now = inputs(position=len(messages), as_of=at, scheme=data.draw(SCHEMES))

    async def prove(room: Room) -> None:
        await room.record(messages)
        await room.gather()
        assert await said(room, now) == purely_said(messages, now)

    in_a_room(servers, shared, prove)


async def said(room: Room, now: Inputs) -> bytes | str:
    """What the evidence says, and that a look without facts says the same; or what is missing."""
    read = room.transact.reader()
    try:
        whole, noticed = await months.whole(read, now)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    looked = (await months.look(read, now)).scored
    assert [(x.score, x.rank, [(y.points, y.formula) for y in x.lines]) for x in looked] == [
        (x.score, x.rank, [(y.points, y.formula) for y in x.lines]) for x in whole
    ]
    assert bool(noticed) <= bool(whole)
    assert not noticed or now.scheme == SECOND.version
    return canonical(whole, now)


def purely_said(messages: Sequence[Message], now: Inputs) -> bytes | str:
    try:
        return canonical(purely(pieces(messages), now, months.scheme(now.scheme)), now)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("name", recorded.NAMES)
async def test_a_month_that_was_published_is_proven_by_its_evidence(room: Room, name: str) -> None:
    month = recorded.month(name)
    told = [m for m in month.messages if m.time < month.inputs.as_of]
    now = replace(month.inputs, position=len(told))

    await room.record(told)
    await room.gather()

    assert await proven(room, now) == month.sha256


async def proven(room: Room, inputs: Inputs) -> str:
    scored, _ = await months.whole(room.transact.reader(), inputs)
    return sha256(scored, inputs)


async def test_two_replicas_that_add_at_once_add_each_fact_once(room: Room) -> None:
    month = recorded.month("busy")
    await room.record(month.messages)

    await asyncio.gather(*(room.gather() for _ in range(3)))

    assert await proven(room, month.inputs) == month.sha256


async def test_evidence_that_no_replica_has_used_for_a_day_is_forgotten_and_ones_own_never(room: Room) -> None:
    await room.record(whole_month().messages)
    await room.gather()
    await room.db["evidence"].insert_many(
        [{"_id": "older", "position": 1, "at": AFTER - timedelta(days=2)},
         {"_id": "newer", "position": 1, "at": AFTER - timedelta(hours=2)}]
    )  # fmt: skip
    await room.db["evidence-older-item"].insert_one({"_id": "x"})

    read = room.transact.reader()
    assert await evidence.forget(read, at=AFTER) == ["older"]

    assert not [name for name in await room.db.list_collection_names() if "older" in name]
    assert await evidence.forget(read, at=AFTER + timedelta(days=9)) == ["newer"]
    assert await evidence.reached(read) == len(whole_month().messages)
    assert await read.count(held.Mention, {})


async def test_the_facts_of_a_large_month_lie_apart_and_are_proven_with_it(
    client: httpx.AsyncClient, working: Program, hear: Hear, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessment, "FEW", 0)
    monkeypatch.setattr(assessment, "LARGEST", 1_000)  # bytes: as if finance had thousands of facts
    office, group = bearer(Role.OFFICE), bearer(Role.LEADING_GROUP)
    await hear(whole_month().messages)
    running = (await client.get(f"/assessments/{MONTH}/finance", headers=office)).json()

    await client.post(f"/assessments/{MONTH}/closing", headers=office)
    await client.post(f"/assessments/{MONTH}/confirmation", headers=group)
    await client.post(f"/assessments/{MONTH}/publication", headers=office)

    closed = (await client.get(f"/assessments/{MONTH}/finance", headers=office)).json()
    assert [line["facts"] for line in closed["lines"]] == [[]] * 4
    assert closed["facts_at"] == f"/assessments/{MONTH}/finance/facts"
    for line in running["lines"]:
        assert await listed(client, closed["facts_at"], line["indicator"], office) == line["facts"] != []
    told = working.db["journal"].find({"type": "assessment.published"}).sort("_id", 1)
    checks = [json.loads(record["value"])["cited"] async for record in told]
    assert len(checks) == 2, "both have more than the bound"
    check = checks[0]
    content = await client.get(f"/content/{check['sha256']}", headers=bearer(Role.SERVICE))
    assert (len(content.content), content.headers["content-type"]) == (check["size"], "application/json")
    again = (await client.post("/replays", json={"month": MONTH}, headers=group)).json()
    assert again["identical"] is True
    tampered = content.content.replace("按时".encode(), "逾期".encode())
    await working.db["content"].update_one({"_id": check["sha256"]}, {"$set": {"data": tampered}})
    again = (await client.post("/replays", json={"month": MONTH}, headers=group)).json()
    assert again["identical"] is False


async def listed(client: httpx.AsyncClient, address: str, indicator: str, headers: dict[str, str]) -> list[object]:
    """All portions."""
    found: list[object] = []
    query: dict[str, str | int] = {"indicator": indicator, "limit": 2}
    while True:
        portion = (await client.get(address, params=query, headers=headers)).json()
        found += portion["items"]
        if portion["next"] is None:
            return found
        query["cursor"] = portion["next"]


async def test_a_running_months_facts_are_listed_in_portions_where_they_are_many(
    client: httpx.AsyncClient, hear: Hear, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = bearer(Role.OFFICE)
    await hear(whole_month().messages)
    inline = (await client.get(f"/assessments/{MONTH}/finance", headers=office)).json()
    assert inline["facts_at"] is None
    monkeypatch.setattr("services.scoring.api.FACTS_SHOWN", 2)

    apart = (await client.get(f"/assessments/{MONTH}/finance", headers=office)).json()

    assert [(line["points"], line["formula"]) for line in apart["lines"]] == [
        (line["points"], line["formula"]) for line in inline["lines"]
    ]
    for line in inline["lines"]:
        assert await listed(client, apart["facts_at"], line["indicator"], office) == line["facts"]
    unknown = await client.get(apart["facts_at"], params={"indicator": "quantiy"}, headers=office)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "indicator.unknown")
    foreign = await client.get(
        apart["facts_at"], params={"indicator": "quantity"}, headers=bearer(Role.EDITOR, department="health")
    )
    assert (foreign.status_code, foreign.json()["code"]) == (403, "department.foreign")


async def test_a_month_is_closed_once_the_evidence_has_come_so_far_and_not_before(
    client: httpx.AsyncClient, working: Program, hear: Hear, bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = bearer(Role.OFFICE)
    await hear(whole_month().messages)
    before = await evidence.reached(working.transact.reader())
    monkeypatch.setattr("services.kernel.http.tasks.WAIT", 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(evidence, "WINDOW", 0)  # nothing is added any more
        await working.bus.send(Story().department("late", at=on(1)).messages)
        await eventually(working.listener.caught_up)
        begun = await client.post(f"/assessments/{MONTH}/closing", headers=office)
        assert begun.status_code == 202
        assert await evidence.reached(working.transact.reader()) == before
        assert (await client.get(begun.headers["location"], headers=office)).json()["state"] == "running"

    async def done() -> bool:
        return bool((await client.get(begun.headers["location"], headers=office)).json()["state"] == "done")

    await eventually(done)
    closed = (await client.get(f"/assessments/{MONTH}", headers=office)).json()
    assert [row["department"] for row in closed["rows"]] == ["finance", "health", "late"]
