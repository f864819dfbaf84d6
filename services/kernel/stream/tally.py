"""Tallies: sums over all records of a copy, kept up to date as it is folded, so that no page counts them anew."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne

from services.kernel.domain.decision import Copied, Record
from services.kernel.storage.mongo import Database, Document, MongoReader
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream.consumer import Copy, Count, Hearing

Key = tuple[str, str]
"""The collection of a tally and the id of one of its documents."""


def collection_of(copy: str) -> str:
    """The collection of the tally, by the collection of its copy."""
    return f"{copy}.tally"


@dataclass(slots=True)
class Tallied:
    """What one batch adds to tallies: `f(after) − f(before)` of each record.

    A tally has a document per group and partition of the topic, so that replicas with different partitions never write
    the same one.
    """

    groups: dict[Key, Document] = field(default_factory=dict)
    added: dict[Key, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def add(
        self, collection: str, copy: Copy[Any], before: Copied | None, after: Copied | None, partition: int
    ) -> None:
        if copy.tally is None:
            return
        for state, sign in ((before, -1), (after, 1)):
            for count in copy.tally(state) if state else ():
                self._count(collection_of(collection), count, partition, sign)

    def _count(self, collection: str, count: Count, partition: int, sign: int) -> None:
        group = dict(sorted(count.group.items()))
        key = (collection, "/".join(map(str, (*group.values(), partition))))
        self.groups[key] = {"group": group, "partition": partition}
        for name, number in count.of.items():
            self.added[key][name] += sign * number

    def write(self, unit: MongoUnit) -> None:
        for (collection, id), counts in self.added.items():
            more = {f"of.{name}": number for name, number in counts.items() if number}
            if more:
                change = {"$inc": more, "$setOnInsert": self.groups[collection, id]}
                unit.write(collection, UpdateOne({"_id": id}, change, upsert=True))


async def make_indexes(db: Database, hearing: Hearing, copies: Mapping[str, str]) -> None:
    """One index per tally serves questions for any field of its groups."""
    for copy in hearing.copies:
        if copy.tally is not None:
            await db[collection_of(copies[copy.name])].create_index([("group.$**", 1)])


async def tally(read: MongoReader, kind: type[Record], where: Mapping[str, Any]) -> list[Count]:
    """The sums of a copy by group. `where` filters by fields of the group, each by a value or a condition. All are read
    at once, as groups are few.
    """
    asked = {f"group.{name}": value for name, value in where.items()}
    sums: dict[tuple[tuple[str, Any], ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for found in await read.db[collection_of(read.name(kind))].find(asked, session=read.session).to_list(None):
        for name, number in found["of"].items():
            sums[tuple(found["group"].items())][name] += number
    return [Count(dict(group), dict(of)) for group, of in sums.items()]
