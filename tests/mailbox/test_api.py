"""Letters through the API, on real MongoDB."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.kernel import telemetry
from services.kernel.clock import now
from services.kernel.person import Role
from services.kernel.program import Program
from services.mailbox import api
from services.mailbox.store import policies
from tests.mailbox.desk import EXTRACT, Desk, Json, done, expect_problem
from tests.mailbox.examples import CONTACT, NEW

pytestmark = pytest.mark.servers
WRONG, NOWHERE = "0000000000", "20260101-AAAAAA"


async def journal(program: Program, receipt: str) -> list[Json]:
    found = program.db["journal"].find({"subject": f"letter/{receipt}"}).sort([("version", 1), ("n", 1)])
    return await found.to_list(None)


async def told(program: Program, receipt: str) -> list[str]:
    return [record["type"] for record in await journal(program, receipt)]


def another(code: str) -> str:
    return WRONG if code != WRONG else "1111111111"


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


async def test_every_look_at_the_contact_is_recorded_with_who_looked(desk: Desk, program: Program) -> None:
    receipt = (await desk.write())["receipt"]
    looking = desk.bearer(Role.HANDLER, sub="zhang")

    seen = done(await desk.client.post(f"/letters/{receipt}/contact", headers=looking))

    assert {name: seen[name] for name in CONTACT} == CONTACT
    looks = [record for record in await journal(program, receipt) if record["type"] == "letter.contact_seen"]
    assert [(look["who"], "sequence" in look) for look in looks] == [("zhang", False)]


async def test_the_contact_and_the_code_lie_nowhere_in_the_clear(
    desk: Desk, program: Program, capsys: pytest.CaptureFixture[str]
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
    logs, metrics = capsys.readouterr().out, (await desk.client.get("/metrics")).text
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
    assert {guesses["_id"]: guesses["wrong"] for guesses in counted} == {written["receipt"]: 1, NOWHERE: 1}


@pytest.mark.parametrize("way", ["ask", "rate"])
async def test_after_too_many_wrong_codes_even_the_right_one_has_to_wait(
    desk: Desk, program: Program, way: str
) -> None:
    written, limit = await desk.answered(), policies()[-1].wrong_codes
    receipt, knock = written["receipt"], getattr(desk, way)

    guessed = Counter([(await knock(receipt, another(written["code"]))).status_code for _ in range(limit + 3)])
    unknown = Counter([(await knock(NOWHERE, WRONG)).status_code for _ in range(limit + 3)])

    assert guessed == unknown == {404: limit, 429: 3}
    expect_problem(await knock(receipt, written["code"]), 429, "letter.too_many_codes")
    await program.db["guesses"].update_many({}, {"$set": {"until": now() - timedelta(seconds=1)}})
    done(await knock(receipt, written["code"]))
    expect_problem(await knock(receipt, another(written["code"])), 404, "letter.no_such_receipt")
    assert [g["wrong"] for g in await program.db["guesses"].find({"_id": receipt}).to_list(None)] == [1]


async def test_wrong_codes_are_forgotten_by_the_database_itself(program: Program) -> None:
    indexes = await program.db["guesses"].index_information()

    assert indexes["until_1"]["expireAfterSeconds"] == 0


async def test_a_letter_is_rated_only_by_its_writer_after_an_answer_and_once(desk: Desk) -> None:
    open_one, written = await desk.write(), await desk.answered()

    expect_problem(await desk.rate(open_one["receipt"], open_one["code"]), 409, "letter.unanswered")
    expect_problem(await desk.rate(written["receipt"], another(written["code"])), 404, "letter.no_such_receipt")
    done(await desk.rate(written["receipt"], written["code"], 4))
    expect_problem(await desk.rate(written["receipt"], written["code"], 1), 409, "letter.rated")
    expect_problem(await desk.rate(written["receipt"], written["code"], 6), 422, "request.malformed")


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
    foreign = await desk.client.get("/letters?department=water", headers=desk.handler)
    expect_problem(foreign, 403, "department.foreign")


async def test_the_clock_explains_the_deadline_day_by_day(desk: Desk) -> None:
    written = await desk.write(kind="consultation")
    clock = done(await desk.client.get(f"/letters/{written['receipt']}/clock", headers=desk.handler))

    assert (clock["due_at"], sum(day["counted"] for day in clock["days"])) == (written["due_at"], 5)
    assert all(day["why"] for day in clock["days"])


async def test_a_receipt_number_is_the_day_and_six_characters_that_are_not_confused(desk: Desk) -> None:
    receipt = (await desk.write())["receipt"]

    day, _, mark = receipt.partition("-")
    assert len(day) == 8
    assert len(mark) == 6
    assert set(mark) <= set(api.ALPHABET)


@pytest.mark.parametrize(
    ("different", "status", "code"),
    [
        ({"mailbox": "nowhere"}, 409, "unknown_yet"),
        ({"mailbox": "archive"}, 409, "letter.no_mailbox"),
        ({"title": "长" * 101}, 409, "letter.title_too_long"),
        ({"text": "长" * 5001}, 409, "letter.text_too_long"),
        ({"title": ""}, 422, "request.malformed"),
        ({"title": " \n "}, 422, "request.malformed"),
        ({"text": "a\x00b"}, 422, "request.malformed"),
        ({"kind": "praise"}, 422, "request.malformed"),
        ({"consent": "perhaps"}, 422, "request.malformed"),
        ({"contact": {"name": "欧阳测试"}}, 422, "request.malformed"),
        ({"contact": CONTACT | {"phone": "１３８００００９８７６"}}, 422, "request.malformed"),
        ({"surprise": 1}, 422, "request.malformed"),
    ],
)
async def test_what_cannot_be_taken_in_is_refused_and_nothing_is_kept(
    desk: Desk, program: Program, different: dict[str, Any], status: int, code: str
) -> None:
    expect_problem(await desk.hand_in(**different), status, code)

    assert await program.db["letter"].count_documents({}) == 0


JSON = {"content-type": "application/json"}
NOT_TEXT = [b'{"code": "\\ud800"}', b'{"title": "\\udfff"}', b'{"code": ' + b"9" * 5000 + b"}", b"[]", b"\xff", b""]
MOMENTS = [
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "1e308",
    "2026-03-02T00:00:00",
]


@pytest.mark.parametrize("body", NOT_TEXT)
@pytest.mark.parametrize("step", ["", "/status", "/rating", "/transfer", "/answer", "/disclosure"])
async def test_a_body_that_is_no_letter_and_no_step_is_a_problem_and_no_more(
    desk: Desk, body: bytes, step: str
) -> None:
    place = f"/letters/{NOWHERE}{step}" if step else "/letters"
    who = desk.handler if step in ("/transfer", "/answer", "/disclosure") else desk.gateway

    found = await desk.client.post(place, content=body, headers=who | JSON)

    assert found.status_code in (400, 422)


@pytest.mark.parametrize("text", ["\ud800", "a\x00"])
async def test_text_that_cannot_be_kept_is_refused(desk: Desk, text: str) -> None:
    receipt = (await desk.write())["receipt"]
    steps = {
        "answer": {"text": text},
        "transfer": {"to": "water", "reason": text},
        "disclosure": EXTRACT | {"title": text},
    }

    for step, body in steps.items():
        content = json.dumps(body).encode()
        found = await desk.client.post(f"/letters/{receipt}/{step}", content=content, headers=desk.handler | JSON)
        expect_problem(found, 422, "request.malformed")
    for field in ("title", "text", "mailbox"):
        content = json.dumps(NEW | {field: text}).encode()
        expect_problem(
            await desk.client.post("/letters", content=content, headers=desk.gateway | JSON), 422, "request.malformed"
        )
    named = json.dumps(NEW | {"contact": CONTACT | {"name": text}}).encode()
    expect_problem(
        await desk.client.post("/letters", content=named, headers=desk.gateway | JSON), 422, "request.malformed"
    )


@pytest.mark.parametrize("id", ["%00", "a" * 500, "%ED%A0%80", "2026%2003", NOWHERE])
async def test_an_id_that_no_letter_has_is_a_problem_and_no_more(desk: Desk, id: str) -> None:
    assert (await desk.client.get(f"/letters/{id}", headers=desk.office)).status_code in (404, 422)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_moment_beyond_all_calendars_is_a_problem_and_no_more(desk: Desk, moment: str) -> None:
    found = await desk.client.get("/letters", params={"due_before": moment}, headers=desk.office)

    assert found.status_code in (200, 422)
