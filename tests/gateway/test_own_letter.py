"""A citizen's own letter: followed and rated by who has its code, and kept nowhere here."""

import re

import pytest

from services.kernel.contracts import mailbox as m
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.forms import FILLED, post, token
from tests.gateway.support.mailbox import CODE, RECEIPT

pytestmark = pytest.mark.servers
WRONG = "受理编号或查询码不正确"


async def test_a_writer_follows_and_rates_a_letter_with_the_code_which_stands_in_no_address(
    portal_at: Portal,
) -> None:
    await portal_at.hears(e.department())
    seen = await post(portal_at, f"/letters/{RECEIPT}", code=CODE)
    assert (seen.status_code, seen.headers["cache-control"]) == (200, "no-store")
    assert "已经答复。" in seen.text
    assert "市财政局" in seen.text
    assert not re.search(rf'(href|action)="[^"]*{CODE}', seen.text)
    mark = re.search(r'name="token" value="([^"]+)"', seen.text)
    assert mark

    path = f"/letters/{RECEIPT}/rating"
    assert (await post(portal_at, path, code=CODE, stars="9", solved="yes", token=mark[1])).status_code == 422
    assert (await post(portal_at, path, code=CODE, stars="4", solved="yes", token="x")).status_code == 403
    rated = await post(portal_at, path, code=CODE, stars="4", solved="yes", token=mark[1])
    assert "感谢您的评价" in rated.text
    assert portal_at.mailbox.letters[RECEIPT].rating == {"stars": 4, "solved": True}


@pytest.mark.parametrize(
    ("receipt", "code", "status"),
    [(RECEIPT, "0" * 10, 404), ("none", CODE, 404), (RECEIPT, "x", 422), ("../../x", CODE, 422), ("", CODE, 422)],
)
async def test_a_wrong_code_and_a_wrong_receipt_are_answered_alike(
    open_portal: Portal, receipt: str, code: str, status: int
) -> None:
    answer = await post(open_portal, "/letters/status", receipt=receipt, code=code)

    assert answer.status_code == status
    assert WRONG in answer.text


async def test_nothing_of_the_writer_is_found_in_the_read_model_nor_in_the_log(
    portal_at: Portal, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await post(portal_at, **FILLED, token=await token(portal_at))
    await post(portal_at, f"/letters/{RECEIPT}", code=CODE)
    await portal_at.hears(e.received(), m.LetterAccepted(at=e.AT, letter_id=e.RECEIPT, department="finance"))
    assert answer.status_code == 201

    client, name = portal_at.gateway.db.client, portal_at.gateway.db.name
    for database in (name, f"{name}_kept"):
        for collection in await client[database].list_collection_names():
            for document in await client[database][collection].find().to_list(None):
                for secret in (*(FILLED[f] for f in ("name", "phone", "email", "title")), CODE):
                    assert secret not in repr(document)
    out = capsys.readouterr()
    pages = b"".join(page.forms[""].body["body"] for page in portal_at.gateway.shelf.pages.values()).decode()
    for secret in (*(FILLED[f] for f in ("name", "phone", "email", "title")), CODE):
        assert secret not in out.out + out.err + pages


async def test_after_ten_wrong_codes_the_writer_is_told_to_wait_and_not_that_the_code_is_wrong(
    portal_at: Portal,
) -> None:
    guessed = [(await post(portal_at, f"/letters/{RECEIPT}", code="9" * 10)).status_code for _ in range(10)]
    right = await post(portal_at, f"/letters/{RECEIPT}", code=CODE)

    assert guessed == [404] * 10
    assert right.status_code == 429
    assert WRONG not in right.text


async def test_a_writer_hears_of_no_wrong_code_while_mailbox_does_not_know_the_gateway(portal_at: Portal) -> None:
    portal_at.mailbox.trusted = "Bearer of-the-next-gateway"
    once = await token(portal_at)

    for path, fields in (
        (f"/letters/{RECEIPT}", {"code": CODE}),
        (f"/letters/{RECEIPT}/rating", {"code": CODE, "stars": "4", "solved": "yes", "token": once}),
        ("/letters/new", FILLED | {"token": once}),
    ):
        answer = await post(portal_at, path, **fields)
        assert answer.status_code == 503, path
        assert "来信系统暂时无法连接" in answer.text, path
        assert WRONG not in answer.text, path
    answer = await portal_at.browser.post(f"/api/v1/letters/{RECEIPT}/status", json={"code": CODE})
    assert (answer.status_code, answer.json()["code"]) == (503, "mailbox.away")


async def test_a_second_judgement_is_not_taken_and_the_first_one_stays(portal_at: Portal) -> None:
    path, once = f"/letters/{RECEIPT}/rating", await token(portal_at)
    await post(portal_at, path, code=CODE, stars="4", solved="yes", token=once)

    again = await post(portal_at, path, code=CODE, stars="1", solved="no", token=await token(portal_at))

    assert again.status_code == 422
    assert "可能已经评价过" in again.text
    assert portal_at.mailbox.letters[RECEIPT].rating == {"stars": 4, "solved": True}
