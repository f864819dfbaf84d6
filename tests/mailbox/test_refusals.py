"""What mailbox does not take, and what it says then."""

import json
from typing import Any

import pytest

from services.kernel.running.program import Program
from tests.mailbox.desk import EXTRACT, NOWHERE, Desk, expect_problem
from tests.mailbox.examples import CONTACT, NEW

pytestmark = pytest.mark.servers


JSON = {"content-type": "application/json"}
NOT_TEXT = [b'{"code": "\\ud800"}', b'{"title": "\\udfff"}', b'{"code": ' + b"9" * 5000 + b"}", b"[]", b"\xff", b""]
MOMENTS = [
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "1e308",
    "2026-03-02T00:00:00",
]


@pytest.mark.parametrize(
    ("different", "status", "code"),
    [
        ({"mailbox": "nowhere"}, 409, "unknown_yet"),
        ({"mailbox": "civil_affairs"}, 409, "unknown_yet"),
        ({"mailbox": "archive"}, 409, "letter.no_mailbox"),
        ({"title": "长" * 101}, 422, "request.malformed"),
        ({"text": "长" * 5001}, 422, "request.malformed"),
        ({"title": ""}, 422, "request.malformed"),
        ({"title": " \n "}, 422, "request.malformed"),
        ({"text": "a\x00b"}, 422, "request.malformed"),
        ({"kind": "praise"}, 422, "request.malformed"),
        ({"consent": "perhaps"}, 422, "request.malformed"),
        ({"contact": {"name": "欧阳测试"}}, 422, "request.malformed"),
        ({"contact": CONTACT | {"phone": "1380000987"}}, 422, "request.malformed"),
        ({"surprise": 1}, 422, "request.malformed"),
    ],
)
async def test_what_cannot_be_taken_in_is_refused_and_nothing_is_kept(
    desk: Desk, program: Program, different: dict[str, Any], status: int, code: str
) -> None:
    expect_problem(await desk.hand_in(**different), status, code)

    assert await program.db["letter"].count_documents({}) == 0


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
