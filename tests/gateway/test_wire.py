"""Finished pages on the socket: what is not plain goes the usual way, and everything keeps its order."""

import asyncio
import re

import pytest
from prometheus_client import REGISTRY

from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers

END = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"


async def said(portal: Portal, *requests: bytes, one_by_one: bool = False) -> bytes:
    """All that one connection answers to these and a last one, which closes it.

    `one_by_one`: each is sent when the one before begins to be answered, else all before anything is read.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", portal.gateway.settings.port)
    answer = b""
    for n, request in enumerate((*requests, END), 1):
        writer.write(request)
        await writer.drain()
        while one_by_one and len(statuses(answer)) < n:
            part = await asyncio.wait_for(reader.read(2**16), 10)
            assert part, "closed before everything was answered"
            answer += part
    answer += await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def hits(portal: Portal) -> float:
    portal.gateway.shelf.tell()
    return REGISTRY.get_sample_value("citygate_gateway_page_reads_total", {"outcome": "hit"}) or 0


async def warm(portal: Portal) -> None:
    await portal.hears(e.department(), e.column(), e.published())
    await portal.seen("/items/i1")
    await portal.get("/columns/news")


def get(path: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "host: localhost", *headers, "", "")).encode()


async def test_a_finished_page_is_counted_and_leaves_no_line_in_the_log(
    portal_at: Portal, capsys: pytest.CaptureFixture[str]
) -> None:
    await warm(portal_at)
    capsys.readouterr()
    before = hits(portal_at)
    answer = await said(portal_at, get("/items/i1"), one_by_one=True)

    assert statuses(answer) == [200, 200]
    assert hits(portal_at) == before + 1
    assert '"event": "request"' not in capsys.readouterr().out


async def test_requests_sent_at_once_are_answered_in_their_order(portal_at: Portal) -> None:
    await warm(portal_at)
    hot, cold, none = get("/items/i1"), get("/letters/new"), get("/nothing")
    for requests, expected in (
        ((hot, cold, hot, none, hot), [200, 200, 200, 404, 200]),
        ((none, hot, hot), [404, 200, 200]),
        ((hot,) * 20, [200] * 20),
    ):
        assert statuses(await said(portal_at, b"".join(requests))) == [*expected, 200]
    titles = re.findall(r"<title>(.*?)</title>", (await said(portal_at, hot + cold + none + hot)).decode())
    assert [title.partition(" - ")[0] for title in titles] == [
        "2026年市级预算公开", "我要写信", "没有找到这个页面", "2026年市级预算公开",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "request_",
    [
        get("/items/i1"), get("/items/%691"), get("/items/i1", "accept-encoding: br"), get("/items/i1?revision=1"),
        get("http://localhost/items/i1"), get("/items/i1", "content-length: 3") + b"abc",
        get("/items/i1", "transfer-encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
        get("/items/i1", "connection: keep-alive"),
    ],
)  # fmt: skip
async def test_any_way_to_ask_for_a_page_is_answered_with_it(portal_at: Portal, request_: bytes) -> None:
    await warm(portal_at)
    for one_by_one in (False, True):
        answer = await said(portal_at, request_, request_, one_by_one=one_by_one)
        assert statuses(answer) == [200, 200, 200]


async def test_who_closes_or_speaks_the_old_version_is_answered_and_left(portal_at: Portal) -> None:
    await warm(portal_at)
    assert statuses(await said(portal_at, get("/items/i1", "connection: close"))) == [200]
    assert statuses(await said(portal_at, get("/items/i1", version="1.0"))) == [200]


async def test_head_and_what_the_client_has_come_without_a_body(portal_at: Portal) -> None:
    await warm(portal_at)
    tag = (await portal_at.get("/items/i1", accept_encoding="identity")).headers["etag"]
    head = await said(portal_at, get("/items/i1", method="HEAD"))
    known = await said(portal_at, get("/items/i1", f"if-none-match: {tag}"))

    assert statuses(head) == [200, 200]
    assert statuses(known) == [304, 200]
    assert b"<html" not in head + known


async def test_a_reader_who_stops_reading_does_not_fill_the_memory(portal_at: Portal) -> None:
    await warm(portal_at)
    reader, writer = await asyncio.open_connection("127.0.0.1", portal_at.gateway.settings.port, limit=2**12)
    many = get("/items/i1") * 20_000
    writer.write(many)
    connections = portal_at.server.server_state.connections
    await eventually(lambda: [c for c in connections if not c.transport.is_reading()])
    [full] = [c.transport for c in connections if not c.transport.is_reading()]

    assert full.get_write_buffer_size() < 4_000_000
    writer.close()
    assert (await portal_at.get("/items/i1")).status_code == 200
    del reader
