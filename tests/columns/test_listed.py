"""What columns' routes list as refusals, met at the door: each with the code that its OpenAPI document names."""

from typing import Any

import httpx
import pytest

from tests.columns.desk import FINANCE, NEWS, Desk, done, expect_problem
from tests.support.services import Bearer

pytestmark = pytest.mark.servers
NOBODY = {"decision": "approve"}


@pytest.fixture
async def desk(client: httpx.AsyncClient, bearer: Bearer) -> Desk:
    made = Desk(client, bearer)
    done(await client.post("/departments", json=FINANCE, headers=made.bureau), 201)
    return made


async def proposed(desk: Desk, **different: Any) -> httpx.Response:
    return await desk.client.post("/columns", json=NEWS | different, headers=desk.bureau)


async def decided(desk: Desk, id: str, said: dict[str, str], **headers: str) -> httpx.Response:
    return await desk.client.post(f"/columns/{id}/decision", json=said, headers=desk.leaders | headers)


async def retired(desk: Desk, id: str, to: str, **headers: str) -> httpx.Response:
    body = {"reason": "并入", "successor_id": to}
    return await desk.client.post(f"/columns/{id}/retirement", json=body, headers=desk.leaders | headers)


async def test_what_cannot_be_proposed(desk: Desk) -> None:
    waiting = await desk.propose(slug="waiting")

    expect_problem(await proposed(desk, parent_id="c-none"), 409, "column.parent_unknown")
    expect_problem(await proposed(desk, parent_id=waiting["id"]), 409, "column.parent_not_live")
    expect_problem(await proposed(desk, owner="nobody"), 409, "column.owner_unknown")
    expect_problem(await proposed(desk, classes=["Z99"]), 409, "column.class_unknown")
    above = None
    for n in range(5):
        slug, who = f"level-{n}", desk.bureau if n < 2 else desk.editor
        answer = await desk.client.post("/columns", json=NEWS | {"slug": slug, "parent_id": above}, headers=who)
        above = (await desk.approve(done(answer, 201)))["id"]
    deepest = await desk.client.post("/columns", json=NEWS | {"slug": "more", "parent_id": above}, headers=desk.editor)
    expect_problem(deepest, 409, "column.too_deep")


async def test_what_cannot_be_decided(desk: Desk) -> None:
    no = {"decision": "refuse", "reason": "重复"}
    live, refused = await desk.open(slug="live"), await desk.propose(slug="refused")
    done(await decided(desk, refused["id"], no), 200)

    expect_problem(await decided(desk, "c-none", NOBODY), 404, "column.missing")
    expect_problem(await decided(desk, live["id"], NOBODY, **{"If-Match": '"1"'}), 412, "column.stale")
    expect_problem(await decided(desk, refused["id"], NOBODY), 409, "column.closed")
    expect_problem(await decided(desk, live["id"], no), 409, "column.live")


async def test_what_cannot_be_retired(desk: Desk) -> None:
    live, other, waiting = await desk.open(slug="a"), await desk.open(slug="b"), await desk.propose(slug="c")

    expect_problem(await retired(desk, "c-none", other["id"]), 404, "column.missing")
    expect_problem(await retired(desk, waiting["id"], other["id"]), 409, "column.not_live")
    expect_problem(await retired(desk, live["id"], "c-none"), 409, "column.successor_unknown")
    expect_problem(await retired(desk, live["id"], waiting["id"]), 409, "column.successor_not_live")
    expect_problem(await retired(desk, live["id"], other["id"], **{"If-Match": '"1"'}), 412, "column.stale")
    done(await retired(desk, live["id"], other["id"]), 200)
    expect_problem(await retired(desk, waiting["id"], live["id"]), 409, "column.not_live")
    refused = await desk.propose(slug="d")
    done(await decided(desk, refused["id"], {"decision": "refuse", "reason": "重复"}), 200)
    expect_problem(await retired(desk, refused["id"], other["id"]), 409, "column.closed")
    elsewhere, _ = await desk.open(slug="e"), await desk.open(slug="below", parent_id=other["id"])
    expect_problem(await retired(desk, other["id"], elsewhere["id"]), 409, "column.has_children")


async def test_a_department_that_is_not_there_is_not_changed(desk: Desk) -> None:
    answer = await desk.client.patch("/departments/nobody", json={"phone": "0763-3300002"}, headers=desk.bureau)

    expect_problem(answer, 404, "department.missing")
