"""What mailbox's routes list as refusals, met at the door: each with the code that its OpenAPI document names."""

import pytest

from services.kernel.domain.clock import now
from tests.mailbox.desk import EXTRACT, NOWHERE, Desk, done, expect_problem
from tests.mailbox.examples import policy

pytestmark = pytest.mark.servers
STALE = {"If-Match": '"9"'}
STEPS = {
    "acceptance": None, "transfer": {"to": "water", "reason": "水利职责"}, "answer": {"text": "已修。"},
    "closing": None, "disclosure": EXTRACT, "contact": None,
}  # fmt: skip


async def test_a_letter_that_is_not_there_is_not_handled(desk: Desk) -> None:
    expect_problem(await desk.client.get(f"/letters/{NOWHERE}/clock", headers=desk.handler), 404, "letter.missing")
    for step, body in STEPS.items():
        expect_problem(await desk.step(NOWHERE, step, body), 404, "letter.missing")


async def test_a_letter_that_changed_meanwhile_is_read_again_first(desk: Desk) -> None:
    receipt = (await desk.answered())["receipt"]
    for step in ("acceptance", "transfer", "answer", "closing", "disclosure"):
        expect_problem(await desk.step(receipt, step, STEPS[step], **STALE), 412, "letter.stale")


async def test_what_an_answered_letter_does_not_allow(desk: Desk) -> None:
    receipt = (await desk.answered())["receipt"]

    expect_problem(await desk.step(receipt, "acceptance"), 409, "letter.not_acceptable")
    expect_problem(await desk.step(receipt, "transfer", STEPS["transfer"]), 409, "letter.not_transferable")
    expect_problem(await desk.step(receipt, "answer", STEPS["answer"]), 409, "letter.answered")


async def test_what_an_unanswered_letter_does_not_allow(desk: Desk) -> None:
    receipt = (await desk.write())["receipt"]

    expect_problem(await desk.step(receipt, "closing"), 409, "letter.unanswered")
    expect_problem(await desk.step(receipt, "disclosure", EXTRACT), 409, "letter.unanswered")
    nobody, deaf = {"to": "nobody", "reason": "…"}, {"to": "archive", "reason": "…"}
    expect_problem(await desk.step(receipt, "transfer", nobody), 409, "unknown_yet")
    expect_problem(await desk.step(receipt, "transfer", deaf), 409, "letter.no_letters")


async def test_a_queue_goes_on_only_where_it_ended(desk: Desk) -> None:
    answer = await desk.client.get("/letters", params={"cursor": "x"}, headers=desk.office)

    expect_problem(answer, 422, "cursor.malformed")


async def test_what_cannot_be_set(desk: Desk) -> None:
    year = await desk.client.get("/calendars/1999", headers=desk.office)
    expect_problem(year, 422, "calendar.no_such_year")
    first = await desk.client.get("/policies", headers=desk.office)
    name = done(first)["policies"][0]["policy"]
    body, address = policy(7, now()), f"/policies/{name.replace('/', '-')}"
    stale = await desk.client.put(address, json=body, headers=desk.office | {"If-Match": '"9"'})
    expect_problem(stale, 412, "rules.stale")
