"""Where answers come from: the read model, what is kept apart from it, and one reading for one page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.cache import Basis, Shelf
from gateway.projections import Card
from gateway.store.few import Few, load
from services.kernel.domain.decision import After
from services.kernel.domain.terms import who_answers
from services.kernel.storage.files import Files
from services.kernel.storage.mongo import Database, MongoReader, following, read, sorting


class Kept:
    """What is not made from events and survives every rebuild: content by hash, what was seen on the portal."""

    def __init__(self, db: Database) -> None:
        self.database, self.content, self.seen = db, db["content"], db["seen"]
        self.files = Files(db)

    async def has(self, sha256: str) -> bool:
        return await self.content.count_documents({"_id": sha256}, limit=1) > 0

    async def contents(self, hashes: Iterable[str]) -> dict[str, bytes]:
        """Small ones that are here, by hash."""
        there = {"_id": {"$in": list(hashes)}, "data": {"$exists": True}}
        found = await self.content.find(there, {"data": 1}).to_list(None)
        return {content["_id"]: content["data"] for content in found}

    async def saw(self, what: str, at: datetime) -> bool:
        """Whether it was seen for the first time; `what` is an item and its revision, or `gone`."""
        found = await self.seen.update_one({"_id": what}, {"$setOnInsert": {"at": at}}, upsert=True)
        return found.upserted_id is not None

    async def seen_at(self, what: str) -> datetime | None:
        found = await self.seen.find_one({"_id": what})
        at: datetime | None = found["at"] if found else None
        return at

    async def first_seen_at(self, item_id: str) -> datetime | None:
        """When any revision of an item was seen for the first time. Index: _id."""
        of_it = {"_id": {"$gte": f"{item_id}/", "$lt": f"{item_id}0"}}  # "0" comes after "/"
        found = await self.seen.find(of_it).to_list(None)
        return min((seen["at"] for seen in found if not seen["_id"].endswith("/gone")), default=None)

    async def unseen(self, whats: Iterable[str]) -> set[str]:
        asked = set(whats)
        found = await self.seen.find({"_id": {"$in": list(asked)}}, {"_id": 1}).to_list(None)
        return asked - {seen["_id"] for seen in found}


NEWEST = "-published_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that is read for one page. `at`: the moment it is made."""

    read: MongoReader
    kept: Kept
    few: Few
    basis: Basis
    at: datetime

    def answering(self, code: str) -> str:
        """The department that answers now for what was made with this code."""
        return who_answers(code, self.few.successors, at=self.at)

    async def cards(self, *where: Mapping[str, Any], limit: int, after: After | None = None) -> list[Card]:
        """Public items without their texts, newest first: those of each filter, merged."""
        found = [card for each in where for card in await self._cards(each, limit=limit, after=after)]
        return sorted(found, key=lambda card: (card.published_at, card.id), reverse=True)[:limit]

    async def _cards(self, where: Mapping[str, Any], *, limit: int, after: After | None) -> list[Card]:
        asked: Mapping[str, Any] = {**where, "live": True}
        if after is not None:
            asked = {"$and": [asked, following(NEWEST, after)]}
        found = self.read.documents(Card).find(asked)
        found = found.sort(sorting(NEWEST)).limit(limit)
        return [read(Card, document) for document in await found.to_list(limit)]


class ReadModel:
    """The copies made from events, the database kept apart, and the few things held in memory."""

    def __init__(self, reader: Callable[[], MongoReader], kept: Kept, shelf: Shelf) -> None:
        self.reader, self.kept, self.shelf = reader, kept, shelf
        self._few: Few | None = None
        self._few_began = 0

    async def reading(self, basis: Basis, at: datetime) -> Reading:
        basis.on("tree")
        few = await self._held()
        basis.expires(few.next_change(at))
        return Reading(read=self.reader(), kept=self.kept, few=few, basis=basis, at=at)

    @property
    def at_hand(self) -> Few | None:
        """The tree as it was last read, for pages that must not wait for it."""
        return self._few

    def forget(self) -> None:
        """Other copies are read from now on."""
        self._few = None

    async def _held(self) -> Few:
        if self._few is None or self.shelf.fell_since({"tree"}, self._few_began):
            began = self.shelf.began()
            few = await load(self.reader())
            self._few, self._few_began = few, began
            return few
        return self._few
