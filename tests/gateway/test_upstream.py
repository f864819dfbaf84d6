"""Asking mailbox: one silent retry where a connection ended before its answer, and never a second letter."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from pydantic import SecretStr

from gateway.settings import GatewaySettings
from gateway.upstream import IDLE, Upstream
from services.kernel.running import serving

ANSWER = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}"
Cutting = Callable[[int], Upstream]


@pytest.fixture
async def heard() -> list[bytes]:
    """The requests that came in."""
    return []


@pytest.fixture
async def cutting(heard: list[bytes]) -> AsyncIterator[Cutting]:
    """Asks a mailbox that ends the first connections without an answer, as one that has been idle does."""
    left = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        head = await reader.readuntil(b"\r\n\r\n")
        heard.append(head)
        if left:
            left -= 1
        else:
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    settings = GatewaySettings.model_construct(
        mailbox_url=f"http://{host}:{port}", publishing_url="", scoring_url="", service_token=SecretStr("t"),
        upstream_seconds=2.0,
    )  # fmt: skip
    upstream = Upstream(settings)

    def after(cuts: int) -> Upstream:
        nonlocal left
        left = cuts
        return upstream

    yield after
    await upstream.close()
    server.close()


async def asked(upstream: Upstream) -> httpx.Response:
    return await upstream.mailbox("/letters", {"title": "路灯"}, key="k" * 22, request="r1", place="p1")


async def test_a_connection_that_ended_is_asked_again_with_the_same_key(cutting: Cutting, heard: list[bytes]) -> None:
    assert (await asked(cutting(1))).status_code == 201
    assert len(heard) == 2
    assert all(b"idempotency-key: " + b"k" * 22 in head.lower() for head in heard)


async def test_it_is_asked_again_once_and_then_counts_as_away(cutting: Cutting, heard: list[bytes]) -> None:
    with pytest.raises(httpx.TransportError):
        await asked(cutting(9))
    assert len(heard) == 2


def test_whoever_asks_keeps_an_idle_connection_shorter_than_whoever_answers() -> None:
    assert 2 * IDLE < serving.IDLE
