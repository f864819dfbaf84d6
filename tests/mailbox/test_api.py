"""Letters through the API, on real MongoDB."""

import asyncio

import pytest

from services.kernel.running.program import Program
from tests.mailbox.desk import Desk, another, done, expect_problem, journal
from tests.mailbox.examples import CONTACT

pytestmark = pytest.mark.servers


async def told(program: Program, receipt: str) -> list[str]:
    return [record["type"] for record in await journal(program, receipt)]


async def test_a_letter_goes_from_receipt_to_rating_and_its_writer_sees_every_step(
    desk: Desk, program: Program
) -> None:
    written = await desk.answered()
    receipt = written["receipt"]
    done(await desk.step(receipt, "closing"))
    done(await desk.rate(receipt, written["code"]))

    own = done(await desk.ask(receipt, written["code"]))

    assert (own["state"], own["answer"], own["rating"]) == (
        "closed",
        "路灯已于今日修复。",
        {"stars": 5, "solved": True},
    )
    assert [step["state"] for step in own["steps"]] == ["received", "accepted", "answered", "closed"]
    assert (own["due_at"], own["provisional"]) == (written["due_at"], False)
    assert await told(program, receipt) == [
        "letter.received", "letter.accepted", "letter.answered", "letter.closed", "letter.rated",
    ]  # fmt: skip


async def test_a_letter_to_the_mayor_goes_to_the_government_office_and_is_directed_from_there(desk: Desk) -> None:
    receipt = (await desk.write(mailbox="mayor"))["receipt"]
    assert (await desk.letter(receipt))["department"] == "office"

    directed = await desk.client.post(
        f"/letters/{receipt}/transfer", json={"to": "finance", "reason": "转主管部门办理"}, headers=desk.office
    )

    assert (directed.json()["department"], directed.json()["state"]) == ("finance", "received")
    done(await desk.step(receipt, "acceptance"))


async def test_a_transfer_keeps_its_reason_for_handlers_and_not_for_the_writer(desk: Desk) -> None:
    written = await desk.write()
    moved = done(await desk.step(written["receipt"], "transfer", {"to": "water", "reason": "属水利部门职责"}))

    assert [step["reason"] for step in moved["steps"]] == [None, "属水利部门职责"]
    assert moved["due_at"] == written["due_at"]
    assert "水利部门职责" not in (await desk.ask(written["receipt"], written["code"])).text


async def test_the_same_key_gives_the_same_receipt_and_code_and_another_body_is_refused(
    desk: Desk, program: Program
) -> None:
    first, again = await desk.hand_in(key="click-1"), await desk.hand_in(key="click-1")
    other = await desk.hand_in(key="click-1", title="别的")

    assert (again.status_code, again.json()) == (201, first.json())
    expect_problem(other, 422, "idempotency_key.reused")
    assert await program.db["letter"].count_documents({}) == 1


async def test_of_two_clicks_at_once_one_letter_is_kept(desk: Desk, program: Program) -> None:
    both = await asyncio.gather(*(desk.hand_in(key="click-2") for _ in range(8)))

    assert {answer.status_code for answer in both} == {201}
    assert len({answer.json()["receipt"] for answer in both}) == 1
    assert await program.db["letter"].count_documents({}) == 1


async def test_two_acceptances_at_once_make_one_fact(desk: Desk, program: Program) -> None:
    receipt = (await desk.write())["receipt"]

    both = await asyncio.gather(*(desk.step(receipt, "acceptance") for _ in range(8)))

    assert {answer.status_code for answer in both} == {200}
    assert await told(program, receipt) == ["letter.received", "letter.accepted"]


async def test_a_handler_who_saw_an_older_version_is_told_so(desk: Desk) -> None:
    receipt = (await desk.write())["receipt"]
    done(await desk.step(receipt, "acceptance"))

    stale = await desk.step(receipt, "answer", {"text": "已修。"}, **{"If-Match": '"1"'})

    expect_problem(stale, 412, "letter.stale")


async def test_a_letter_is_rated_only_by_its_writer_after_an_answer_and_once(desk: Desk) -> None:
    open_one, written = await desk.write(), await desk.answered()

    expect_problem(await desk.rate(open_one["receipt"], open_one["code"]), 409, "letter.not_rateable")
    expect_problem(await desk.rate(written["receipt"], another(written["code"])), 404, "letter.no_such_receipt")
    done(await desk.rate(written["receipt"], written["code"], 4))
    expect_problem(await desk.rate(written["receipt"], written["code"], 1), 409, "letter.rated")
    expect_problem(await desk.rate(written["receipt"], written["code"], 6), 422, "request.malformed")


async def test_the_queue_is_sorted_by_due_moment_and_filtered_and_paged(desk: Desk) -> None:
    kinds = ["complaint", "error_report", "consultation", "help", "consultation"]
    for kind in kinds:
        await desk.write(kind=kind)
    await desk.write(mailbox="water")
    first = done(await desk.client.get("/letters?limit=3", headers=desk.handler))
    rest = done(await desk.client.get(f"/letters?limit=3&cursor={first['next']}", headers=desk.handler))
    everything = done(await desk.client.get("/letters", headers=desk.office))

    mine = first["items"] + rest["items"]
    assert [letter["due_at"] for letter in mine] == sorted(letter["due_at"] for letter in mine)
    assert {letter["department"] for letter in mine} == {"finance"}
    assert (len({letter["id"] for letter in mine}), len(everything["items"])) == (5, 6)
    assert all(CONTACT["phone"] not in str(letter) for letter in everything["items"])
    before = {"due_before": mine[2]["due_at"], "state": "received"}
    soon = done(await desk.client.get("/letters", params=before, headers=desk.handler))
    assert [letter["id"] for letter in soon["items"]] == [
        letter["id"] for letter in mine if letter["due_at"] < before["due_before"]
    ]
    done(await desk.step(mine[0]["id"], "acceptance"))
    taken = done(await desk.client.get("/letters?state=accepted&state=answered", headers=desk.handler))
    both = done(await desk.client.get("/letters?state=accepted&state=received", headers=desk.handler))
    assert ([letter["id"] for letter in taken["items"]], len(both["items"])) == ([mine[0]["id"]], 5)
    foreign = await desk.client.get("/letters?department=water", headers=desk.handler)
    expect_problem(foreign, 403, "department.foreign")


async def test_the_clock_explains_the_deadline_day_by_day(desk: Desk) -> None:
    written = await desk.write(kind="consultation")
    clock = done(await desk.client.get(f"/letters/{written['receipt']}/clock", headers=desk.handler))

    assert (clock["due_at"], sum(day["counted"] for day in clock["days"])) == (written["due_at"], 5)
    assert all(day["why"] for day in clock["days"])
    assert clock["last_day"] == clock["days"][-1]["day"]
    assert clock["due_at"] == f"{clock['last_day']}T16:00:00Z", "24:00 in Shanghai is 16:00 in Greenwich"


async def test_a_receipt_number_is_the_day_and_six_characters_that_are_not_confused(desk: Desk) -> None:
    receipt = (await desk.write())["receipt"]

    day, _, mark = receipt.partition("-")
    assert len(day) == 8
    assert len(mark) == 6
    assert set(mark) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")  # no I, L, O, U
