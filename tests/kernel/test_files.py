"""Files by their hash: streamed, the same once, never half there, and swept when nobody wants them."""

import asyncio
import random
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.clock import now
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Missing, TooLarge, Unit
from services.kernel.http.owner import span
from services.kernel.storage import files as storage
from services.kernel.storage.files import CHUNK, INLINE, ORPHANED, Files, WrongContent
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from tests.support.pieces import pieces

pytestmark = pytest.mark.servers
SMALL = "清远市".encode()
LARGE = random.Random(1).randbytes(3 * CHUNK + 17)
PDF = "application/pdf"


@pytest.fixture
async def files(db: Database) -> Files:
    await storage.make_indexes(db)
    return Files(db)


async def put(files: Files, data: bytes, **how: object) -> ClaimCheck:
    return await files.put(pieces(data), PDF, most=10**9, **how)  # type: ignore[arg-type]  # passed on as it came


async def got(files: Files, hash: str, start: int = 0, stop: int | None = None) -> bytes:
    found = await files.look(hash, referenced=False)
    assert found
    return b"".join([part async for part in found.read(start, stop)])


async def refer(unit: Unit, hash: str) -> ClaimCheck:
    return await unit.refer(hash)


async def left(db: Database) -> dict[str, int]:
    """How many documents lie in each place of files."""
    places = ("content", "content.files", "content.chunks", "uploads")
    return {place: await db[place].count_documents({}) for place in places}


NOTHING = {"content": 0, "content.files": 0, "content.chunks": 0, "uploads": 0}


async def older(db: Database) -> None:
    """As if a day had passed."""
    long_ago = now() - ORPHANED - timedelta(seconds=1)
    await db["content"].update_many({}, {"$set": {"stored_at": long_ago}})
    await db["uploads"].update_many({}, {"$set": {"at": long_ago}})


@pytest.mark.parametrize("data", [b"", SMALL, LARGE, LARGE[:INLINE], LARGE[: INLINE + 1], LARGE[: 2 * CHUNK]])
async def test_what_is_stored_is_found_by_its_hash_as_it_was(files: Files, data: bytes) -> None:
    check = await put(files, data)

    assert check == ClaimCheck(sha256=sha256(data).hexdigest(), size=len(data), media_type=PDF)
    assert await got(files, check.sha256) == data


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (5, 5), (CHUNK - 1, CHUNK + 1), (CHUNK, 2 * CHUNK), (len(LARGE) - 3, None), (7, 10**12)],
)
async def test_a_part_of_it_is_read_without_the_rest(files: Files, start: int, stop: int | None) -> None:
    check = await put(files, LARGE)

    assert await got(files, check.sha256, start, stop) == LARGE[start:stop]


async def test_the_same_content_is_kept_once_however_many_bring_it_at_once(files: Files, db: Database) -> None:
    checks = await asyncio.gather(*(put(files, LARGE) for _ in range(6)))

    assert len(set(checks)) == 1
    assert await left(db) == {"content": 1, "content.files": 1, "content.chunks": 4, "uploads": 0}
    assert await got(files, checks[0].sha256) == LARGE


async def test_too_much_is_refused_before_the_rest_is_read_and_leaves_nothing(files: Files, db: Database) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 100_000

    with pytest.raises(TooLarge, match="1000000 bytes"):
        await files.put(endless(), PDF, most=1_000_000)

    assert sent == 11
    assert await left(db) == NOTHING


@pytest.mark.parametrize("given", [LARGE[:-1], LARGE + b"x", b"y" + LARGE[1:], b"", SMALL])
async def test_what_is_not_what_was_announced_is_not_kept(files: Files, db: Database, given: bytes) -> None:
    expected = ClaimCheck.of(LARGE, PDF)

    with pytest.raises(WrongContent):
        await put(files, given, expected=expected)

    assert await left(db) == NOTHING


async def test_an_upload_that_breaks_off_leaves_nothing(files: Files, db: Database) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await files.put(breaks(), PDF, most=10**9)

    assert await left(db) == NOTHING


async def test_what_a_killed_upload_left_is_swept_after_a_day(files: Files, db: Database) -> None:
    upload = storage.Upload(files, ObjectId(), 10**9)
    await upload.take(pieces(LARGE))  # and then the process ends
    assert await left(db) == {"content": 0, "content.files": 0, "content.chunks": 4, "uploads": 1}
    await files.sweep()
    assert (await left(db))["uploads"] == 1, "it may still be under way"

    await older(db)
    await files.sweep()

    assert await left(db) == NOTHING


async def test_a_file_that_nobody_refers_to_is_swept_after_a_day_and_one_that_is_referred_to_stays(
    files: Files, db: Database, transact: Transactor
) -> None:
    wanted, unwanted = await put(files, LARGE), await put(files, SMALL)
    assert await transact(refer, wanted.sha256) == wanted
    await older(db)

    await files.sweep()

    assert await got(files, wanted.sha256) == LARGE
    assert await files.look(unwanted.sha256, referenced=False) is None


async def test_content_is_given_to_others_only_once_a_unit_refers_to_it(files: Files, transact: Transactor) -> None:
    check = await put(files, SMALL)
    assert await files.look(check.sha256) is None

    await transact(refer, check.sha256)

    assert await files.look(check.sha256) is not None


async def test_what_was_swept_meanwhile_cannot_be_referred_to(files: Files, db: Database, transact: Transactor) -> None:
    check = await put(files, LARGE)
    await older(db)
    await files.sweep()

    with pytest.raises(Missing, match="upload it again"):
        await transact(refer, check.sha256)


async def test_of_a_sweep_and_a_unit_at_the_same_moment_one_finds_it_gone(
    files: Files, db: Database, transact: Transactor
) -> None:
    check = await put(files, LARGE)
    await older(db)

    async def slowly(unit: Unit) -> ClaimCheck:
        found = await unit.refer(check.sha256)
        sweeping = asyncio.create_task(files.sweep())
        await asyncio.wait([sweeping], timeout=0.3)
        assert not sweeping.done(), "it waits for the unit"
        return found

    await transact(slowly)
    await files.sweep()

    assert await got(files, check.sha256) == LARGE


async def test_what_is_removed_is_gone_whoever_refers_to_it(files: Files, db: Database, transact: Transactor) -> None:
    check = await put(files, LARGE)
    await transact(refer, check.sha256)

    await files.remove(check.sha256)

    assert await left(db) == NOTHING


async def test_a_file_is_never_whole_in_memory(files: Files) -> None:
    part = random.Random(2).randbytes(1_000_000)

    async def much() -> AsyncIterator[bytes]:
        for n in range(60):
            yield n.to_bytes(4, "big") + part

    tracemalloc.start()
    check = await files.put(much(), PDF, most=10**9)
    found = await files.look(check.sha256, referenced=False)
    assert found
    size = 0
    async for piece in found.read():
        size += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == check.size == 60 * 1_000_004
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("bytes=0-0", (0, 1)), ("bytes=2-", (2, 10)), ("bytes=-3", (7, 10)), ("bytes=-99", (0, 10)),
        ("bytes=5-99", (5, 10)), ("bytes=10-", (10, 10)), ("bytes=4-2", None), ("bytes=-0", (10, 10)),
        ("bytes=-", None), ("bytes=0-1,3-4", None), ("lines=0-1", None), ("bytes=a-b", None), ("", None),
    ],
)  # fmt: skip
def test_a_range_is_read_as_the_standard_has_it(asked: str, found: tuple[int, int] | None) -> None:
    assert span(asked, 10) == found


@given(st.text(max_size=30), st.integers(0, 10**12))
def test_whatever_is_asked_for_is_a_part_of_it_or_the_whole(asked: str, size: int) -> None:
    found = span(f"bytes={asked}", size)

    assert found is None or found[0] >= found[1] or 0 <= found[0] < found[1] <= size
