"""Generations: numbered sets of a program's copies. A new one is filled beside the live one, and then takes over."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo.errors import DuplicateKeyError

from services.kernel.domain.decision import Record
from services.kernel.storage.mongo import Database, Document, MongoReader, document, server_clock
from services.kernel.stream.consumer import Copy, Handler, Hearing
from services.kernel.stream.queue import Place
from services.kernel.stream.tally import collection_of

STAYS = timedelta(hours=1)  # how long a live one is kept if no replica runs on it: the way back
FILLING = timedelta(minutes=1)  # how long a half filled one is kept if nobody fills it


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """The offsets where the past ends, by `topic/partition`. A partition that is not named has no past."""

    handled: Mapping[str, int] = field(default_factory=dict)  # for old handlers: where the generation before stood
    told: Mapping[str, int] = field(default_factory=dict)  # for handlers that begin now: where the log ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation(Record):
    """A set of copies, and a consumer group of its own that fills it. `id` is its number.

    Replicas run on the newest live one of their own code (`fingerprint`), so that two versions of a program keep their
    copies side by side. `copies`: collection by name. `fresh`: copies and effects (`name:kind`) that have not heard the
    past. `noted`: None until Kafka has been asked, and empty once all of the past has been heard.
    """

    KIND: ClassVar[str] = "generation"

    number: int
    fingerprint: str
    hashes: Mapping[str, str]
    copies: Mapping[str, str]
    effects: tuple[str, ...]
    fresh: frozenset[str]
    live: bool
    before: int | None = None  # number of the one that was live when this began
    aside: bool = False  # no replica begins on it: a rebuild fills it, or it is forgotten
    noted: Noted | None = None
    used_at: datetime | None = None

    def group(self, program: str) -> str:
        return group(program, self.number)

    @property
    def filled(self) -> bool:
        """Whether it is live and has heard all of the past."""
        return self.live and self.noted == Noted()

    @property
    def queues(self) -> set[str]:
        """The first parts of its handlers' queue names: a copy's collection, or an effect's name."""
        return {*self.copies.values(), *(effect.partition(":")[0] for effect in self.effects)}

    def hears(self, handler: Handler, kind: str, place: str, offset: int) -> bool:
        """Whether a handler hears the message at an offset. A fresh handler hears the past too."""
        return self.is_fresh(handler, kind) or offset >= (self.noted or Noted()).handled.get(place, 0)

    def is_past(self, handler: Handler, kind: str, place: str, offset: int) -> bool:
        """Whether the message was told before a fresh handler began that hears only what is told from then on."""
        begins = handler.from_now and self.is_fresh(handler, kind)
        return begins and offset < (self.noted or Noted()).told.get(place, 0)

    def is_fresh(self, handler: Handler, kind: str) -> bool:
        return handler.name in self.fresh or {f"{handler.name}:{kind}", f"{handler.name}:*"} & self.fresh != set()


def group(program: str, number: int) -> str:
    """The consumer group of a program's generation."""
    return program if number == 1 else f"{program}_{number}"


def names(copy: Copy[Any]) -> list[str]:
    """The names that have a collection each: the copy, and the kinds that it spreads beside it."""
    return [copy.name, *(kind.named() for kind in copy.beside)]


def effects(hearing: Hearing) -> tuple[str, ...]:
    """Each effect with each kind that it listens to, as `name:kind`."""
    others = [handler for handler in hearing.handlers if not isinstance(handler, Copy)]
    return tuple(sorted(f"{handler.name}:{kind}" for handler in others for kind in handler.kinds))


def fingerprint(hearing: Hearing) -> str:
    """A hash of all that decides which messages are handled, and what becomes of them."""
    said = [*sorted(hearing.sources), *effects(hearing), *(f"{c.name}={c.fingerprint}" for c in hearing.copies)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def made(hearing: Hearing, number: int, before: Generation | None = None, *, rebuild: bool = False) -> Generation:
    """The next generation. Copies whose code did not change keep their collections, except in a rebuild."""
    hashes = {copy.name: copy.fingerprint for copy in hearing.copies}
    known = before.hashes if before and not rebuild else {}
    new = [copy for copy in hearing.copies if known.get(copy.name) != copy.fingerprint]
    own = {name: name if number == 1 else f"{name}~{number}" for copy in new for name in names(copy)}
    old = {name: (before.copies if before else {}).get(name, name) for copy in hearing.copies for name in names(copy)}
    begun = set(effects(hearing)) - (set(before.effects) if before else set())
    return Generation(
        id=str(number), number=number, fingerprint=fingerprint(hearing), hashes=hashes, copies=old | own,
        effects=effects(hearing), fresh=frozenset({copy.name for copy in new} | begun),
        live=before is None or not new, before=before.number if before else None, aside=rebuild,
        noted=Noted() if before is None and not any(h.from_now for h in hearing.handlers) else None,
    )  # fmt: skip


async def current(db: Database, hearing: Hearing) -> Generation | None:
    """The generation to run on: the newest of this code that is live, or is being filled but not by a rebuild."""
    mine = {"fingerprint": fingerprint(hearing), "$or": [{"live": True}, {"aside": False}]}
    return await newest(db, mine)


async def newest(db: Database, where: Mapping[str, object], *, by: str = "number") -> Generation | None:
    found = await MongoReader(db).find(Generation, where, sort=f"-{by}", limit=1)
    return found[0] if found else None


async def settle(db: Database, hearing: Hearing, *, rebuild: bool = False) -> Generation:
    """The generation to run on. If this code has none, or for a rebuild, a new one is made.

    A new one is not live yet if its copies have to be filled. Making one forgets those that nobody needs any more. A
    number is given once: if several replicas make one at the same time, one succeeds and the others look again.
    """
    while True:
        last = await newest(db, {})
        if not rebuild and (found := await current(db, hearing)):
            return found
        before = await newest(db, {"live": True}, by="used_at")
        new = made(hearing, last.number + 1 if last else 1, before, rebuild=rebuild)
        if await _add(db, new):
            await forget(db, keep={new.number, before.number if before else new.number})
            return new


async def _add(db: Database, new: Generation) -> bool:
    """Store a new generation. Returns False if its number is taken."""
    stored = {name: value for name, value in document(new).items() if name != "used_at"}
    begun = {"$setOnInsert": stored, "$currentDate": {"used_at": True}}
    try:
        done = await db[Generation.KIND].update_one({"_id": new.id}, begun, upsert=True)
    except DuplicateKeyError:
        return False
    return bool(done.upserted_id)


async def forget(db: Database, *, keep: set[int]) -> None:
    """Remove generations that a newer one of the same code replaced, or nobody used for long, with their copies."""
    found = await MongoReader(db).find(Generation, {}, sort="number", limit=0)
    newest_of = {generation.fingerprint: generation.number for generation in found if generation.live}
    at = await server_clock(db)

    def stays(each: Generation) -> bool:
        unused = at - (each.used_at or at)
        if each.live:
            return each.number == newest_of[each.fingerprint] and unused < STAYS
        return unused < FILLING

    kept = [each for each in found if each.number in keep or stays(each)]
    for each in found:
        if each not in kept:
            await _drop(db, each, kept)
            await db[Generation.KIND].delete_one({"_id": each.id})


async def abandon(db: Database, generation: Generation) -> None:
    """Drop what will not be filled to its end. Its number stays taken: its consumer group has offsets of its own."""
    others = await MongoReader(db).find(Generation, {"_id": {"$ne": generation.id}}, sort="number", limit=0)
    await _drop(db, generation, others)


async def _drop(db: Database, generation: Generation, others: Sequence[Generation]) -> None:
    """Drop its copies and queues, except those that others use too. Nobody runs on it from now on."""
    gone: Document = {"$set": {"live": False, "aside": True}}
    await db[Generation.KIND].update_one({"_id": generation.id}, gone)
    queues = generation.queues.difference(*(other.queues for other in others))
    for name in queues:
        await db[Place.KIND].delete_many(Place.of(name))
    for name in queues & set(generation.copies.values()):
        await db[name].drop()
        await db[collection_of(name)].drop()


async def note(db: Database, generation: Generation, noted: Noted) -> Generation:
    """Store where the past ends. If another replica stored it first, that one counts."""
    change = {"$set": {"noted": {"handled": noted.handled, "told": noted.told}}}
    await db[Generation.KIND].update_one({"_id": generation.id, "noted": None}, change)
    return await stored(db, generation)


async def stored(db: Database, generation: Generation) -> Generation:
    """The generation as MongoDB has it now, or as given if it is forgotten."""
    return await newest(db, {"_id": generation.id}) or generation


async def use(db: Database, generation: Generation) -> None:
    """Note that a replica runs on it now."""
    await db[Generation.KIND].update_one({"_id": generation.id}, {"$currentDate": {"used_at": True}})


async def turn_live(db: Database, generation: Generation) -> None:
    """It has caught up: make it live. Where the past ended is forgotten, as an emptied Kafka counts messages anew."""
    live = {"live": True, "noted": {"handled": {}, "told": {}}}
    await db[Generation.KIND].update_one({"_id": generation.id}, {"$set": live})


async def worse(db: Database, generation: Generation) -> list[Place]:
    """The places that wait or fail in its fresh copies, and do not in the live copies before them."""
    fresh = [name for name in generation.hashes if name in generation.fresh]
    mine = [Place.of(generation.copies[name]) for name in fresh]
    if not mine:
        return []
    found = await MongoReader(db).find(Place, {"$or": mine}, sort="_id", limit=0)
    before = await newest(db, {"number": generation.before})
    old = [before.copies[name] for name in fresh if before and name in before.copies]
    where: Document = {"$or": [Place.of(name) for name in old]} if old else {"_id": None}
    known = {
        (place.handler, place.subject, place.sequence)
        for place in await MongoReader(db).find(Place, where, sort="_id", limit=0)
    }
    return [place for place in found if (place.handler, place.subject, place.sequence) not in known]


async def make_indexes(db: Database) -> None:
    await db[Generation.KIND].create_index([("number", 1), ("_id", 1)])
