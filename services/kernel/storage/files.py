"""Content by its hash: streamed in and out, the same bytes once, referenced by units, swept if nobody refers to it.

Small content lies in its document; larger content in GridFS chunks, and the document names them. What is uploaded is
stored first and referred to in the unit that needs it. No file is ever whole in memory.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from services.kernel.domain import refusals
from services.kernel.domain.clock import now
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Away
from services.kernel.storage.mongo import Database, Document, asking
from services.kernel.telemetry import Waits, log

CHUNK = 255 * 1024  # bytes, as GridFS has it
INLINE = CHUNK  # bytes that lie in the document itself
ORPHANED = timedelta(days=1)  # how long content may lie without a reference
EVERY = 600.0  # seconds between two sweeps


class WrongContent(Exception):
    """The bytes are not those that were announced."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is here. `file`: its chunks in GridFS; None if it is small."""

    db: Database
    check: ClaimCheck
    file: ObjectId | None
    data: bytes | None

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`, piece by piece. Raises `WrongContent` if it is removed meanwhile."""
        stop = self.check.size if stop is None else min(stop, self.check.size)
        if self.data is not None:
            yield self.data[start:stop]
            return
        n = start // CHUNK
        wanted = {"files_id": self.file, "n": {"$gte": n, "$lte": max(stop - 1, 0) // CHUNK}}
        async for chunk in self.db["content.chunks"].find(wanted).sort("n", 1).batch_size(2):
            if chunk["n"] != n:
                break
            begins = n * CHUNK
            yield bytes(chunk["data"][max(start - begins, 0) : stop - begins])
            n += 1
        if n * CHUNK < stop:
            raise WrongContent(f"{self.check.sha256} was removed while it was read")


class Files:
    """The content of one database."""

    def __init__(self, db: Database) -> None:
        self.db, self.content, self.uploads = db, db["content"], db["uploads"]

    async def put(
        self,
        parts: AsyncIterable[bytes],
        media_type: str,
        *,
        most: int,
        expected: ClaimCheck | None = None,
        referenced: bool = False,
    ) -> ClaimCheck:
        """Store what comes, and say what it is. Until a unit refers to it, it lies here for a day.

        Raises `TooLarge` as soon as there are more than `most` bytes, and `WrongContent` if it is not what was
        `expected`; nothing of it stays then.
        """
        upload = Upload(self, ObjectId(), most)
        try:
            await upload.take(parts)
            check = ClaimCheck(sha256=upload.hash.hexdigest(), size=upload.size, media_type=media_type)
            if expected and (check.sha256, check.size) != (expected.sha256, expected.size):
                raise WrongContent(f"{check.size} bytes that are not {expected.sha256}")
            await upload.finish(check)
        except BaseException:
            await asyncio.shield(upload.undo())
            raise
        await upload.settle(check, referenced)
        return check

    async def look(self, sha256: str, *, referenced: bool = True) -> Stored | None:
        """The content with this hash; only if a unit refers to it, unless `referenced` is False."""
        where: Document = {"_id": sha256} | ({"referenced": True} if referenced else {})
        found = await self.content.find_one(where)
        if found is None:
            return None
        check = ClaimCheck(sha256=sha256, size=found["size"], media_type=found["media_type"])
        return Stored(self.db, check, found.get("file"), found.get("data"))

    async def remove(self, sha256: str, where: Document | None = None) -> bool:
        """For ever, whoever refers to it: what was erased must not be found by its hash. Whether it was here.

        `where`: only if it is still so. It is noted as an upload first: should this process end, a sweep goes on.
        """
        found = await self.content.find_one({"_id": sha256} | (where or {}), {"file": 1})
        if found is None:
            return False
        file = found.get("file")
        if file:
            await self.uploads.update_one({"_id": file}, {"$set": {"at": now()}}, upsert=True)
        gone = await self.content.delete_one({"_id": sha256, "file": file} | (where or {}))
        if file and gone.deleted_count:
            await self.forget(file)
        return gone.deleted_count > 0

    async def forget(self, file: ObjectId) -> None:
        await self.db["content.files"].delete_one({"_id": file})
        await self.db["content.chunks"].delete_many({"files_id": file})
        await self.uploads.delete_one({"_id": file})

    async def run(self) -> None:
        """Sweep again and again; every replica may."""
        waits = Waits("files", Away)
        while True:
            try:
                with asking():
                    await self.sweep()
                waits.over()
            except Away as error:
                waits.again(error)
            await asyncio.sleep(EVERY)

    async def sweep(self) -> None:
        """Remove content that nobody has referred to, and what interrupted uploads left.

        A unit that refers to content writes its document: it and the sweep collide, and one of them finds it gone.
        """
        before = now() - ORPHANED
        old = {"referenced": False, "stored_at": {"$lt": before}}
        async for found in self.content.find(old, {"size": 1}):
            if await self.remove(found["_id"], old):
                log.info("files.swept", sha256=found["_id"], size=found["size"])
        late = {"at": {"$lt": before}}
        while upload := await self.uploads.find_one_and_update(late, {"$set": {"at": now(), "swept": True}}):
            if await self.content.count_documents({"file": upload["_id"]}, limit=1):
                await self.uploads.delete_one({"_id": upload["_id"]})
            else:
                await self.forget(upload["_id"])


class Upload:
    """Content on its way in. It is noted before its first chunk, so that a sweep finds what a killed process left.

    Chunks are written in GridFS's own layout. The driver's writer would collect 48 MB before it sends any.
    """

    def __init__(self, files: Files, id: ObjectId, most: int) -> None:
        self.files, self.id, self.most = files, id, most
        self.size, self.chunks, self.hash = 0, 0, hashlib.sha256()
        self._rest = bytearray()  # not written yet

    async def take(self, parts: AsyncIterable[bytes]) -> None:
        async for part in parts:
            self.size += len(part)
            if self.size > self.most:
                raise refusals.CONTENT_TOO_LARGE(most=self.most)
            self.hash.update(part)
            self._rest += part
            if self.size > INLINE:
                await self._write(CHUNK)
        if self.chunks:
            await self._write(1)

    async def _write(self, least: int) -> None:
        """Write what is at hand, as long as it is at least so much."""
        while len(self._rest) >= least:
            if not self.chunks:
                await self.files.uploads.insert_one({"_id": self.id, "at": now()})
            chunk = {"_id": ObjectId(), "files_id": self.id, "n": self.chunks, "data": bytes(self._rest[:CHUNK])}
            del self._rest[:CHUNK]
            await self.files.db["content.chunks"].insert_one(chunk)
            self.chunks += 1

    async def finish(self, check: ClaimCheck) -> None:
        """All of it is here. It has another day to be noted under its hash, unless a sweep has given it up already."""
        if not self.chunks:
            return
        alive = {"_id": self.id, "swept": {"$exists": False}}
        if not (await self.files.uploads.update_one(alive, {"$set": {"at": now()}})).matched_count:
            raise refusals.CONTENT_TOO_SLOW()
        whole = {"length": self.size, "chunkSize": CHUNK, "uploadDate": now(), "filename": check.sha256}
        await self.files.db["content.files"].insert_one({"_id": self.id, **whole})

    async def settle(self, check: ClaimCheck, referenced: bool) -> None:
        """Note it under its hash. If the same is there already, that stays and this goes.

        Whoever is cut off here cannot know whether it was noted, so nothing is undone: a sweep looks.
        """
        where = {"file": self.id} if self.chunks else {"data": bytes(self._rest)}
        new: Document = {"size": check.size, "media_type": check.media_type, **where}
        always: Document = {"stored_at": now()}
        (always if referenced else new)["referenced"] = referenced
        settled = {"$setOnInsert": new, "$set": always}
        try:
            there = await self.files.content.find_one_and_update({"_id": check.sha256}, settled, upsert=True)
        except DuplicateKeyError:  # the same came at the same moment
            there = await self.files.content.find_one_and_update({"_id": check.sha256}, settled, upsert=True)
        if there is not None:
            await self.undo()
        elif self.chunks:
            await self.files.uploads.delete_one({"_id": self.id})

    async def undo(self) -> None:
        """Leave nothing of it. What cannot be removed now, a sweep removes."""
        if not self.chunks:
            return
        with suppress(Away), asking():
            await self.files.forget(self.id)


async def make_indexes(db: Database) -> None:
    await db["content"].create_index([("stored_at", 1)], partialFilterExpression={"referenced": False})
    await db["content"].create_index([("file", 1)], partialFilterExpression={"file": {"$exists": True}})
    await db["content.chunks"].create_index([("files_id", 1), ("n", 1)], unique=True)
