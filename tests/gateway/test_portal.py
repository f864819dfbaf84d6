"""The portal as it runs: what a browser sees of what services say."""

import gzip
import re
from datetime import timedelta
from functools import partial
from typing import Any

import brotli
import httpx
import pytest
import zstandard

from services.kernel.contracts import mailbox as m
from services.kernel.domain.clock import now
from services.kernel.domain.content import ClaimCheck
from tests.gateway.conftest import Portal
from tests.gateway.support import city
from tests.gateway.support import events as e
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers

PAGES = [
    "/", "/columns", "/columns/news", "/columns/open", "/items/item-0", "/items/item-0?revision=1", "/departments",
    "/departments/office", "/letters", "/letters/20261000-7K3M9Q", "/scores", "/scores/2026-10",
    "/scores/2026-10/finance", "/scores/2026-10/finance/facts?indicator=quantity", "/scores/schemes",
    "/scores/schemes/qingyuan-2008/2", "/ledger/finance", "/sitemap", "/privacy", "/accessibility", "/sitemap.xml",
    "/sitemaps/pages.xml", "/sitemaps/letters.xml", "/robots.txt", "/.well-known/security.txt",
    "/api/v1/home", "/api/v1/columns", "/api/v1/columns/open", "/api/v1/items/item-0",
    "/api/v1/departments", "/api/v1/departments/office", "/api/v1/letters", "/api/v1/letters/20261000-7K3M9Q",
    "/api/v1/scores", "/api/v1/scores/2026-10", "/api/v1/scores/2026-10/finance",
    "/api/v1/scores/2026-10/finance/facts?indicator=quantity", "/api/v1/scores/schemes",
    "/api/v1/scores/schemes/qingyuan-2008/2", "/api/v1/ledger/finance/verification",
]  # fmt: skip
UNKEPT = ["/letters/new", "/letters/status", "/letters/of-nobody", "/api/docs"]
XSS = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>"


async def test_every_page_of_a_city_can_be_read_and_is_kept(portal_at: Portal) -> None:
    portal_at.mailbox.content = city.contents()
    await portal_at.hears(*city.everything(now()))
    await portal_at.seen("/items/item-0")
    for path in PAGES:
        answer = await portal_at.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"].startswith("default-src 'none'"), path
        assert not re.search(r'(?<!canonical" )(src|href)="(https?:)?//', answer.text), path
        again = await portal_at.get(path, if_none_match=answer.headers["etag"])
        assert (again.status_code, again.content) == (304, b""), path
        assert (await portal_at.browser.head(path)).headers["etag"] == answer.headers["etag"], path
    assert set(PAGES) <= set(portal_at.gateway.shelf.pages)
    for path in UNKEPT:
        answer = await portal_at.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
    assert portal_at.mailbox.authorizations == {"Bearer of-the-gateway"}


async def test_all_codings_hold_the_same_page(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    plain = (await portal_at.get("/items/i1", accept_encoding="identity")).content

    for coding, unpack in (
        ("gzip", gzip.decompress), ("br", brotli.decompress), ("zstd", zstandard.ZstdDecompressor().decompress)
    ):  # fmt: skip
        async with portal_at.browser.stream("GET", "/items/i1", headers={"accept-encoding": coding}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == coding
            assert unpack(raw) == plain


async def test_a_column_turns_amber_and_red_by_time_alone(portal_at: Portal) -> None:
    soon, due = now() + timedelta(seconds=2), now() + timedelta(seconds=4)
    await portal_at.hears(e.department(), e.column(), e.refreshed(due_soon_at=soon, due_at=due))
    assert "按期更新" in (await portal_at.get("/columns/news")).text

    async def turned(word: str) -> bool:
        return word in (await portal_at.get("/columns/news")).text

    await eventually(partial(turned, "即将到期"), seconds=4)
    assert now() >= soon
    await eventually(partial(turned, "逾期未更新"), seconds=4)
    assert now() >= due


async def test_readers_of_a_retired_column_are_sent_on(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.column("c-notices", "notices", "通知公告"))
    assert (await portal_at.get("/columns/news")).status_code == 200
    await portal_at.hears(e.retired())

    answer = await portal_at.get("/columns/news")
    assert (answer.status_code, answer.headers["location"]) == (301, "/columns/notices")
    retired = await portal_at.get("/api/v1/columns/news")
    assert (retired.status_code, retired.json()["successor"]["path"]) == (410, "notices")


async def test_what_was_not_heard_of_yet_has_a_neutral_name(portal_at: Portal) -> None:
    await portal_at.hears(e.published())
    assert "（名称待更新）" in (await portal_at.get("/items/i1")).text

    await portal_at.hears(e.department(), e.column())
    page = (await portal_at.get("/items/i1")).text
    assert "（名称待更新）" not in page
    assert "市财政局" in page


async def test_words_of_tomorrow_are_shown_as_they_are(portal_at: Portal) -> None:
    at = now()
    await portal_at.hears(
        e.department(kind="自治组织"), e.column(kind="专题", cadence="每季"), e.refreshed(because="核对", at=at),
        e.published(kind="数据集", published_at=at), e.received(kind="举报", at=at),
    )  # fmt: skip

    for path, words in (
        ("/", ["专题"]), ("/columns", ["专题"]), ("/columns/news", ["每季"]),
        ("/departments", ["自治组织"]), ("/departments/finance", ["自治组织"]), ("/items/i1", ["数据集"]),
        ("/letters", ["举报"]), ("/api/v1/home", ["专题", "举报"]), ("/api/v1/columns/news", ["专题", "每季", "核对"]),
        ("/api/v1/departments/finance", ["自治组织"]), ("/api/v1/letters", ["举报"]),
    ):  # fmt: skip
        answer = await portal_at.get(path)
        assert answer.status_code == 200, path
        assert [word for word in words if word not in answer.text] == [], path


async def test_a_list_goes_on_where_the_page_before_ended(portal_at: Portal) -> None:
    moments = [e.AT + timedelta(hours=n // 2) for n in range(45)]  # each twice: ties must not lose any
    told = [e.published(f"i{n}", title=f"第{n}条", at=at, published_at=at) for n, at in enumerate(moments)]
    await portal_at.hears(e.department(), e.column(), *told)

    found, path = [], "/columns/news"
    while path:
        page = (await portal_at.get(path)).text
        found += re.findall(r'href="/items/i(\d+)"', page)
        link = re.search(r'href="(/columns/news\?cursor=[^"]+)"', page)
        path = link[1] if link else ""
    assert len(found) == 45
    assert set(found) == {str(n) for n in range(45)}
    assert [moments[int(n)] for n in found] == sorted(moments, reverse=True)


async def test_text_that_would_be_code_is_shown_and_not_run(portal_at: Portal) -> None:
    data = city.extract(XSS, XSS, XSS)
    check = ClaimCheck.of(data, "application/json")
    portal_at.mailbox.content = {check.sha256: data}
    said: dict[str, Any] = {
        "title": XSS,
        "summary": XSS,
        "index_number": XSS,
        "document_number": XSS,
        "keywords": (XSS,),
    }
    await portal_at.hears(
        e.department(name=XSS, phone=XSS, address=XSS),
        e.column(name=XSS),
        e.published(
            **said, body=f'<p onclick="x()">正文</p>{XSS}<a href="javascript:x()">x</a><iframe src="/"></iframe>'
        ),
        e.revised(**said, change_note=XSS),
        e.published("i2"),
        e.withdrawn("i2", reason=XSS),
        e.received(),
        m.LetterDisclosed(at=e.AT, letter_id=e.RECEIPT, department="finance", extract=check),
        e.assessed(lines=(e.LINE.model_copy(update={"name": XSS, "formula": XSS}),), scheme=XSS),
    )
    for path in (
        "/", "/columns", "/columns/news", "/items/i1", "/items/i2", "/departments", "/departments/finance", "/letters",
        f"/letters/{e.RECEIPT}", "/letters/new", "/scores/2026-02", "/scores/2026-02/finance",
    ):  # fmt: skip
        page = (await portal_at.get(path)).text
        assert "<script" not in page, path
        assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", page), path
        assert "onclick" not in page, path
        assert "javascript:" not in page, path
        assert "<iframe" not in page, path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404), ("/items/none", 404), ("/items/%00", 404), ("/items/%ED%A0%80", 404),
        ("/items/i1?revision=0", 422), ("/items/i1?revision=99999999999999999999", 422), ("/columns/none/none", 404),
        ("/columns/none?cursor=x", 422), ("/letters?cursor=%F0%9F%98%80", 422), ("/scores/2026", 422),
        ("/scores/2026-99", 404), ("/departments/none", 404), ("/letters/none?x=1", 200),
        ("/departments/" + "x" * 300, 422), ("/docs", 308), ("/static-offline-docs/swagger-ui-bundle.js", 404),
    ],
)  # fmt: skip
async def test_a_wrong_address_is_answered_in_words(open_portal: Portal, path: str, status: int) -> None:
    answer = await open_portal.get(path)
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"].startswith("text/html")
        assert "返回首页" in answer.text
        assert "<script" not in answer.text
        problem = await open_portal.get(f"/api/v1{path}")
        assert problem.status_code in (status, 404)
        assert problem.headers["content-type"] == "application/problem+json"


async def test_a_query_of_a_strangers_making_takes_no_place_in_memory(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    for n in range(5):
        assert (await portal_at.get(f"/items/i1?utm={n}")).status_code == 200
    await portal_at.get("/letters/none")

    assert not [key for key in portal_at.gateway.shelf.pages if "utm" in key or "none" in key]


async def test_the_portal_answers_while_kafka_and_mailbox_are_silent(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    portal_at.mailbox.away = True

    assert (await portal_at.get("/items/i1")).status_code == 200
    answer = await portal_at.browser.post("/api/v1/letters/x-1/status", json={"code": "0" * 10})
    assert (answer.status_code, answer.json()["code"]) == (503, "mailbox.away")


async def test_openapi_describes_every_question(open_portal: Portal) -> None:
    document: httpx.Response = await open_portal.get("/api/openapi.json")

    assert {"/api/v1/home", "/api/v1/items/{id}", "/api/v1/letters/{receipt}/status"} <= set(document.json()["paths"])
    assert "/api/v1/scores/{month}" in (await open_portal.get("/api/docs")).text


async def test_a_problem_s_type_leads_to_a_page_that_explains_it(portal_at: Portal) -> None:
    problem = (await portal_at.get("/api/v1/items/none")).json()
    page = await portal_at.get(problem["type"].removeprefix(str(portal_at.browser.base_url).rstrip("/")))

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for words in ("item.missing", "HTTP 404", "没有编号为…的信息。请核对地址。", "怎么办"):
        assert words in page.text, words
    everything = (await portal_at.get("/problems")).text
    assert everything.count('href="/problems/') > 100
    assert (await portal_at.get("/problems/none")).status_code == 404


@pytest.mark.parametrize("path", ["/", "/letters/new", "/letters/status", "/healthz", "/api/docs", "/api/v1/home"])
async def test_head_and_options_are_answered_before_and_after_the_page_was_made(portal_at: Portal, path: str) -> None:
    first = await portal_at.browser.head(path)
    got = await portal_at.get(path)
    again, options = await portal_at.browser.head(path), await portal_at.browser.options(path)

    assert (first.status_code, got.status_code, again.status_code, first.content, again.content) == (
        200,
        200,
        200,
        b"",
        b"",
    )
    assert first.headers["content-type"] == got.headers["content-type"]
    assert options.status_code == 204
    assert {"GET", "HEAD"} <= set(options.headers["allow"].split(", "))


async def test_a_withdrawn_item_is_gone_for_whoever_has_it_too(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    await portal_at.seen("/items/i1")
    tag = (await portal_at.get("/items/i1")).headers["etag"]
    assert (await portal_at.browser.get("/items/i1", headers={"if-none-match": tag})).status_code == 304
    two = [("if-none-match", '"other"'), ("if-none-match", tag)]
    assert (await portal_at.browser.get("/items/i1", headers=two)).status_code == 304
    await portal_at.hears(e.withdrawn())

    tombstone = await portal_at.get("/items/i1")
    for known in (tag, tombstone.headers["etag"], "*"):
        assert (await portal_at.browser.get("/items/i1", headers={"if-none-match": known})).status_code == 410


async def test_a_column_that_is_shown_whole_leads_to_no_earlier_page(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), *(e.published(f"i{n}") for n in range(20)))
    assert "cursor=" not in (await portal_at.get("/columns/news")).text
    assert (await portal_at.get("/api/v1/columns/news?limit=20")).json()["items"]["next"] is None

    await portal_at.hears(e.published("i20"))
    more = (await portal_at.get("/api/v1/columns/news?limit=20")).json()["items"]
    rest = (await portal_at.get(f"/api/v1/columns/news?limit=20&cursor={more['next']}")).json()["items"]
    assert (len(more["items"]), len(rest["items"]), rest["next"]) == (20, 1, None)
