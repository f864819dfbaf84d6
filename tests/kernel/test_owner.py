"""Content served by its hash: whole, in ranges, and only what an event names."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.types import Message, Receive, Scope, Send

from deploy.local.stack import Servers
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.person import Role
from services.kernel.http.middleware import Edge
from services.kernel.http.web import Table
from services.kernel.running.program import Program, Service
from services.kernel.settings import Settings
from services.kernel.storage.files import CHUNK, Files
from services.kernel.storage.unit import MongoUnit
from tests.support.pieces import pieces
from tests.support.services import Bearer, running

pytestmark = pytest.mark.servers

DATA = bytes(range(256)) * 4 * 600  # three chunks, the last not full
SIZE = len(DATA)
CHECK = ClaimCheck.of(DATA, "application/pdf")
AT = f"/content/{CHECK.sha256}"
SERVICE = Service(name="sample", title="Sample", router=APIRouter(), may=Table({}))


class Ours(Settings):
    port: int = 1


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    async with running(SERVICE, Ours, servers, namespace, tmp_path) as made:
        await Files(made.db).put(pieces(DATA), CHECK.media_type, most=SIZE)
        yield made


async def asked(client: httpx.AsyncClient, bearer: Bearer, **headers: str) -> httpx.Response:
    return await client.get(AT, headers=bearer(Role.SERVICE) | {n.replace("_", "-"): v for n, v in headers.items()})


async def named(program: Program) -> None:
    await program.transact(MongoUnit.refer, CHECK.sha256)


async def test_what_no_event_names_yet_is_not_given(
    program: Program, client: httpx.AsyncClient, bearer: Bearer
) -> None:
    assert (await asked(client, bearer)).json()["code"] == "content.missing"

    await named(program)

    assert (await asked(client, bearer)).content == DATA


async def test_the_whole_says_how_long_it_is_and_that_parts_may_be_asked_for(
    program: Program, client: httpx.AsyncClient, bearer: Bearer
) -> None:
    await named(program)

    answer = await asked(client, bearer)

    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["etag"] == f'"{CHECK.sha256}"'
    assert answer.headers["content-type"] == "application/pdf"


@pytest.mark.parametrize(
    ("range", "start", "stop"),
    [
        ("bytes=0-0", 0, 1), ("bytes=5-", 5, SIZE), (f"bytes={CHUNK - 1}-{CHUNK}", CHUNK - 1, CHUNK + 1),
        ("bytes=-3", SIZE - 3, SIZE), (f"bytes=-{SIZE * 2}", 0, SIZE), (f"bytes=7-{SIZE * 9}", 7, SIZE),
        ("BYTES=1-2", 1, 3), (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE),
    ],
)  # fmt: skip
async def test_a_range_is_those_bytes_and_says_which(
    program: Program, client: httpx.AsyncClient, bearer: Bearer, range: str, start: int, stop: int
) -> None:
    await named(program)

    answer = await asked(client, bearer, range=range)

    assert (answer.status_code, answer.content) == (206, DATA[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("range", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 1}", "bytes=-0", f"bytes={10**14}-"])
async def test_a_range_outside_of_it_is_416_and_says_how_long_it_is(
    program: Program, client: httpx.AsyncClient, bearer: Bearer, range: str
) -> None:
    await named(program)

    answer = await asked(client, bearer, range=range)

    assert (answer.status_code, answer.json()["code"]) == (416, "range.outside")
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "range",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=1-2-3",
        "bytes=" + "9" * 5_000 + "-", "bytes=--1", "bytes=+1-2",
    ],
)  # fmt: skip
async def test_a_range_that_is_none_is_passed_over(
    program: Program, client: httpx.AsyncClient, bearer: Bearer, range: str
) -> None:
    await named(program)

    answer = await asked(client, bearer, range=range)

    assert (answer.status_code, answer.content) == (200, DATA)


async def test_a_range_of_something_else_than_is_here_gets_the_whole(
    program: Program, client: httpx.AsyncClient, bearer: Bearer
) -> None:
    await named(program)

    other = await asked(client, bearer, range="bytes=0-0", if_range='"other"')
    same = await asked(client, bearer, range="bytes=0-0", if_range=f'"{CHECK.sha256}"')

    assert (other.status_code, same.status_code) == (200, 206)


async def test_a_stream_may_take_longer_than_a_request_while_it_goes_on() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(4):
            await asyncio.sleep(0.4)
            await send({"type": "http.response.body", "body": b"-", "more_body": True})
        await send({"type": "http.response.body"})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await Edge(slow, seconds=1, bytes=1, public_url="http://portal.test")(scope, receive, send)

    assert [m.get("body") for m in sent] == [None, b"-", b"-", b"-", b"-", None]
