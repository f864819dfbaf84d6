"""Finished pages: how they are sent, and that nothing old is kept."""

import asyncio
import gzip
from time import time
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache import Page, Shelf
from gateway.cache.page import chosen
from tests.support.waiting import eventually

BODY = "政务公开".encode() * 500
UNPACK: dict[str, Any] = {
    "": bytes, "gzip": gzip.decompress, "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
}  # fmt: skip


def page(*rests: str, body: bytes = BODY, until: float = float("inf")) -> Page:
    return Page.of(body, "text/html; charset=utf-8", rests=rests, until=until)


async def sent(page: Page, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await page.answer({"method": method, "headers": given}, send)
    start, body = messages
    return start["status"], {n.decode(): v.decode() for n, v in start["headers"]}, body["body"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""), ("gzip", "gzip"), ("gzip, br", "br"), ("gzip, deflate, br, zstd", "br"), ("br;q=0, gzip", "gzip"),
        ("zstd;q=0.9, br;q=0.1", "zstd"), ("*", "br"), ("*;q=0", ""), ("identity", ""), ("GZIP", "gzip"),
        ("br;q=x", ""), ("br;q=1.2.3", ""), (",;,;;q=", ""),
    ],
)  # fmt: skip
async def test_the_coding_is_the_best_of_those_accepted(accepted: str, coding: str) -> None:
    _, headers, body = await sent(page(), accept_encoding=accepted)

    assert headers.get("content-encoding", "") == coding
    assert UNPACK[coding](body) == BODY
    assert headers["content-length"] == str(len(body))
    assert headers["vary"] == "Accept-Encoding"


@given(st.binary(max_size=60))
def test_no_accept_encoding_is_too_strange(header: bytes) -> None:
    assert chosen(header) in UNPACK


async def test_what_the_client_has_is_not_sent_again_under_any_coding() -> None:
    for coding in ("", "gzip", "br", "zstd"):
        _, headers, _ = await sent(page(), accept_encoding=coding)
        for known in (headers["etag"], f"W/{headers['etag']}", f'"x", {headers["etag"]}', "*"):
            status, again, body = await sent(page(), accept_encoding=coding, if_none_match=known)
            assert (status, again["etag"], body) == (304, headers["etag"], b"")
    assert (await sent(page(), if_none_match='"other"'))[0] == 200


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    _, headers, _ = await sent(page())

    assert await sent(page(), "HEAD") == (200, headers, b"")


def test_a_page_falls_when_anything_it_rests_on_falls() -> None:
    shelf = Shelf(10_000_000)
    shelf.keep("/", page("home", "tree"), shelf.began())
    shelf.keep("/items/1", page("item:1", "tree"), shelf.began())
    shelf.fall({"home"})

    assert shelf.get("/") is None
    assert shelf.get("/items/1")


def test_a_page_begun_before_what_it_rests_on_fell_is_not_kept() -> None:
    shelf = Shelf(10_000_000)
    began = shelf.began()
    shelf.fall({"item:1"})

    assert not shelf.keep("/items/1", page("item:1"), began)
    assert shelf.keep("/items/2", page("item:2"), began)
    assert shelf.keep("/items/1", page("item:1"), shelf.began())


def test_after_everything_fell_nothing_begun_before_is_kept() -> None:
    shelf = Shelf(10_000_000)
    began = shelf.began()
    shelf.keep("/", page("home"), began)
    shelf.fall_all()

    assert shelf.get("/") is None
    assert (shelf.size, shelf.keep("/", page("home"), began)) == (0, False)


def test_a_page_is_gone_from_the_moment_on_that_it_names() -> None:
    shelf = Shelf(10_000_000)

    assert shelf.keep("/", page(until=time() + 60), shelf.began())
    assert not shelf.keep("/", page(until=time() - 1), shelf.began())
    shelf.pages["/"] = page(until=time() - 1)
    assert shelf.get("/") is None


def test_the_shelf_holds_no_more_bytes_than_it_may_and_drops_what_was_not_read_longest() -> None:
    one = page("a").size
    shelf = Shelf(one * 5)
    for n in range(5):
        shelf.keep(f"/{n}", page("a"), shelf.began())
    shelf.get("/0")
    shelf.keep("/5", page("a"), shelf.began())

    assert shelf.get("/0")
    assert shelf.get("/1") is None
    assert shelf.size == one * 5


def test_falling_keys_without_number_do_not_fill_the_memory() -> None:
    shelf = Shelf(10_000_000)
    began = shelf.began()
    for n in range(0, 300_000, 1_000):
        shelf.fall(f"item:{m}" for m in range(n, n + 1_000))

    assert len(shelf._fallen) <= 31_000
    assert not shelf.keep("/", page("item:1"), began)


async def test_many_who_ask_at_once_get_a_page_made_once() -> None:
    shelf, made, all_asked = Shelf(10_000_000), 0, asyncio.Event()

    async def make() -> Page:
        nonlocal made
        made += 1
        await all_asked.wait()
        return page("home")

    asking = [asyncio.create_task(shelf.once("/", make)) for _ in range(20)]
    await eventually(lambda: made)
    all_asked.set()
    pages = await asyncio.gather(*asking)

    assert made == 1
    assert all(each is pages[0] for each in pages)


async def test_who_asks_after_a_fall_does_not_get_a_page_begun_before_it() -> None:
    shelf, truth, read, fell = Shelf(10_000_000), [b"old"], asyncio.Event(), asyncio.Event()

    async def make() -> Page:
        body = truth[0]
        read.set()
        await fell.wait()
        return page("home", body=body)

    first = asyncio.create_task(shelf.once("/", make))
    await read.wait()
    truth[0] = b"new"
    shelf.fall({"home"})
    fell.set()
    second = await shelf.once("/", make)
    await first

    assert second.forms[""].body["body"] == b"new"
    kept = shelf.get("/")
    assert kept
    assert kept.forms[""].body["body"] == b"new"


async def test_a_page_that_could_not_be_made_is_tried_again() -> None:
    shelf = Shelf(10_000_000)

    async def fail() -> Page:
        raise ValueError("MongoDB is away")

    async def make() -> Page:
        return page()

    with pytest.raises(ValueError, match="away"):
        await shelf.once("/", fail)
    assert (await shelf.once("/", make)).forms
