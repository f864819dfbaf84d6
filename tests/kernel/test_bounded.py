"""What one connection, and all of them, can make a program hold: real sockets against a server that really listens."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from services.kernel.http import bounded
from services.kernel.http.bounded import Bounded
from services.kernel.running.serving import server
from tests.support.waiting import eventually

GET = b"GET /{} HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = b"x" * 20_000_000
HELD: list[str] = []  # requests under way
Open = Callable[[], Awaitable["Line"]]


class Line:
    """A connection from outside."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def heard(self, least: bytes = b"\r\n\r\n") -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(least), 5)

    async def all_heard(self) -> bytes:
        """Until the other side ends it."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5)
        except ConnectionResetError:
            return b""


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """`/large`: more than sockets hold. `/early`: an answer before the body is read. `/held`: unanswered."""
    request = Request(scope, receive)
    if request.url.path == "/held":
        HELD.append(request.url.path)
        await asyncio.Event().wait()
    if request.url.path not in ("/early", "/large"):
        await request.body()
    answer: Response = PlainTextResponse(LARGE if request.url.path == "/large" else b"ok")
    await answer(scope, receive, send)


@pytest.fixture
async def opened(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Open]:
    """Opens a connection to a server with short patience."""
    for name in ("HEAD_SECONDS", "REST_SECONDS", "UNREAD_SECONDS"):
        monkeypatch.setattr(bounded, name, 0.3)
    monkeypatch.setattr(Bounded, "most", 20)
    running = server(app, Bounded, lifespan="off")
    door = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(running.serve(sockets=[door]))
    await eventually(lambda: running.started)
    lines: list[Line] = []

    async def open_one() -> Line:
        lines.append(Line(*await asyncio.open_connection(*door.getsockname(), limit=2**22)))
        return lines[-1]

    yield open_one
    for line in lines:
        line.writer.close()
    running.should_exit = running.force_exit = True
    await task


@asynccontextmanager
async def meanwhile(sending: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """What is sent beside; the other side may end the connection under it."""
    task = asyncio.create_task(sending)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def cut(why: str) -> float:
    return float(bounded.CUT.labels(why=why)._value.get())


async def test_a_connection_that_says_nothing_is_closed(opened: Open) -> None:
    before = cut("silent")

    assert await (await opened()).all_heard() == b""
    assert cut("silent") == before + 1


@pytest.mark.parametrize("said", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: "])
async def test_half_a_head_is_answered_408_and_closed(opened: Open, said: bytes) -> None:
    line = await opened()
    await line.say(said)

    assert (await line.all_heard()).startswith(b"HTTP/1.1 408 ")


async def test_a_head_that_trickles_is_not_waited_for(opened: Open) -> None:
    line = await opened()
    await line.say(b"GET / HTTP/1.1\r\n")

    async def trickle() -> None:
        for n in range(40):
            await line.say(b"X-%d: y\r\n" % n)
            await asyncio.sleep(0.05)

    async with meanwhile(trickle()):
        assert (await line.all_heard()).startswith(b"HTTP/1.1 408 ")


async def test_a_connection_that_is_in_use_is_kept(opened: Open) -> None:
    line = await opened()
    for _ in range(4):
        await line.say(GET)
        assert (await line.heard(b"ok")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(0.2)  # longer in all than a silent one is kept


@pytest.mark.parametrize("parts", [1, 40])
async def test_headers_beyond_their_bound_are_431(opened: Open, parts: int) -> None:
    line, head = await opened(), b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Large: %s\r\n" % (b"x" * 1_000) * 60
    before, size = cut("large_head"), len(head) // parts + 1

    async def send() -> None:
        for at in range(0, len(head), size):
            await line.say(head[at : at + size])
        await line.say(b"\r\n")

    async with meanwhile(send()):
        assert (await line.all_heard()).startswith(b"HTTP/1.1 431 ")
        assert cut("large_head") == before + 1


async def test_one_endless_header_is_431(opened: Open) -> None:
    line = await opened()
    await line.say(b"GET / HTTP/1.1\r\nX-Endless: ")

    async def go_on() -> None:
        while True:
            await line.say(b"x" * 4_096)

    async with meanwhile(go_on()):
        assert b"HTTP/1.1 431 " in await line.all_heard()


async def test_headers_within_the_bound_are_read(opened: Open) -> None:
    line = await opened()
    await line.say(b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Large: %s\r\n" % (b"x" * 1_000) * 30 + b"\r\n")

    assert (await line.heard(b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_a_body_that_trickles_on_after_its_answer_is_not_read_on(opened: Open) -> None:
    line = await opened()
    await line.say(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
    assert (await line.heard(b"ok")).startswith(b"HTTP/1.1 200 ")

    async def trickle() -> None:
        while True:
            await line.say(b"x")
            await asyncio.sleep(0.05)

    async with meanwhile(trickle()):
        assert await line.all_heard() == b""


async def test_the_rest_of_a_body_that_comes_soon_leaves_the_connection_usable(opened: Open) -> None:
    line = await opened()
    await line.say(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
    await line.heard(b"ok")
    await line.say(b"cd" + GET)

    assert (await line.heard(b"ok")).startswith(b"HTTP/1.1 200 ")


async def test_an_answer_that_nobody_reads_is_given_up(opened: Open) -> None:
    before = cut("unread")
    line = await opened()
    await line.say(GET.replace(b"{}", b"large"))
    line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can read

    await eventually(lambda: cut("unread") == before + 1)


async def test_an_answer_that_nobody_reads_is_given_up_whatever_is_asked_meanwhile(opened: Open) -> None:
    before = cut("unread")
    line = await opened()
    await line.say(GET.replace(b"{}", b"large"))
    line.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can read

    async def ask() -> None:
        while True:
            await line.say(GET)
            await asyncio.sleep(0.05)

    async with meanwhile(ask()):
        await eventually(lambda: cut("unread") == before + 1)


async def test_a_long_line_of_requests_is_answered_up_to_its_bound_and_then_closed(opened: Open) -> None:
    line, before = await opened(), cut("many_in_line")
    await line.say(GET * 3_000)

    answers = await line.all_heard()

    assert answers.count(b"HTTP/1.1 200 ") == bounded.IN_LINE + 1
    assert answers.endswith(b"ok")
    assert cut("many_in_line") == before + 1


async def test_whoever_comes_last_takes_the_place_of_one_that_is_idle(opened: Open) -> None:
    silent = [await opened() for _ in range(20)]
    line = await opened()
    await line.say(GET)

    assert (await line.heard(b"ok")).startswith(b"HTTP/1.1 200 ")
    assert len(silent) == 20


async def test_where_all_connections_are_busy_the_next_is_told_to_come_back(opened: Open) -> None:
    HELD.clear()
    for _ in range(20):
        await (await opened()).say(GET.replace(b"{}", b"held"))
    await eventually(lambda: len(HELD) == 20)

    answer = await (await opened()).all_heard()

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5" in answer
