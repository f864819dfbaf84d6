"""A letter from the form or as JSON: what is typed is never lost and never doubled."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from gateway.pages.forms import Forms
from gateway.pages.typed import Typed, letter
from gateway.settings import GatewaySettings
from services.kernel.domain.decision import Forbidden
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.forms import FILLED, post, token
from tests.gateway.support.mailbox import CODE, RECEIPT


def wrong(**other: str) -> dict[str, str]:
    found = letter(Typed(FILLED | other), {"mayor", "finance"})
    return found if isinstance(found, dict) else {}


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


@pytest.mark.servers
async def test_a_letter_is_confirmed_with_its_receipt_and_code(portal_at: Portal) -> None:
    answer = await post(portal_at, **FILLED, token=await token(portal_at))

    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    [receipt] = set(portal_at.mailbox.letters) - {RECEIPT}
    assert receipt in answer.text
    assert portal_at.mailbox.letters[receipt].code in answer.text
    assert "2026-12-14 24时前" in answer.text
    assert portal_at.mailbox.written == [
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
    assert len(portal_at.mailbox.written) == 1


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
    before = len(open_portal.mailbox.written)
    once = await token(open_portal)
    answer = await post(open_portal, **(FILLED | {"title": "", "phone": "x", "text": "<b>原来的文字</b>"}), token=once)

    assert answer.status_code == 422
    assert "&lt;b&gt;原来的文字&lt;/b&gt;" in answer.text
    assert 'value="mingyue@example.com"' in answer.text
    assert 'value="complaint" checked' in answer.text
    assert 'id="title-error">请填写标题' in answer.text
    assert 'id="phone-error">请填写有效的电话' in answer.text
    assert f'value="{once}"' in answer.text
    assert len(open_portal.mailbox.written) == before


@pytest.mark.servers
@pytest.mark.parametrize("forged", ["", "x", "ImFiYyI.aaaa.bbbb", "\u0000"])
async def test_a_forged_token_is_refused_and_what_was_typed_is_kept(open_portal: Portal, forged: str) -> None:
    before = len(open_portal.mailbox.written)
    answer = await post(open_portal, **FILLED, token=forged)

    assert answer.status_code == 403
    assert "路灯不亮" in answer.text
    assert len(open_portal.mailbox.written) == before


@pytest.mark.servers
@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "cross-site", "origin": "null"},
     {"origin": "https://evil.example"}, {"origin": "https://[bad"}, {"origin": "http://["}, {"origin": ""},
     {"origin": "https://127.0.0.1@evil.example"}, {"origin": "file://"}, {"origin": "https://evil.example:x"}],
)  # fmt: skip
async def test_a_form_sent_from_another_site_is_refused(open_portal: Portal, headers: dict[str, str]) -> None:
    before = len(open_portal.mailbox.written)
    answer = await post(open_portal, headers=headers, **FILLED, token=await token(open_portal))

    assert answer.status_code == 403
    assert len(open_portal.mailbox.written) == before


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
async def test_the_json_way_passes_mailboxs_answer_on(open_portal: Portal) -> None:
    body = {
        "kind": "help", "mailbox": "mayor", "title": "求助", "text": "求助的内容", "consent": False,
        "contact": {"name": "欧阳明月", "phone": "13912345678"},
    }  # fmt: skip
    made = await open_portal.browser.post("/api/v1/letters", json=body, headers={"idempotency-key": uuid4().hex})
    assert (made.status_code, made.json()["receipt"] in open_portal.mailbox.letters) == (201, True)
    bads: list[Any] = [{}, body | {"x": 1}, body | {"title": "长" * 101}, body | {"kind": "praise"}, []]
    for bad in bads:
        answer = await open_portal.browser.post("/api/v1/letters", json=bad)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    own = await open_portal.browser.post(f"/api/v1/letters/{RECEIPT}/status", json={"code": CODE})
    assert (own.status_code, own.json()["state"], own.headers["cache-control"]) == (200, "answered", "no-store")


@pytest.mark.servers
async def test_a_token_signed_under_an_older_key_still_holds(open_portal: Portal) -> None:
    old = open_portal.gateway.forms
    settings = open_portal.gateway.settings
    assert isinstance(settings, GatewaySettings)
    newer = Fernet.generate_key().decode()
    both = f"{newer},{settings.encryption_keys.get_secret_value()}"
    newer_settings = GatewaySettings.model_validate(settings.model_dump() | {"encryption_keys": both})
    rotated = Forms(newer_settings, open_portal.gateway.hosts)
    assert rotated.number(old.token())
    with pytest.raises(Forbidden):
        old.number(rotated.token())


@pytest.mark.servers
async def test_a_provisional_deadline_is_told_to_the_writer_on_the_page_and_in_json(portal_at: Portal) -> None:
    portal_at.mailbox.provisional = True

    page = await post(portal_at, **FILLED, token=await token(portal_at))
    [*_, receipt] = portal_at.mailbox.letters
    answer = await portal_at.browser.post("/api/v1/letters", json=portal_at.mailbox.written[-1])

    assert "暂定" in page.text
    assert receipt in page.text
    assert answer.json()["provisional"] is True


@pytest.mark.servers
async def test_recipients_stand_in_groups_and_the_first_is_for_who_does_not_know_whom_to_ask(portal_at: Portal) -> None:
    await portal_at.hears(
        e.department("water", "市供水公司", kind="public_institution"), e.department("health", "市卫生局"),
        e.department("finance", "市财政局"), e.department("archive", "市档案局", letter_duties=False),
    )  # fmt: skip
    page = (await portal_at.get("/letters/new")).text

    values = re.findall(r'<option value="([^"]+)"|<optgroup label="([^"]+)"', page)
    assert [code or group for code, group in values] == [
        "清远市人民政府", "any", "mayor", "政府部门", "finance", "health", "公共企事业单位", "water",
    ]  # fmt: skip
    sent = await post(portal_at, **(FILLED | {"mailbox": "any"}), token=await token(portal_at))
    assert (sent.status_code, portal_at.mailbox.written[-1]["mailbox"]) == (201, "any")
    assert "不清楚该写给谁" in sent.text


@pytest.mark.servers
@pytest.mark.parametrize("path", ["/letters/new", "/letters/status", "/api/docs"])
async def test_forms_are_sent_compressed_too(open_portal: Portal, path: str) -> None:
    plain = await open_portal.get(path, accept_encoding="identity")
    assert "content-encoding" not in plain.headers
    for coding in ("gzip", "br", "zstd"):
        packed = await open_portal.get(path, accept_encoding=coding)
        assert (packed.headers["content-encoding"], packed.headers["vary"]) == (coding, "Accept-Encoding")
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) * 0.7
        assert "</html>" in packed.text
