"""Visits by the hour: counted in memory, added up over all replicas, and told once the hour is over."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, ClassVar

from pymongo import DeleteOne, UpdateOne
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.cache import Shelf
from gateway.projections import Item
from gateway.store import ReadModel
from services.kernel.contracts.gateway import PortalObserved
from services.kernel.contracts.publishing import ItemKind
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Aggregate, Away, Decision
from services.kernel.running.timer import Sweep
from services.kernel.storage.mongo import Database, MongoReader, asking
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import Waits

HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=1)  # after an hour, in which replicas add what they counted in it
EVERY = 5.0  # seconds between two additions
OURS = {b"citygate-prober"}  # visitors that are none
COUNTED = ("visits", "slow", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed(Aggregate):
    """An hour that was told; `id` as `2026-11-26T15Z`."""

    KIND: ClassVar[str] = "portal"

    visits: int
    slow: int
    failed: int


def hour(at: datetime) -> str:
    """The hour of a moment in UTC."""
    return f"{at:%Y-%m-%dT%HZ}"


def since(hour: str) -> datetime:
    return datetime.fromisoformat(f"{hour.removesuffix('Z')}:00+00:00")


class Visits:
    """Counts requests of the public. Pages from memory are counted by the shelf; the rest passes through here."""

    def __init__(self, app_seconds: float, shelf: Shelf, db: Database) -> None:
        self.seconds, self.shelf, self.db = app_seconds, shelf, db
        self.visits, self.slow, self.failed = 0, 0, 0
        self._from_memory = 0  # hits of the shelf that were added already

    def counting(self, app: ASGIApp) -> ASGIApp:
        """The app, with every answered request counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] == "/healthz" or agent(scope) in OURS:
                return await app(scope, receive, send)
            began, status = perf_counter(), 500

            async def answered(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, answered)
            finally:
                self.visits += 1
                self.slow += perf_counter() - began > self.seconds
                self.failed += status >= 500

        return counted

    async def run(self) -> None:
        """Add what was counted, every few seconds and at the end. What MongoDB does not take now is added later."""
        waits = Waits("visits", Away)
        try:
            while True:
                try:
                    with asking():
                        await self.add()
                    waits.over()
                except Away as error:
                    waits.again(error)
                await asyncio.sleep(EVERY)
        finally:
            with suppress(Away), asking():
                await self.add()

    async def add(self) -> None:
        """To the present hour. An hour in which nobody came is counted too."""
        hits = self.shelf.hits
        counted = {"visits": self.visits + hits - self._from_memory, "slow": self.slow, "failed": self.failed}
        self.visits, self.slow, self.failed, self._from_memory = 0, 0, 0, hits
        try:
            await self.db["visits"].update_one({"_id": hour(now())}, {"$inc": counted}, upsert=True)
        except BaseException:
            self.visits += counted["visits"]
            self.slow += counted["slow"]
            self.failed += counted["failed"]
            raise


def agent(scope: Scope) -> bytes:
    return next((value for name, value in scope["headers"] if name == b"user-agent"), b"")


def observing(model: ReadModel) -> Sweep:
    """Tells each hour once, a minute after its end."""

    async def over(read: MongoReader, moment: datetime, *, limit: int) -> list[str]:
        found = read.db["visits"].find({"_id": {"$lt": hour(moment - GRACE)}}, {"_id": 1}).sort("_id", 1).limit(limit)
        return [each["_id"] async for each in found]

    async def observe(unit: MongoUnit, id: str, /, *, at: datetime) -> None:
        counted = await unit.db["visits"].find_one({"_id": id}, session=unit.session)
        if counted is None:
            return
        unit.write("visits", DeleteOne({"_id": id}))
        if await unit.look(Observed, id):  # added after the hour was told: it counts in the present one
            left = {name: counted[name] for name in COUNTED}
            unit.write("visits", UpdateOne({"_id": hour(at)}, {"$inc": left}, upsert=True))
            return
        unit.save(observed(id, counted, await renewed(model)))

    return Sweep(name="observing", of=Observed, due=over, act=observe, seconds=10.0)


async def renewed(model: ReadModel) -> datetime | None:
    """When the latest item that is public was published first. Index: kind, live, published_at."""
    public = {"kind": {"$in": list(ItemKind)}, "live": True}
    found = await model.reader().find(Item, public, sort="-published_at", limit=1)
    return found[0].published_at if found else None


def observed(id: str, counted: dict[str, Any], renewed_at: datetime | None) -> Decision[Observed]:
    begun = since(id)
    counts = {name: counted[name] for name in COUNTED}
    told = PortalObserved(
        at=begun + HOUR, portal_id=id, since=begun, until=begun + HOUR, renewed_at=renewed_at, **counts
    )
    return Decision(Observed(id=id, **counts), (told,))
