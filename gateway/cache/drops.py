"""Follows what the projections touched. A change stream only wakes; what counts is read again from the collection."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gateway.cache.shelf import Shelf
from services.kernel.domain.decision import Away, Record
from services.kernel.storage.mongo import Database, Document, asking
from services.kernel.telemetry import log

SPAN = 70_000  # milliseconds read again: a drop is dated when written, and seen when committed, up to 60 s later
GAP = 9.0  # seconds without a reread after which something may have been missed
EVERY = 1.0  # seconds between rereads
REMEMBERED = 300.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop(Record):
    """What was touched at once: the keys of all that is made from it. Read for a minute, kept for an hour."""

    KIND: ClassVar[str] = "drops"

    keys: tuple[str, ...]
    at: datetime


class Drops:
    """Drops pages when something they rest on was touched. `listeners` get the keys of each drop once."""

    def __init__(
        self, db: Database, shelf: Shelf, *, listeners: Sequence[Callable[[frozenset[str]], None]] = ()
    ) -> None:
        self.collection, self.shelf, self.listeners = db[Drop.KIND], shelf, listeners
        self._seen: dict[object, float] = {}
        self._reread_at = _clock()

    async def reread(self) -> None:
        """Read again every second, for ever."""
        while True:
            await self.once()
            self.shelf.tell()
            await asyncio.sleep(EVERY)

    async def once(self) -> None:
        began = _clock()
        try:
            with asking():
                found = await self._missed()
        except Away as error:
            log.warning("drops.wait", error=str(error.__cause__))
            return
        if began - self._reread_at > GAP:
            log.warning("drops.gap", seconds=round(began - self._reread_at))
            self.shelf.fall_all()
        self._reread_at = began
        for drop in found:
            self._hear(drop["_id"], drop["keys"])
        too_old = self._reread_at - REMEMBERED
        self._seen = {id: at for id, at in self._seen.items() if at > too_old}

    async def _missed(self) -> list[Document]:
        """Recent ones not heard of yet. The keys of those alone: there may be many, and they are read every second."""
        recent = {"$expr": {"$gte": ["$at", {"$subtract": ["$$NOW", SPAN]}]}}
        ids = [drop["_id"] for drop in await self.collection.find(recent, {"_id": 1}).to_list(None)]
        missed = [id for id in ids if id not in self._seen]
        return await self.collection.find({"_id": {"$in": missed}}, {"keys": 1}).to_list(None) if missed else []

    async def watch(self) -> None:
        """Wake the reading on every change, until the stream ends or MongoDB is away.

        What it misses, reading again finds.
        """
        try:
            with asking():
                async with self.collection.watch(max_await_time_ms=1_000) as stream:
                    async for change in stream:
                        if drop := change.get("fullDocument"):
                            self._hear(drop["_id"], drop["keys"])
        except Away as error:
            log.warning("drops.stream_ended", error=str(error.__cause__))

    def _hear(self, id: object, keys: Iterable[str]) -> None:
        if id in self._seen:
            return
        self._seen[id] = _clock()
        fallen = frozenset(keys)
        self.shelf.fall(fallen)
        for listener in self.listeners:
            listener(fallen)


def _clock() -> float:
    """Seconds of a clock that also runs while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
