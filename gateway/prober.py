"""Proves visibility: fetches what was published through the public address, and notes when it was found there."""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import httpx
from prometheus_client import Counter, Histogram

from gateway.projections import Item
from gateway.settings import GatewaySettings
from gateway.store import Kept
from gateway.tls import trust
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away
from services.kernel.storage.mongo import KEPT, MongoReader, asking
from services.kernel.telemetry import log

VISIBLE = Histogram(
    "citygate_gateway_visible_seconds",
    "From the publication of an item to its being found on the portal.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
PROBES = Counter("citygate_gateway_probes_total", "Items looked for through the public address.", ["outcome"])
for outcome in ("found", "missing", "failed"):
    PROBES.labels(outcome=outcome)
REVISION = re.compile(rb'data-revision="(\d+)"')
AT_ONCE, BATCH = 4, 500
MOST = 2_000  # items in hand; what changes beyond that is found by walking again
PATIENCE, LONGEST = 0.5, 60.0  # seconds until the next look, doubled each time
RECENT = timedelta(hours=1)  # an older event was loaded, or waited for something; it says nothing about our speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What to find: a revision on its page, or that the page is gone."""

    item: Item

    @property
    def name(self) -> str:
        return f"{self.item.id}/{'gone' if self.item.withdrawn_at else self.item.revision}"


class Prober:
    """Looks for each item that changed; until it is found, again and again. `reader`: on the copies that are read."""

    def __init__(self, settings: GatewaySettings, kept: Kept, reader: Callable[[], MongoReader]) -> None:
        self.address, self.kept, self.reader = settings.public_url, kept, reader
        self.client = httpx.AsyncClient(verify=trust(), timeout=10, headers={"User-Agent": "citygate-prober"})
        self._wanted: dict[str, float] = {}  # seconds to wait should it not be found, by item
        self._woken, self._beyond = asyncio.Event(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, keys: Iterable[str]) -> None:
        """A listener of drops."""
        for key in keys:
            kind, _, id = key.partition(":")
            if kind == "item":
                self.want(id)

    def want(self, id: str, patience: float = PATIENCE) -> None:
        if len(self._wanted) >= MOST and id not in self._wanted:
            return self._beyond.set()
        self._wanted[id] = patience
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._walk_whenever_needed())
                group.create_task(self._work())
        finally:
            for task in self._tasks:
                task.cancel()

    async def _work(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._wanted:
                batch = [self._wanted.popitem() for _ in range(min(AT_ONCE, len(self._wanted)))]
                await asyncio.gather(*(self._look(id, patience) for id, patience in batch))

    async def _walk_whenever_needed(self) -> None:
        """After the start, and after more changed than could be kept in hand."""
        while True:
            self._beyond.clear()
            await self.walk()
            await self._beyond.wait()

    async def walk(self) -> None:
        """Look for every item that was published or withdrawn and not found yet, as fast as they are looked for."""
        after: str = ""
        while True:
            while len(self._wanted) > MOST - BATCH:
                await asyncio.sleep(PATIENCE)
            try:
                with asking():
                    found = await self._after(after)
            except Away:
                await asyncio.sleep(1)
                continue
            if len(found) < BATCH:
                return
            after = found[-1]

    async def _after(self, id: str) -> list[str]:
        """Ids of the next items; those not found yet are looked for."""
        shape = {"revision": 1, "withdrawn_at": 1}
        query = self.reader().documents(Item).find({"_id": {"$gt": id}, **KEPT}, shape)
        found = await query.sort("_id", 1).limit(BATCH).to_list(BATCH)
        names = {f"{d['_id']}/{'gone' if d['withdrawn_at'] else d['revision']}": d["_id"] for d in found}
        for name in await self.kept.unseen(names):
            self.want(names[name])
        return [document["_id"] for document in found]

    async def _look(self, id: str, patience: float) -> None:
        try:
            with asking():
                item = await self.reader().look(Item, id)
                if item is None or not await self.kept.unseen([Sought(item=item).name]):
                    return
                if await self._is_there(item):
                    return await self._found(item)
            PROBES.labels(outcome="missing").inc()
        except (httpx.HTTPError, Away) as error:
            PROBES.labels(outcome="failed").inc()
            log.warning("prober.waits", item=id, error=f"{type(error).__name__}: {error}", seconds=patience)
        self._later(id, patience)

    def _later(self, id: str, patience: float) -> None:
        async def again() -> None:
            await asyncio.sleep(patience)
            if id not in self._wanted:
                self.want(id, min(patience * 2, LONGEST))

        task = asyncio.create_task(again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _is_there(self, item: Item) -> bool:
        answer = await self.client.get(f"{self.address}/items/{item.id}")
        if item.withdrawn_at:
            return answer.status_code == 410
        shown = REVISION.search(answer.content)
        return answer.status_code == 200 and shown is not None and int(shown[1]) >= item.revision

    async def _found(self, item: Item) -> None:
        """Note it, and drop the JSON that tells when it was seen, on every gateway."""
        at, sought = now(), Sought(item=item)
        if not await self.kept.saw(sought.name, at):
            return
        keys = [{"$set": {"keys": [f"seen:{item.id}"], "at": "$$NOW"}}]
        await self.reader().db["drops"].update_one({"_id": f"seen:{sought.name}"}, keys, upsert=True)
        PROBES.labels(outcome="found").inc()
        happened = item.withdrawn_at or item.updated_at
        if happened is not None and at - happened < RECENT:
            VISIBLE.observe(max((at - happened).total_seconds(), 0))
