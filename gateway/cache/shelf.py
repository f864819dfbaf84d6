"""Keeps finished pages: up to a number of bytes, and only until something they rest on changes."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from time import time

from prometheus_client import Counter, Gauge

from gateway.cache.page import Page

READS = Counter("citygate_gateway_page_reads_total", "Public pages asked for: hit in memory, or made.", ["outcome"])
FELL = Counter("citygate_gateway_pages_fallen_total", "Pages dropped because something they rest on changed.")
BYTES = Gauge("citygate_gateway_page_bytes", "Bytes of finished pages in memory.")
COUNT = Gauge("citygate_gateway_pages", "Finished pages in memory.")
REMEMBERED = 30_000  # fallen keys: more than fall while a page is made


class Shelf:
    """Pages by path and query.

    Falls are numbered, so that a page whose making began before one is known to be too old.
    """

    def __init__(self, most: int) -> None:
        self.most, self.size, self.hits, self.made = most, 0, 0, 0
        self._told = 0  # hits that are in the metrics
        self.fixed: dict[str, Page] = {}
        self.pages: OrderedDict[str, Page] = OrderedDict()
        self._resting: defaultdict[str, set[str]] = defaultdict(set)
        self._fallen: dict[str, int] = {}
        self._count = self._floor = 0
        self._making: dict[str, tuple[int, asyncio.Future[Page]]] = {}

    def get(self, key: str) -> Page | None:
        page = self.pages.get(key)
        if page is None:
            return self.fixed.get(key)
        if page.until <= time():
            self._remove(key)
            return None
        self.pages.move_to_end(key)
        return page

    def began(self) -> int:
        """The number of the last fall. Ask for it before you read anything that a page is made from."""
        return self._count

    def fell_since(self, keys: Iterable[str], began: int) -> bool:
        return began < self._floor or any(self._fallen.get(key, 0) > began for key in keys)

    def keep(self, key: str, page: Page, began: int) -> bool:
        """Keep a page. False if it may be too old already, or is too large alone."""
        if page.size > self.most // 4 or page.until <= time() or self.fell_since(page.rests, began):
            return False
        self._remove(key)
        self.pages[key] = page
        self.size += page.size
        for rest in page.rests:
            self._resting[rest].add(key)
        while self.size > self.most:
            self._remove(next(iter(self.pages)))
        return True

    def fall(self, keys: Iterable[str]) -> None:
        """Drop every page that rests on one of these keys, and refuse those whose making began before now."""
        self._count += 1
        for rest in keys:
            self._fallen[rest] = self._count
            for key in self._resting.pop(rest, set()):
                self._remove(key)
                FELL.inc()
        if len(self._fallen) > REMEMBERED:
            self._fallen.clear()
            self._floor = self._count

    def fall_all(self) -> None:
        self._count += 1
        self._floor = self._count
        FELL.inc(len(self.pages))
        self.pages.clear()
        self._resting.clear()
        self._fallen.clear()
        self.size = 0

    def _remove(self, key: str) -> None:
        page = self.pages.pop(key, None)
        if page is None:
            return
        self.size -= page.size
        for rest in page.rests:
            keys = self._resting.get(rest)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._resting[rest]

    async def once(self, key: str, make: Callable[[], Awaitable[Page]]) -> Page:
        """Make a page once for all who ask at the same time. Who asks after a fall gets one begun after it."""
        under_way = self._making.get(key)
        if under_way and under_way[0] == self._count:
            return await asyncio.shield(under_way[1])
        began = self._count
        future = asyncio.ensure_future(self._make(key, began, make))
        self._making[key] = (began, future)
        future.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(future)

    async def _make(self, key: str, began: int, make: Callable[[], Awaitable[Page]]) -> Page:
        page = await make()
        self.keep(key, page, began)
        self.made += 1
        return page

    def _made(self, key: str, done: asyncio.Future[Page]) -> None:
        if self._making.get(key, (0, None))[1] is done:
            del self._making[key]
        if not done.cancelled():
            done.exception()  # whoever asked gets the error; this keeps asyncio from reporting it a second time

    def tell(self) -> None:
        """Add what was counted since the last call to the metrics."""
        READS.labels(outcome="hit").inc(self.hits - self._told)
        READS.labels(outcome="made").inc(self.made)
        self._told, self.made = self.hits, 0
        BYTES.set(self.size)
        COUNT.set(len(self.pages))
