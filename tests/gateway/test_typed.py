"""What is typed into a form is read in its own encoding, and gets the same verdict as the same letter in JSON."""

from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest

from tests.gateway.conftest import Portal
from tests.gateway.support.forms import FILLED, token
from tests.gateway.support.mailbox import CODE, RECEIPT

pytestmark = pytest.mark.servers
WORDS = {"title": "咨询办证", "text": "请问老人证在哪里办理？", "name": "欧阳明月"}
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=xyz"


def as_query(fields: dict[str, str], charset: str) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(value.encode(charset))}" for name, value in fields.items()).encode()


def as_parts(fields: dict[str, str], charset: str) -> bytes:
    parts = (
        f'--xyz\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value.encode(charset) + b"\r\n"
        for name, value in fields.items()
    )
    return b"".join(parts) + b"--xyz--\r\n"


async def sent(portal: Portal, kind: str, charset: str, **other: str) -> httpx.Response:
    fields = FILLED | WORDS | {"token": await token(portal)} | other
    body = (as_parts if kind.startswith("multipart") else as_query)(fields, charset)
    return await portal.browser.post("/letters/new", content=body, headers={"content-type": kind})


@pytest.mark.parametrize(
    ("charset", "named"),
    [("utf-8", True), ("utf-8", False), ("gbk", True), ("gbk", False), ("gb18030", True), ("gb18030", False),
     ("big5", True)],
)  # fmt: skip
@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
async def test_a_form_is_read_in_its_own_encoding_named_or_not(
    open_portal: Portal, charset: str, named: bool, kind: str
) -> None:
    words = dict.fromkeys(WORDS, "路燈" * 8) if charset == "big5" else WORDS
    answer = await sent(open_portal, f"{kind}; charset={charset}" if named else kind, charset, **words)

    assert answer.status_code == 201, answer.text
    written = open_portal.mailbox.written[-1]
    assert (written["title"], written["text"], written["contact"]["name"]) == tuple(words.values())


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
async def test_a_form_whose_encoding_cannot_be_told_comes_back_with_a_word_and_no_letter(
    open_portal: Portal, kind: str
) -> None:
    before = len(open_portal.mailbox.written)
    body = (
        b"title=%FF%FF%FE"
        if kind == URLENCODED
        else as_parts({"title": "x"}, "utf-8").replace(b"x\r", b"\xff\xff\xfe\r")
    )

    answer = await open_portal.browser.post("/letters/new", content=body, headers={"content-type": kind})

    assert answer.status_code == 422
    assert "编码无法识别" in answer.text
    assert len(open_portal.mailbox.written) == before


FIELDS: list[tuple[str, str, str | None]] = [
    ("phone", "１３８００００００００", "13800000000"), ("phone", "(0763)3360000", "(0763)3360000"),
    ("phone", "０７６３－３３６００００", "0763-3360000"), ("phone", "\u202d13800000000\u202c", "13800000000"),
    ("phone", "\ufeff138\u200b00000000\xa0", "13800000000"), ("phone", "12", None),
    ("email", "test＠example．com", "test@example.com"),
    ("email", "a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ("email", "王明@例子.公司", "王明@例子.公司"), ("email", "a@example..com", None),
    ("title", "😀" * 100, "😀" * 100), ("title", "😀" * 101, None), ("title", "\u200b\u200b", None),
    ("title", "\u2800\u3164", None), ("title", "关于\u202e8002年预算", None), ("title", "关于\u0085预算", None),
    ("name", "𠮷" * 40, "𠮷" * 40), ("name", "\xad", None),
    ("text", "👨\u200d👩\u200d👧" * 3_000, "👨\u200d👩\u200d👧" * 3_000),
    ("text", "路灯\x00坏了三天", None), ("text", "路灯坏了\u2028三天", "路灯坏了\n三天"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "kept"), FIELDS)
async def test_form_and_json_give_the_same_verdict(
    open_portal: Portal, field: str, value: str, kept: str | None
) -> None:
    filled = FILLED | {field: value}
    contact = {name: filled[name] for name in ("name", "phone", "email")}
    letter: dict[str, Any] = {name: filled[name] for name in ("kind", "mailbox", "title", "text")}

    typed = await open_portal.browser.post("/letters/new", data=filled | {"token": await token(open_portal)})
    by_form = open_portal.mailbox.written[-1] if typed.status_code == 201 else None
    told = await open_portal.browser.post("/api/v1/letters", json=letter | {"contact": contact, "consent": True})
    by_json = open_portal.mailbox.written[-1] if told.status_code == 201 else None

    assert (typed.status_code, told.status_code) == ((422, 422) if kept is None else (201, 201))
    assert by_form == by_json
    if by_form:
        assert {**by_form, **by_form["contact"]}[field] == kept


@pytest.mark.parametrize(
    "code", [CODE, f"{CODE[:5]} {CODE[5:]}", CODE.translate({n: 0xFEE0 + n for n in range(48, 58)})]
)
@pytest.mark.parametrize("receipt", [RECEIPT, RECEIPT.lower(), RECEIPT.replace("-", "—"), RECEIPT.replace("0", "O")])
async def test_ones_own_letter_is_found_however_its_receipt_and_code_are_typed(
    portal_at: Portal, receipt: str, code: str
) -> None:
    page = await portal_at.browser.post("/letters/status", data={"receipt": receipt, "code": code})
    told = await portal_at.browser.post(f"/api/v1/letters/{receipt}/status", json={"code": code})

    assert (page.status_code, told.status_code) == (200, 200)
    assert portal_at.mailbox.wrong_codes == {}


async def test_no_field_of_a_form_is_cut_by_the_browser(open_portal: Portal) -> None:
    for path in ("/letters/new", "/letters/status"):
        page = (await open_portal.get(path)).text
        assert "maxlength" not in page
        assert 'type="email"' not in page
