"""Whatever ends in the middle leaves a file that is whole or gone, and nothing that no sweep finds."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorGridFSBucket

from deploy.local.stack import Servers
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Away, Missing
from services.kernel.storage.files import CHUNK, Files, WrongContent
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from tests.kernel.test_files import LARGE, NOTHING, PDF, files, got, left, older, put, refer
from tests.support.waiting import eventually

__all__ = ["files"]
pytestmark = pytest.mark.servers
WHOLE = {"content": 1, "content.files": 1, "content.chunks": 4, "uploads": 0}


class Cut:
    """A collection whose `delete_one` never comes to an end: the caller has gone."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def delete_one(self, _: object) -> None:
        raise asyncio.CancelledError


async def test_an_upload_cut_off_after_it_was_noted_is_whole(files: Files, db: Database) -> None:
    cut = Files(db)
    cut.uploads = Cut(cut.uploads)  # type: ignore[assignment]  # stands in for one method
    with pytest.raises(asyncio.CancelledError):
        await put(cut, LARGE, referenced=True)

    await older(db)
    await files.sweep()

    check = ClaimCheck.of(LARGE, PDF)
    assert await got(files, check.sha256) == LARGE
    assert await left(db) == WHOLE


@pytest.mark.parametrize("doing", ["remove", "sweep"])
async def test_a_removal_cut_off_after_the_first_write_is_finished_by_a_sweep(
    files: Files, db: Database, monkeypatch: pytest.MonkeyPatch, doing: str
) -> None:
    async def dies(_: Files, __: ObjectId) -> None:
        raise asyncio.CancelledError

    check = await put(files, LARGE)
    await older(db)
    with monkeypatch.context() as dying:
        dying.setattr(Files, "forget", dies)
        with pytest.raises(asyncio.CancelledError):
            await (files.remove(check.sha256) if doing == "remove" else files.sweep())
    assert await files.look(check.sha256, referenced=False) is None

    await older(db)
    await files.sweep()

    assert await left(db) == NOTHING


async def test_what_a_killed_process_left_is_swept_after_a_day(files: Files, db: Database, servers: Servers) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.endless_upload", servers.mongo_url, db.name
    )
    await eventually(lambda: db["content.chunks"].count_documents({}, limit=3))
    child.send_signal(signal.SIGKILL)
    await child.wait()
    await files.sweep()
    assert (await left(db))["uploads"] == 1, "it may still be under way"

    await older(db)
    await files.sweep()

    assert await left(db) == NOTHING


async def test_an_upload_that_a_sweep_gave_up_fails_and_leaves_nothing(files: Files, db: Database) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield LARGE
        await older(db)
        await files.sweep()
        yield LARGE

    with pytest.raises(Away, match="longer than a day"):
        await files.put(slow(), PDF, most=10**9)

    assert await left(db) == NOTHING


async def test_a_reader_of_what_is_removed_meanwhile_hears_of_it(files: Files) -> None:
    check = await put(files, bytes(9 * CHUNK))
    found = await files.look(check.sha256, referenced=False)
    assert found

    async def reading() -> None:
        async for _ in found.read():
            await files.remove(check.sha256)

    with pytest.raises(WrongContent, match="was removed"):
        await reading()


async def test_the_drivers_own_gridfs_reads_it(files: Files, db: Database) -> None:
    check = await put(files, LARGE)

    found = await AsyncIOMotorGridFSBucket(db, bucket_name="content").open_download_stream_by_name(check.sha256)

    assert await found.read() == LARGE


async def test_units_and_sweeps_that_race_never_refer_to_what_is_gone(
    files: Files, db: Database, transact: Transactor
) -> None:
    for n in range(12):
        data = os.urandom(CHUNK + 1) if n % 2 else os.urandom(9)
        check = await put(files, data)
        await older(db)
        named, *_ = await asyncio.gather(
            transact(refer, check.sha256), files.sweep(), files.sweep(), return_exceptions=True
        )
        assert isinstance(named, ClaimCheck | Missing), named
        there = await files.look(check.sha256, referenced=False) is not None
        assert there == isinstance(named, ClaimCheck)
        if there:
            assert await got(files, check.sha256) == data
