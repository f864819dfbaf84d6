"""The portal's edges: forms, caches, errors, as a citizen meets them."""

import gzip
import re

import brotli
import httpx
import pytest
import zstandard

from tests.support.city import CONTACT, published
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found
    return found.group(1)


def typed(running: Suite, **changes: str) -> dict[str, str]:
    fresh = token_of(running.client("gateway").get("/letters/new"))
    return {
        "token": fresh, "kind": "complaint", "mailbox": "finance", "title": "路灯",
        "text": "路灯坏了三天没有人修。",
        "name": CONTACT["name"], "phone": CONTACT["phone"], "email": "", "consent": "yes",
    } | changes  # fmt: skip


def test_a_letter_is_written_with_the_form(running: Suite) -> None:
    page = running.client("gateway").post("/letters/new", data=typed(running))

    assert page.status_code == 201
    assert re.search(r'id="code">\d{10}<', page.text)
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "请填写标题"),
        ({"text": "字" * 5001}, "现在是5001个"),
        ({"phone": "", "email": ""}, "电话和电子邮箱请至少填写一项"),
        ({"phone": "abc"}, "请填写有效的电话号码"),
        ({"mailbox": "no-such-department"}, "请选择收信单位"),
        ({"token": "forged"}, "本页面已失效"),
    ],
)
def test_what_is_wrong_with_a_form_is_named_and_what_was_typed_is_kept(
    running: Suite, changes: dict[str, str], said: str
) -> None:
    form = typed(running, **changes)

    page = running.client("gateway").post("/letters/new", data=form)

    assert 400 <= page.status_code < 500
    assert said in page.text
    assert form["text"][:50] in page.text
    assert form["name"] in page.text


def test_a_form_sent_from_another_site_is_refused(running: Suite) -> None:
    answer = running.client("gateway").post(
        "/letters/new", data=typed(running), headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403


def test_a_page_is_unchanged_until_it_changes_and_then_never_stale(running: Suite) -> None:
    gateway = running.client("gateway")
    first = gateway.get("/columns/news")
    again = gateway.get("/columns/news", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    published(running, running.columns["news"], title="使页面更新的信息")

    until(lambda: "使页面更新的信息" in gateway.get("/columns/news").text)


@pytest.mark.parametrize(
    ("encoding", "decoded"),
    [
        ("gzip", gzip.decompress),
        ("br", brotli.decompress),
        ("zstd", lambda data: zstandard.ZstdDecompressor().decompress(data)),
    ],
)
def test_compressed_forms_say_the_same(running: Suite, encoding: str, decoded: object) -> None:
    with running.client("gateway") as gateway:
        plain = gateway.get("/departments", headers={"Accept-Encoding": "identity"})
        with gateway.stream("GET", "/departments", headers={"Accept-Encoding": encoding}) as answer:
            raw = b"".join(answer.iter_raw())

    assert answer.headers["content-encoding"] == encoding
    assert callable(decoded)
    assert decoded(raw) == plain.content
    assert len(raw) < len(plain.content)


@pytest.mark.parametrize("path", ["/nowhere", "/items/none", "/columns/none", "/scores/2020-01", "/departments/%00"])
def test_what_is_not_there_is_a_page_that_says_so(running: Suite, path: str) -> None:
    page = running.client("gateway").get(path)

    assert page.status_code == 404
    assert "没有找到" in page.text


def test_the_api_answers_the_same_as_problems(running: Suite) -> None:
    answer = running.client("gateway").get("/api/v1/items/none")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "item.missing"


def test_mailbox_away_keeps_what_was_typed_and_says_so(running: Suite) -> None:
    form = typed(running)
    running.processes["mailbox"].kill()
    try:
        page = running.client("gateway").post("/letters/new", data=form)
    finally:
        running.start("mailbox")

    assert page.status_code == 503
    assert "尚未提交" in page.text
    assert form["text"] in page.text


def test_every_page_forbids_what_it_does_not_need(running: Suite) -> None:
    page = running.client("gateway").get("/")

    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<script" not in page.text
