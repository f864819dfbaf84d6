"""A citizen's own letter: what is typed is never lost, never doubled, and never kept here."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from gateway.pages.forms import FormRefused, Forms, Typed, checked
from gateway.settings import GatewaySettings
from services.kernel.contracts import mailbox as m
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.mailbox import CODE, RECEIPT

FILLED = {
    "kind": "complaint", "mailbox": "mayor", "title": "路灯不亮", "text": "人民二路的路灯坏了\r\n已经三天。",
    "name": "欧阳明月", "phone": "13912345678", "email": "mingyue@example.com", "consent": "yes",
}  # fmt: skip


def wrong(**other: str) -> dict[str, str]:
    return checked(Typed(FILLED | other), {"mayor", "finance"})


def test_a_letter_that_is_filled_in_has_no_errors() -> None:
    assert wrong() == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "praise"), ("kind", ""), ("mailbox", "none"), ("title", ""), ("title", "x"), ("title", "长" * 101),
        ("text", "短"), ("text", "长" * 5_001), ("name", ""), ("phone", "打我电话"), ("phone", "1" * 30),
        ("email", "a@b"), ("email", "a b@c.cn"),
    ],
)  # fmt: skip
def test_each_error_is_named_at_its_own_field(field: str, value: str) -> None:
    assert list(wrong(**{field: value})) == [field]


def test_one_way_to_reach_the_writer_is_enough_and_none_is_not() -> None:
    assert wrong(phone="") == wrong(email="") == {}
    assert list(wrong(phone="", email="")) == ["phone"]


async def token(portal: Portal) -> str:
    found = re.search(r'name="token" value="([^"]+)"', (await portal.get("/letters/new")).text)
    assert found
    return found[1]


async def post(portal: Portal, path: str = "/letters/new", headers: Any = None, **fields: str) -> httpx.Response:
    return await portal.browser.post(path, data=fields, headers=headers)


@pytest.mark.servers
async def test_a_letter_is_confirmed_with_its_receipt_and_code(portal_at: Portal) -> None:
    answer = await post(portal_at, **FILLED, token=await token(portal_at))

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    assert RECEIPT in answer.text
    assert CODE in answer.text
    assert "2026-12-15 00:00" in answer.text
    assert list(portal_at.mailbox.letters.values()) == [
        {
            "kind": "complaint", "mailbox": "mayor", "title": "路灯不亮", "text": "人民二路的路灯坏了\n已经三天。",
            "contact": {"name": "欧阳明月", "phone": "13912345678", "email": "mingyue@example.com"}, "consent": True,
        }
    ]  # fmt: skip


@pytest.mark.servers
async def test_a_double_click_writes_one_letter(portal_at: Portal) -> None:
    once = await token(portal_at)
    answers = await asyncio.gather(*(post(portal_at, **FILLED, token=once) for _ in range(3)))

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len(portal_at.mailbox.letters) == 1


@pytest.mark.servers
async def test_the_same_form_with_another_text_is_asked_about_and_can_be_sent_again(open_portal: Portal) -> None:
    once = await token(open_portal)
    await post(open_portal, **FILLED, token=once)
    again = await post(open_portal, **(FILLED | {"text": "这是另外一封信"}), token=once)

    assert again.status_code == 422
    assert "此前已经提交过" in again.text
    fresh = re.search(r'name="token" value="([^"]+)"', again.text)
    assert fresh
    assert (await post(open_portal, **(FILLED | {"text": "这是另外一封信"}), token=fresh[1])).status_code == 201


@pytest.mark.servers
async def test_an_error_gives_the_form_again_with_what_was_typed_and_the_error_beside_its_field(
    open_portal: Portal,
) -> None:
    before = len(open_portal.mailbox.letters)
    once = await token(open_portal)
    answer = await post(open_portal, **(FILLED | {"title": "", "phone": "x", "text": "<b>原来的文字</b>"}), token=once)

    assert answer.status_code == 422
    assert "&lt;b&gt;原来的文字&lt;/b&gt;" in answer.text
    assert 'value="mingyue@example.com"' in answer.text
    assert 'value="complaint" checked' in answer.text
    assert 'id="title-error">请填写标题' in answer.text
    assert 'id="phone-error">请填写有效的电话' in answer.text
    assert f'value="{once}"' in answer.text
    assert len(open_portal.mailbox.letters) == before


@pytest.mark.servers
@pytest.mark.parametrize("forged", ["", "x", "ImFiYyI.aaaa.bbbb", "\u0000"])
async def test_a_forged_token_is_refused_and_what_was_typed_is_kept(open_portal: Portal, forged: str) -> None:
    before = len(open_portal.mailbox.letters)
    answer = await post(open_portal, **FILLED, token=forged)

    assert answer.status_code == 403
    assert "路灯不亮" in answer.text
    assert len(open_portal.mailbox.letters) == before


@pytest.mark.servers
@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"},
     {"origin": "null"}],
)  # fmt: skip
async def test_a_form_sent_from_another_site_is_refused(open_portal: Portal, headers: dict[str, str]) -> None:
    before = len(open_portal.mailbox.letters)
    answer = await post(open_portal, headers=headers, **FILLED, token=await token(open_portal))

    assert answer.status_code == 403
    assert len(open_portal.mailbox.letters) == before


@pytest.mark.servers
async def test_a_browsers_own_headers_are_fine(open_portal: Portal) -> None:
    ours = {"sec-fetch-site": "same-origin", "origin": str(open_portal.browser.base_url).rstrip("/")}

    assert (await post(open_portal, headers=ours, **FILLED, token=await token(open_portal))).status_code == 201


@pytest.mark.servers
async def test_while_mailbox_is_away_what_was_typed_is_kept_and_the_same_form_can_be_sent_again(
    portal_at: Portal,
) -> None:
    once = await token(portal_at)
    portal_at.mailbox.away = True
    answer = await post(portal_at, **FILLED, token=once)

    assert answer.status_code == 503
    assert "路灯不亮" in answer.text
    assert f'value="{once}"' in answer.text
    portal_at.mailbox.away = False
    assert (await post(portal_at, **FILLED, token=once)).status_code == 201


@pytest.mark.servers
async def test_one_address_may_write_only_so_many_letters(portal_at: Portal) -> None:
    statuses = [(await post(portal_at, **FILLED, token=await token(portal_at))).status_code for _ in range(6)]

    assert statuses == [201] * 5 + [429]


@pytest.mark.servers
@pytest.mark.parametrize("data", [b"", b"=&=&&", b"\xff\xfe=\x00", b"a=1&" * 100, b"title=%ED%A0%80&text=%00"])
async def test_no_form_is_too_broken(open_portal: Portal, data: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("/letters/new", "/letters/status", f"/letters/{RECEIPT}", f"/letters/{RECEIPT}/rating"):
        answer = await open_portal.browser.post(path, content=data, headers=kind)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
        assert answer.headers["content-type"].startswith("text/html")
    many = {"content-type": "multipart/form-data; boundary=x"}
    assert (await open_portal.browser.post("/letters/new", content=data, headers=many)).status_code < 500
    assert (
        await open_portal.browser.post("/letters/new", content=b"text=" + b"x" * 1_100_000, headers=kind)
    ).status_code == 413


@pytest.mark.servers
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
    assert portal_at.mailbox.ratings == [{"code": CODE, "stars": 4, "solved": True}]


@pytest.mark.servers
@pytest.mark.parametrize(
    ("receipt", "code", "status"),
    [(RECEIPT, "0" * 10, 404), ("none", CODE, 404), (RECEIPT, "x", 422), ("../../x", CODE, 422), ("", CODE, 422)],
)
async def test_a_wrong_code_and_a_wrong_receipt_are_answered_alike(
    open_portal: Portal, receipt: str, code: str, status: int
) -> None:
    answer = await post(open_portal, "/letters/status", receipt=receipt, code=code)

    assert answer.status_code == status
    assert "受理编号或查询码不正确" in answer.text


@pytest.mark.servers
async def test_the_json_way_passes_mailboxs_answer_on(open_portal: Portal) -> None:
    body = {
        "kind": "help", "mailbox": "mayor", "title": "求助", "text": "求助的内容", "consent": False,
        "contact": {"name": "欧阳明月", "phone": "13912345678"},
    }  # fmt: skip
    made = await open_portal.browser.post("/api/v1/letters", json=body, headers={"idempotency-key": "k" * 10})
    assert (made.status_code, made.json()["receipt"]) == (201, RECEIPT)
    bads: list[Any] = [{}, body | {"x": 1}, body | {"title": "长" * 101}, body | {"kind": "praise"}, []]
    for bad in bads:
        answer = await open_portal.browser.post("/api/v1/letters", json=bad)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    own = await open_portal.browser.post(f"/api/v1/letters/{RECEIPT}/status", json={"code": CODE})
    assert (own.status_code, own.json()["state"], own.headers["cache-control"]) == (200, "answered", "no-store")


@pytest.mark.servers
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


@pytest.mark.servers
async def test_a_token_signed_under_an_older_key_still_holds(open_portal: Portal) -> None:
    old = open_portal.gateway.forms
    settings = open_portal.gateway.settings
    assert isinstance(settings, GatewaySettings)
    newer = Fernet.generate_key().decode()
    both = f"{newer},{settings.encryption_keys.get_secret_value()}"
    rotated = Forms(GatewaySettings.model_validate(settings.model_dump() | {"encryption_keys": both}))
    assert rotated.number(old.token())
    with pytest.raises(FormRefused):
        old.number(rotated.token())
