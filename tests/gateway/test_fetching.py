"""Large content fetched from owners that cut, lie or are gone: streamed, verified, gone on with, or refused whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from deploy.local import tokens
from gateway.settings import GatewaySettings
from gateway.store import Kept
from gateway.upstream import Fetcher, Upstream
from services.kernel.domain.content import ClaimCheck
from services.kernel.storage import files as storage
from services.kernel.storage.files import CHUNK, WrongContent
from services.kernel.storage.mongo import Database
from tests.kernel.test_files import NOTHING as LEFT_NOTHING
from tests.kernel.test_files import got, left

pytestmark = pytest.mark.servers

DATA = bytes(range(256)) * 4 * 600
CHECK = ClaimCheck.of(DATA, "application/pdf")


class Owner:
    """Answers one request after the other as told: what it announces, and what it sends before it hangs up."""

    def __init__(self, *answers: tuple[str, bytes]) -> None:
        self.answers, self.ranges, self.port = list(answers), list[str](), 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        lines = dict(line.split(": ", 1) for line in asked.splitlines()[1:] if line)
        self.ranges.append(lines.get("range", ""))
        head, body = self.answers.pop(0)
        writer.write(f"HTTP/1.1 {head}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


def whole_of(data: bytes) -> tuple[str, bytes]:
    return f"200 OK\r\nContent-Length: {len(data)}", data


def cut_after(count: int) -> tuple[str, bytes]:
    return f"200 OK\r\nContent-Length: {len(DATA)}", DATA[:count]


def rest_from(start: int, *, until: int | None = None) -> tuple[str, bytes]:
    said = f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
    return f"206 Partial\r\nContent-Range: {said}\r\nContent-Length: {len(DATA) - start}", DATA[start:until]


NOTHING = ("200 OK\r\nContent-Length: 9", b"")


@asynccontextmanager
async def fetching(kept: Kept, owner: Owner, keys: Path) -> AsyncIterator[Fetcher]:
    server = await asyncio.start_server(owner.answer, "127.0.0.1")
    at = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = GatewaySettings.model_validate(
        {
            "mongo_url": "mongodb://unused", "kafka": "unused:1", "port": 1, "local": True,
            "jwks": str(tokens.make_key(keys)),
            "encryption_keys": Fernet.generate_key().decode(), "service_token": "of-the-gateway",
            "public_url": "http://portal.test", "mailbox_url": at, "publishing_url": at, "scoring_url": at,
        }
    )  # fmt: skip
    upstream = Upstream(settings)
    async with server:
        yield Fetcher(upstream, kept)
    await upstream.close()


@pytest.fixture
async def kept(db: Database) -> Kept:
    await storage.make_indexes(db)
    return Kept(db)


async def test_large_content_is_kept_in_pieces_and_not_asked_for_again(kept: Kept, tmp_path: Path) -> None:
    owner = Owner(whole_of(DATA))

    async with fetching(kept, owner, tmp_path) as fetch:
        await fetch("publishing", CHECK)
        await fetch("publishing", CHECK)

    assert await got(kept.files, CHECK.sha256) == DATA
    assert owner.ranges == [""]


async def test_after_each_cut_it_goes_on_from_there(kept: Kept, tmp_path: Path) -> None:
    owner = Owner(cut_after(CHUNK + 7), rest_from(CHUNK + 7, until=CHUNK + 8), rest_from(CHUNK + 8))

    async with fetching(kept, owner, tmp_path) as fetch:
        await fetch("publishing", CHECK)

    assert await got(kept.files, CHECK.sha256) == DATA
    assert owner.ranges == ["", f"bytes={CHUNK + 7}-", f"bytes={CHUNK + 8}-"]


@pytest.mark.parametrize(
    "answers",
    [
        [NOTHING],
        [cut_after(CHUNK + 7), ("503 Away\r\nContent-Length: 0", b"")],
        [cut_after(CHUNK + 7), whole_of(DATA)],  # it knows no ranges
        [cut_after(CHUNK + 7), ("206 Partial\r\nContent-Length: 9", b"")],
    ],
    ids=["nothing", "away", "no ranges", "nothing more"],
)
async def test_an_owner_that_brings_nothing_more_counts_as_away_and_nothing_stays(
    kept: Kept, answers: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    async with fetching(kept, Owner(*answers), tmp_path) as fetch:
        with pytest.raises(httpx.TransportError):
            await fetch("publishing", CHECK)

    assert await left(kept.database) == LEFT_NOTHING


@pytest.mark.parametrize(
    "answer",
    [
        whole_of(DATA[:-1] + b"!"), whole_of(DATA + b"!"), whole_of(DATA[:-1]), whole_of(b""),
        ("200 OK\r\nContent-Encoding: gzip", DATA + b"!"), ("200 OK", bytes(4 * len(DATA))),
    ],
    ids=["other", "longer", "shorter", "nothing", "longer than said", "much longer"],
)  # fmt: skip
async def test_an_owner_that_gives_something_else_is_caught_and_nothing_stays(
    kept: Kept, answer: tuple[str, bytes], tmp_path: Path
) -> None:
    async with fetching(kept, Owner(answer), tmp_path) as fetch:
        with pytest.raises(WrongContent):
            await fetch("publishing", CHECK)

    assert await left(kept.database) == LEFT_NOTHING


async def test_a_wrong_rest_after_a_cut_is_caught(kept: Kept, tmp_path: Path) -> None:
    start = CHUNK + 7
    head, _ = rest_from(start)

    async with fetching(kept, Owner(cut_after(start), (head, DATA[: len(DATA) - start])), tmp_path) as fetch:
        with pytest.raises(WrongContent):
            await fetch("publishing", CHECK)

    assert await left(kept.database) == LEFT_NOTHING


async def test_content_taken_back_is_not_waited_for(kept: Kept, tmp_path: Path) -> None:
    async with fetching(kept, Owner(("404 Missing\r\nContent-Length: 0", b"")), tmp_path) as fetch:
        await fetch("publishing", CHECK)

    assert await left(kept.database) == LEFT_NOTHING
