"""What the gateway relies on at its back door: the same said by the real mailbox and by its stand-in in the tests."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.stack import Servers
from gateway.upstream import Judgement, Own, Written
from services.kernel.contracts.fields import QUERY_CODE, RECEIPT
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.person import Role
from services.kernel.running.program import create_app
from services.mailbox.__main__ import SERVICE
from services.mailbox.settings import MailboxSettings
from tests.gateway.support import mailbox as standing_in
from tests.mailbox.examples import registered
from tests.support.hearing import heard
from tests.support.services import bearer_with, running

NEW: dict[str, Any] = {
    "kind": "complaint", "mailbox": "finance", "title": "路灯不亮", "text": "小区门口的路灯坏了三天。",
    "contact": {"name": "欧阳测试", "phone": "13800009876"}, "consent": True,
}  # fmt: skip
EXTRACT = {"title": "小区路灯维修", "question": "路灯坏了。", "answer": "已修复。"}
WRONG, NOWHERE = "9999999999", "20200101-AAAAAA"  # a code that no letter has, a receipt of none
Headers = dict[str, str]


@dataclass
class Back:
    """A mailbox that can be asked. `answer` and `publish`: what a handler does there, by receipt."""

    client: httpx.AsyncClient
    gateway: Headers
    handler: Headers
    answer: Callable[[str], Awaitable[object]]
    publish: Callable[[str], Awaitable[str]]

    async def ask(self, path: str, body: Any, key: str = "") -> httpx.Response:
        return await self.client.post(path, json=body, headers=self.gateway | ({"Idempotency-Key": key} if key else {}))

    async def written(self, **different: Any) -> Written:
        made = await self.ask("/letters", NEW | different)
        assert made.status_code == 201, made.text
        return Written.model_validate_json(made.content)

    async def answered(self) -> Written:
        written = await self.written()
        await self.answer(written.receipt)
        return written

    async def own(self, written: Written) -> Own:
        found = await self.ask(f"/letters/{written.receipt}/status", {"code": written.code})
        assert found.status_code == 200, found.text
        return Own.model_validate_json(found.content)

    async def rate(self, written: Written, stars: int, *, code: str = "", key: str = "") -> httpx.Response:
        body = {"code": code or written.code, "stars": stars, "solved": True}
        return await self.ask(f"/letters/{written.receipt}/rating", body, key)


@asynccontextmanager
async def the_real_one(servers: Servers, keys: Path) -> AsyncIterator[Back]:
    async with running(SERVICE, MailboxSettings, servers, f"t{uuid4().hex[:12]}", keys) as program:
        known = [registered("office"), registered("finance"), registered("archive", duties=False)]
        await heard(program.listener, known)
        bearer = bearer_with(keys)
        gateway, handler = bearer(Role.SERVICE), bearer(Role.HANDLER)
        async with at(httpx.ASGITransport(create_app(program))) as client:

            async def answer(receipt: str) -> None:
                done = await client.post(f"/letters/{receipt}/answer", json={"text": "已经答复。"}, headers=handler)
                assert done.status_code == 200, done.text

            async def publish(receipt: str) -> str:
                done = await client.post(f"/letters/{receipt}/disclosure", json=EXTRACT, headers=handler)
                assert done.status_code == 200, done.text
                [content] = await program.db["content"].find().to_list(None)
                return str(content["_id"])

            yield Back(client, gateway, handler, answer, publish)


@asynccontextmanager
async def the_one_in_its_place() -> AsyncIterator[Back]:
    mailbox = standing_in.Mailbox()
    gateway, handler = ({"Authorization": who} for who in (standing_in.GATEWAY, standing_in.HANDLER))
    async with at(httpx.ASGITransport(standing_in.app(mailbox))) as client:

        async def answer(receipt: str) -> None:
            mailbox.letters[receipt].answer = "已经答复。"

        async def publish(_: str) -> str:
            return mailbox.publish(b'{"title": "..."}')

        yield Back(client, gateway, handler, answer, publish)


def at(transport: httpx.ASGITransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url="http://mailbox")


@pytest.fixture(scope="module", params=[pytest.param("real", marks=pytest.mark.servers), "stand-in"])
async def back(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Back]:
    if request.param == "real":
        servers: Servers = request.getfixturevalue("servers")
        made = the_real_one(servers, tmp_path_factory.mktemp("keys"))
    else:
        made = the_one_in_its_place()
    async with made as found:
        yield found


def expect_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_letter_handed_in_is_confirmed_with_receipt_code_and_due_moment(back: Back) -> None:
    first, second = await back.written(), await back.written()

    assert re.fullmatch(RECEIPT, first.receipt)
    assert re.fullmatch(QUERY_CODE, first.code)
    assert first.due_at.tzinfo is not None
    assert first.receipt != second.receipt


async def test_a_new_letter_is_shown_to_its_writer_as_it_was_written(back: Back) -> None:
    written = await back.written(mailbox="mayor")
    own = await back.own(written)

    assert (own.receipt, own.title, own.text, own.kind) == (written.receipt, NEW["title"], NEW["text"], "complaint")
    assert (own.state, own.department, own.due_at) == ("received", "office", written.due_at)
    assert (own.answer, own.answered_at, own.rating) == (None, None, None)
    assert [(step.state, step.department) for step in own.steps] == [("received", "office")]


async def test_an_answered_letter_is_shown_with_its_answer_and_when_it_came(back: Back) -> None:
    own = await back.own(await back.answered())

    assert (own.state, own.answer) == ("answered", "已经答复。")
    assert [step.state for step in own.steps] == ["received", "answered"]
    assert own.answered_at == own.steps[1].at


@pytest.mark.parametrize("path", ["status", "rating"])
async def test_a_wrong_code_and_an_unknown_receipt_are_answered_word_for_word_alike(back: Back, path: str) -> None:
    receipt, body = (
        (await back.answered()).receipt,
        {"code": WRONG} | ({"stars": 4, "solved": True} if path == "rating" else {}),
    )

    wrong, unknown = [await back.ask(f"/letters/{id}/{path}", body) for id in (receipt, NOWHERE)]

    expect_problem(wrong, 404, "letter.no_such_receipt")
    assert wrong.json() | {"request": ""} == unknown.json() | {"request": ""}


async def test_after_ten_wrong_codes_even_the_right_one_has_to_wait(back: Back) -> None:
    written, other = await back.answered(), await back.answered()
    for _ in range(10):
        expect_problem(await back.rate(written, 4, code=WRONG), 404, "letter.no_such_receipt")

    right = await back.ask(f"/letters/{written.receipt}/status", {"code": written.code})

    expect_problem(right, 429, "letter.too_many_codes")
    expect_problem(await back.rate(written, 4), 429, "letter.too_many_codes")
    assert (await back.own(other)).state == "answered"


async def test_an_answer_is_rated_once_and_the_same_rating_again_is_fine(back: Back) -> None:
    written = await back.answered()

    first, again, other = [await back.rate(written, stars) for stars in (4, 4, 1)]

    assert (first.status_code, again.status_code) == (200, 200)
    expect_problem(other, 409, "letter.rated")
    assert (await back.own(written)).rating == Judgement(stars=4, solved=True)


async def test_a_letter_without_an_answer_is_not_rated(back: Back) -> None:
    expect_problem(await back.rate(await back.written(), 4), 409, "letter.not_rateable")


async def test_the_same_key_writes_one_letter_and_another_text_under_it_is_refused(back: Back) -> None:
    key = uuid4().hex
    first, again = [await back.ask("/letters", NEW, key) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert Written.model_validate_json(again.content) == Written.model_validate_json(first.content)
    expect_problem(await back.ask("/letters", NEW | {"text": "另一封信。"}, key), 422, "idempotency_key.reused")


async def test_a_rating_sent_twice_under_one_key_is_answered_alike_and_another_is_refused(back: Back) -> None:
    written, key = await back.answered(), uuid4().hex
    first, again = [await back.rate(written, 5, key=key) for _ in range(2)]

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 200
    expect_problem(await back.rate(written, 1, key=key), 422, "idempotency_key.reused")


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"mailbox": "nowhere"}, "unknown_yet"),
        ({"mailbox": "civil_affairs"}, "unknown_yet"),
        ({"mailbox": "archive"}, "letter.no_mailbox"),
    ],
)
async def test_a_letter_against_the_rules_is_refused_by_name(back: Back, different: dict[str, Any], code: str) -> None:
    answer = await back.ask("/letters", NEW | different)

    expect_problem(answer, 409, code)
    assert ("retry-after" in answer.headers) == (code == "unknown_yet")


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"title": ""}, "body.title"), ({"text": 7}, "body.text"), ({"kind": "praise"}, "body.kind"),
        ({"mailbox": "FINANCE"}, "body.mailbox"), ({"contact": {"name": "欧阳测试"}}, "body.contact"),
        ({"contact": {"name": "欧阳测试", "phone": "x"}}, "body.contact.phone"), ({"surprise": 1}, "body.surprise"),
    ],
)  # fmt: skip
async def test_a_malformed_letter_is_refused_with_the_field_that_is_wrong(
    back: Back, different: dict[str, Any], field: str
) -> None:
    answer = await back.ask("/letters", NEW | different)

    expect_problem(answer, 422, "request.malformed")
    assert [error["where"] for error in answer.json()["errors"]] == [field]


async def test_what_cannot_be_a_code_or_a_receipt_or_a_number_of_stars_is_malformed(back: Back) -> None:
    written = await back.answered()
    for path, body in (
        (f"/letters/{written.receipt}/status", {"code": "12345"}),
        (f"/letters/{written.receipt}_/status", {"code": written.code}),
        (f"/letters/{written.receipt}/rating", {"code": written.code, "stars": 6, "solved": True}),
    ):
        expect_problem(await back.ask(path, body), 422, "request.malformed")


async def test_content_is_given_by_its_hash_byte_for_byte(back: Back) -> None:
    hash = await back.publish((await back.answered()).receipt)

    found = await back.client.get(f"/content/{hash}", headers=back.gateway)

    assert (found.status_code, found.headers["content-type"]) == (200, "application/json")
    assert ClaimCheck.of(found.content, "application/json").sha256 == hash


async def test_content_that_is_not_there_is_missing_and_what_is_no_hash_is_malformed(back: Back) -> None:
    expect_problem(await back.client.get(f"/content/{'0' * 64}", headers=back.gateway), 404, "content.missing")
    expect_problem(await back.client.get("/content/x", headers=back.gateway), 422, "request.malformed")


async def test_nobody_but_the_gateway_is_served(back: Back) -> None:
    receipt = (await back.written()).receipt
    refused: tuple[tuple[Headers, int, str], ...] = (
        ({}, 401, "token.missing"), ({"Authorization": "Bearer nonsense"}, 401, "token.malformed"),
        (back.handler, 403, "role.not_allowed"),
    )  # fmt: skip
    for headers, status, code in refused:
        for path, body in (("/letters", NEW), (f"/letters/{receipt}/status", {"code": WRONG})):
            expect_problem(await back.client.post(path, json=body, headers=headers), status, code)
        expect_problem(await back.client.get(f"/content/{'0' * 64}", headers=headers), status, code)
