"""What is personal: sealed, seen with a record, opened with the code alone."""

from collections import Counter
from datetime import timedelta

import httpx
import pytest

from services.kernel import telemetry
from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from services.mailbox.domain import tries
from tests.mailbox.desk import EXTRACT, NOWHERE, WRONG, Desk, another, done, expect_problem, journal
from tests.mailbox.examples import CONTACT, NEW

pytestmark = pytest.mark.servers


async def test_every_look_at_the_contact_is_recorded_with_who_looked(desk: Desk, program: Program) -> None:
    receipt = (await desk.write())["receipt"]
    looking = desk.bearer(Role.HANDLER, sub="zhang")

    seen = done(await desk.client.post(f"/letters/{receipt}/contact", headers=looking))

    assert {name: seen[name] for name in CONTACT} == CONTACT
    looks = [record for record in await journal(program, receipt) if record["type"] == "letter.contact_seen"]
    assert [(look["who"], "sequence" in look) for look in looks] == [("zhang", False)]


async def test_the_contact_and_the_code_lie_nowhere_in_the_clear(
    desk: Desk, program: Program, inner: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure("mailbox", "json")  # to the stdout that is captured here
    written = await desk.answered()
    receipt = written["receipt"]
    done(await desk.hand_in(key="click-3"), 201)
    done(await desk.client.post(f"/letters/{receipt}/contact", headers=desk.handler))
    await desk.ask(receipt, another(written["code"]))
    done(await desk.rate(receipt, written["code"]))
    done(await desk.step(receipt, "disclosure", EXTRACT))

    kept = [
        str(d) for name in await program.db.list_collection_names() for d in await program.db[name].find().to_list(None)
    ]
    events = [r["value"] for r in await journal(program, receipt)]
    logs, metrics = capsys.readouterr().out, (await inner.get("/metrics")).text
    assert receipt in "".join(kept)
    assert '"receive_letter"' in logs
    private = [*CONTACT.values(), written["code"]]
    assert not [word for word in private if word in "\n".join([*kept, logs, metrics])]
    assert not [word for word in (NEW["title"], NEW["text"]) if word in "\n".join([*events, logs, metrics])]


async def test_a_wrong_code_and_an_unknown_receipt_look_and_cost_the_same(desk: Desk, program: Program) -> None:
    written = await desk.write()

    wrong = await desk.ask(written["receipt"], another(written["code"]))
    unknown = await desk.ask(NOWHERE, WRONG)

    expect_problem(wrong, 404, "letter.no_such_receipt")
    assert wrong.json() | {"request": ""} == unknown.json() | {"request": ""}
    counted = await program.db["guesses"].find().to_list(None)
    assert {guesses["_id"]: guesses["wrong"] for guesses in counted} == {
        id: 1 for receipt in (written["receipt"], NOWHERE) for id in tries(receipt, "-")
    }


@pytest.mark.parametrize("way", ["ask", "rate"])
async def test_after_too_many_wrong_codes_even_the_right_one_has_to_wait(
    desk: Desk, program: Program, way: str
) -> None:
    written = await desk.answered()
    receipt, knock = written["receipt"], getattr(desk, way)

    guessed = Counter([(await knock(receipt, another(written["code"]))).status_code for _ in range(13)])
    unknown = Counter([(await knock(NOWHERE, WRONG)).status_code for _ in range(13)])

    assert guessed == unknown == {404: 10, 429: 3}
    expect_problem(await knock(receipt, written["code"]), 429, "letter.too_many_codes")
    await program.db["guesses"].update_many({}, {"$set": {"until": now() - timedelta(seconds=1)}})
    done(await knock(receipt, written["code"]))
    expect_problem(await knock(receipt, another(written["code"])), 404, "letter.no_such_receipt")
    assert [g["wrong"] for g in await program.db["guesses"].find({"_id": receipt}).to_list(None)] == [1]


async def test_wrong_codes_are_forgotten_by_the_database_itself(program: Program) -> None:
    indexes = await program.db["guesses"].index_information()

    assert indexes["until_1"]["expireAfterSeconds"] == 0


async def test_a_public_extract_is_kept_by_its_hash_and_never_names_the_writer(desk: Desk, program: Program) -> None:
    written, private = await desk.answered(), await desk.answered(consent=False)
    receipt = written["receipt"]
    named = EXTRACT | {"question": "请致电 138 0000 9876。"}

    expect_problem(await desk.step(receipt, "disclosure", named), 409, "letter.contact_in_extract")
    expect_problem(await desk.step(private["receipt"], "disclosure", EXTRACT), 409, "letter.no_consent")
    done(await desk.step(receipt, "disclosure", EXTRACT))
    done(await desk.step(receipt, "disclosure", EXTRACT))

    [fact] = [record for record in await journal(program, receipt) if record["type"] == "letter.disclosed"]
    [content] = await program.db["content"].find().to_list(None)
    assert content["_id"] in fact["value"]
    assert EXTRACT["question"] in content["data"].decode()
    assert EXTRACT["question"] not in fact["value"]


async def test_who_guesses_from_one_place_does_not_shut_the_writer_out_in_another(desk: Desk) -> None:
    written = done(await desk.hand_in(), 201)
    path, service = f"/letters/{written['receipt']}/status", desk.bearer(Role.SERVICE)
    guesser, writer = ({**service, "X-Place": digit * 32} for digit in "ab")
    for _ in range(10):
        wrong = await desk.client.post(path, json={"code": "0" * 10}, headers=guesser)
        expect_problem(wrong, 404, "letter.no_such_receipt")

    late = await desk.client.post(path, json={"code": written["code"]}, headers=guesser)
    expect_problem(late, 429, "letter.too_many_codes")
    assert 0 < int(late.headers["retry-after"]) <= 3600
    done(await desk.client.post(path, json={"code": written["code"]}, headers=writer), 200)


async def test_what_is_no_contact_is_passed_with_a_reason_that_only_the_key_opens(desk: Desk, program: Program) -> None:
    receipt = (await desk.answered())["receipt"]
    named = EXTRACT | {"question": "欧阳测试路的路灯坏了。"}

    expect_problem(await desk.step(receipt, "disclosure", named), 409, "letter.maybe_contact_in_extract")
    said = [{"place": "欧阳测试路", "reason": "是路名，不是姓名"}]
    done(await desk.step(receipt, "disclosure", named | {"no_contact": said}))

    assert all("是路名" not in str(record) for record in await journal(program, receipt))
    [letter] = await program.db["letter"].find({"_id": receipt}).to_list(None)
    assert len(letter["cleared"]) == 1
    assert "是路名" not in str(letter)
