"""What publishing makes of departments that merge, and of columns that are handed over or move."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.kernel.contracts.columns import (
    Cadence,
    ColumnChanged,
    ColumnMoved,
    DepartmentAbolished,
    DepartmentMerged,
    Publishers,
)
from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from tests.publishing.desk import ITEM, Desk, done, expect_problem
from tests.publishing.examples import column_opened, message
from tests.support.hearing import heard
from tests.support.services import Bearer

pytestmark = pytest.mark.servers
YESTERDAY, TOMORROW = now() - timedelta(days=1), now() + timedelta(days=1)


async def merged(program: Program, *, at: datetime = YESTERDAY) -> None:
    """Finance is merged into health."""
    told = DepartmentMerged(at=at, code="finance", successor="health", effective_at=at, reason="机构改革")
    await heard(program.listener, [message(told, 2)])


def of_health(desk: Desk, bearer: Bearer) -> Desk:
    """The same desk with an editor and a reviewer of health at it."""
    health = Desk(desk.client, bearer)
    health.editor = bearer(Role.EDITOR, department="health", sub="an editor of health")
    health.reviewer = bearer(Role.REVIEWER, department="health", sub="a reviewer of health")
    return health


async def test_the_successor_publishes_what_the_merged_department_had_in_work(
    program: Program, desk: Desk, bearer: Bearer
) -> None:
    before, draft = await desk.public(), await desk.draft(title="未公开")
    await merged(program)
    health = of_health(desk, bearer)

    published = done(await health.step(await health.released(draft), "publication"))

    assert (published["department"], published["state"]) == ("finance", "published")
    chain = done(await desk.client.get("/ledger/finance/verification", headers=health.editor))
    assert (chain["intact"], chain["length"]) == (True, 2)
    assert done(await health.edit(before, title="更正", change_note="更正"))["department"] == "finance"


async def test_those_of_the_merged_department_do_nothing_more(program: Program, desk: Desk) -> None:
    item = await desk.public()
    await merged(program)

    expect_problem(await desk.edit(item, title="更正", change_note="更正"), 403, "department.foreign")
    again = await desk.client.post("/items", json=ITEM, headers=desk.editor)
    expect_problem(again, 403, "department.foreign")
    assert done(await desk.client.get("/items", headers=desk.editor))["items"] == []


async def test_a_merger_that_lies_ahead_changes_nothing_yet(program: Program, desk: Desk, bearer: Bearer) -> None:
    await merged(program, at=TOMORROW)

    item = await desk.public()

    assert item["department"] == "finance"
    expect_problem(await of_health(desk, bearer).edit(item, change_note="更正"), 403, "department.foreign")


async def test_the_successors_list_shows_both_and_what_is_new_is_its_own(
    program: Program, desk: Desk, bearer: Bearer
) -> None:
    old = await desk.draft()
    await merged(program)
    health = of_health(desk, bearer)

    new = await health.draft()

    assert new["department"] == "health"  # though its editor answers for both, and the column is still finance's
    for query in ("", "?department=health"):
        listed = done(await desk.client.get(f"/items{query}", headers=health.editor))["items"]
        assert {item["id"] for item in listed} == {old["id"], new["id"]}
    only = done(await desk.client.get("/items?department=finance", headers=health.editor))["items"]
    assert [item["id"] for item in only] == [old["id"]]
    named = await desk.client.post("/items", json=ITEM | {"department": "finance"}, headers=health.editor)
    expect_problem(named, 409, "department.ended")


async def test_the_duties_of_a_successor_are_those_of_all_its_columns(program: Program, desk: Desk) -> None:
    told = DepartmentAbolished(
        at=YESTERDAY, code="finance", successor="health", effective_at=YESTERDAY, reason="机构改革"
    )
    await heard(program.listener, [message(told, 2)])

    found = done(await desk.client.get("/duties?owner=health", headers=desk.editor))["items"]

    assert {(duty["id"], duty["owner"]) for duty in found} == {("c-budget", "finance"), ("c-news", "finance")}
    assert {duty["id"] for duty in done(await desk.client.get("/duties?owner=finance", headers=desk.editor))["items"]}


def changed(
    column: str, *, owner: str = "finance", cadence: Cadence = Cadence.NEWS, name: str = "栏目"
) -> ColumnChanged:
    opened = column_opened(column, cadence=cadence, publishers=Publishers.OWNER, at=now())
    return ColumnChanged(**(opened.model_dump() | {"owner": owner, "name": name}))


async def duty(desk: Desk, id: str) -> dict[str, Any]:
    found = done(await desk.client.get("/duties", headers=desk.editor))["items"]
    return next(each for each in found if each["id"] == id)


async def told(program: Program, subject: str) -> list[str]:
    return [found["type"] async for found in program.db["journal"].find({"subject": subject}).sort("_id", 1)]


async def test_a_column_that_is_handed_over_takes_from_its_new_owner_and_its_duty_is_that_owners(
    program: Program, desk: Desk, bearer: Bearer
) -> None:
    health = of_health(desk, bearer)
    expect_problem(await desk.client.post("/items", json=ITEM, headers=health.editor), 403, "column.owner_only")

    handing = message(changed("c-budget", owner="health", name="预算"), 2)
    await heard(program.listener, [handing, handing])

    assert (await health.draft())["department"] == "health"
    expect_problem(await desk.client.post("/items", json=ITEM, headers=desk.editor), 403, "column.owner_only")
    after = await duty(desk, "c-budget")
    assert (after["owner"], after["name"], after["state"]) == ("health", "预算", "current")
    assert await told(program, "duty/c-budget") == ["duty.refreshed", "duty.handed_over"]


async def test_another_cadence_begins_a_period_and_one_where_there_was_none(program: Program, desk: Desk) -> None:
    before = await duty(desk, "c-budget")

    await heard(program.listener, [message(changed("c-budget", cadence=Cadence.STATIC), 2)])
    await heard(program.listener, [message(changed("c-about", cadence=Cadence.DYNAMIC), 2)])

    after, begun = await duty(desk, "c-budget"), await duty(desk, "c-about")
    assert (after["because"], after["cadence"]) == (begun["because"], "static") == ("changed", "static")
    assert after["due_at"] > begun["due_at"] > before["due_at"]
    assert await told(program, "duty/c-about") == ["duty.refreshed"]


async def test_a_column_that_moves_takes_the_paths_below_it_along(program: Program, desk: Desk) -> None:
    below = [column_opened("c-budget/year", at=now()), column_opened("c-budget/year/final", at=now())]
    await heard(program.listener, [message(each) for each in below])
    assert (await duty(desk, "c-budget/year/final"))["path"] == "budget/year/final"

    move = ColumnMoved(
        at=now(), column_id="c-budget/year", path="news/annual", tree_version=9, from_path="budget/year",
        parent_id="c-news", level=2, position=1,
    )  # fmt: skip
    await heard(program.listener, [message(move, 2)])

    assert (await duty(desk, "c-budget/year"))["path"] == "news/annual"
    assert (await duty(desk, "c-budget/year/final"))["path"] == "news/annual/final"
    assert (await duty(desk, "c-budget"))["path"] == "budget"
