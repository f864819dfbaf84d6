"""Generations: the copies of a program as one set, by number. Another is filled beside the live one, and takes over."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pymongo.errors import DuplicateKeyError

from services.kernel.domain.decision import Record
from services.kernel.storage.mongo import Database, Document, MongoReader, document
from services.kernel.stream.consumer import Copy, Handler, Hearing
from services.kernel.stream.queue import Place
from services.kernel.stream.tally import collection_of

STAYS = timedelta(hours=1)  # that a generation is kept though no replica runs on it: the way back
FILLING = timedelta(minutes=1)  # that one half filled is kept though nobody fills it


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Where the past ends, by `topic/partition`. Nowhere, for what is not named."""

    handled: Mapping[str, int] = field(default_factory=dict)  # for who was there before: where the one before it is
    told: Mapping[str, int] = field(default_factory=dict)  # for who begins now: where the log ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation(Record):
    """A set of copies, and a consumer group of its own that fills it. `id` is its number.

    Replicas run on the newest live one of their own code (`fingerprint`), so that two versions of a program keep their
    copies side by side. `copies`: collection by name. `fresh`: copies and effects (`name:kind`) that know nothing of
    the past. `noted`: None until Kafka has been asked; empty again once all of the past has been heard.
    """

    KIND: ClassVar[str] = "generation"

    number: int
    fingerprint: str
    hashes: Mapping[str, str]
    copies: Mapping[str, str]
    effects: tuple[str, ...]
    fresh: frozenset[str]
    live: bool
    before: int | None = None  # the live one when it began
    rebuild: bool = False
    noted: Noted | None = None
    used_at: datetime | None = None

    def group(self, program: str) -> str:
        return group(program, self.number)

    @property
    def filled(self) -> bool:
        """It is live, and has heard all of the past."""
        return self.live and self.noted == Noted()

    @property
    def queues(self) -> set[str]:
        """What the names of its handlers' queues begin with: a copy's collection, an effect's name."""
        return {*self.copies.values(), *(effect.partition(":")[0] for effect in self.effects)}

    def hears(self, handler: Handler, kind: str, place: str, offset: int) -> bool:
        """Whether a message at an offset is for a handler: one that is fresh hears the past too."""
        return self.is_fresh(handler, kind) or offset >= (self.noted or Noted()).handled.get(place, 0)

    def is_past(self, handler: Handler, kind: str, place: str, offset: int) -> bool:
        """It was told before the beginning of what begins now."""
        begins = handler.from_now and self.is_fresh(handler, kind)
        return begins and offset < (self.noted or Noted()).told.get(place, 0)

    def is_fresh(self, handler: Handler, kind: str) -> bool:
        return handler.name in self.fresh or {f"{handler.name}:{kind}", f"{handler.name}:*"} & self.fresh != set()


def group(program: str, number: int) -> str:
    """The consumer group of a program's generation."""
    return program if number == 1 else f"{program}_{number}"


def names(copy: Copy[Any]) -> list[str]:
    """Of what lies in collections of its own: the copy, and what is spread beside it."""
    return [copy.name, *(kind.named() for kind in copy.beside)]


def effects(hearing: Hearing) -> tuple[str, ...]:
    """Each with each kind that it listens to."""
    others = [handler for handler in hearing.handlers if not isinstance(handler, Copy)]
    return tuple(sorted(f"{handler.name}:{kind}" for handler in others for kind in handler.kinds))


def fingerprint(hearing: Hearing) -> str:
    """Of all that decides which messages are handled, and what becomes of them."""
    said = [*sorted(hearing.sources), *effects(hearing), *(f"{c.name}={c.fingerprint}" for c in hearing.copies)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def made(hearing: Hearing, number: int, before: Generation | None = None, *, rebuild: bool = False) -> Generation:
    """The next generation. Copies that are as they were stay where they are, but for a rebuild."""
    hashes = {copy.name: copy.fingerprint for copy in hearing.copies}
    known = before.hashes if before and not rebuild else {}
    new = [copy for copy in hearing.copies if known.get(copy.name) != copy.fingerprint]
    own = {name: name if number == 1 else f"{name}~{number}" for copy in new for name in names(copy)}
    old = {name: (before.copies if before else {}).get(name, name) for copy in hearing.copies for name in names(copy)}
    told = set(before.effects) if before else set()
    return Generation(
        id=str(number), number=number, fingerprint=fingerprint(hearing), hashes=hashes, copies=old | own,
        effects=effects(hearing), fresh=frozenset({copy.name for copy in new} | (set(effects(hearing)) - told)),
        live=before is None or not new, before=before.number if before else None, rebuild=rebuild,
        noted=Noted() if before is None and not any(h.from_now for h in hearing.handlers) else None,
    )  # fmt: skip


async def current(db: Database, hearing: Hearing) -> Generation | None:
    """The one to run on: the newest of this code that is live, or that is filled for the first time."""
    mine = {"fingerprint": fingerprint(hearing), "$or": [{"live": True}, {"rebuild": False}]}
    return await newest(db, mine)


async def newest(db: Database, where: Mapping[str, object], *, by: str = "number") -> Generation | None:
    found = await MongoReader(db).find(Generation, where, sort=f"-{by}", limit=1)
    return found[0] if found else None


async def settle(db: Database, hearing: Hearing, *, rebuild: bool = False) -> Generation:
    """The one to run on. A new one where this code has none yet, and for a rebuild: not live yet if it has to be
    filled. Those that nobody needs any more are forgotten then.

    A number is given once, so of several that begin at once one is made: the others look again.
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
    """Whether its number was free."""
    stored = {name: value for name, value in document(new).items() if name != "used_at"}
    begun = {"$setOnInsert": stored, "$currentDate": {"used_at": True}}
    try:
        done = await db[Generation.KIND].update_one({"_id": new.id}, begun, upsert=True)
    except DuplicateKeyError:
        return False
    return bool(done.upserted_id)


async def forget(db: Database, *, keep: set[int]) -> None:
    """Generations that another of the same code took the place of, or that nobody used for long; with their copies."""
    found = await MongoReader(db).find(Generation, {}, sort="number", limit=0)
    newest_of = {generation.fingerprint: generation.number for generation in found if generation.live}
    said: Document = await db.command("hello", codec_options=db.codec_options)
    at: datetime = said["localTime"]  # one clock for all hosts

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
    """One that will not be filled to its end. Its number stays taken: its consumer group has offsets of its own."""
    others = await MongoReader(db).find(Generation, {"_id": {"$ne": generation.id}}, sort="number", limit=0)
    await _drop(db, generation, others)


async def _drop(db: Database, generation: Generation, others: Sequence[Generation]) -> None:
    """Its copies and queues, but for those that others use too; nobody runs on it from now on."""
    gone: Document = {"$set": {"live": False, "rebuild": True}}
    await db[Generation.KIND].update_one({"_id": generation.id}, gone)
    queues = generation.queues.difference(*(other.queues for other in others))
    for name in queues:
        await db[Place.KIND].delete_many(Place.of(name))
    for name in queues & set(generation.copies.values()):
        await db[name].drop()
        await db[collection_of(name)].drop()


async def note(db: Database, generation: Generation, noted: Noted) -> Generation:
    """Keep where the past ends; what another replica noted first holds."""
    change = {"$set": {"noted": {"handled": noted.handled, "told": noted.told}}}
    await db[Generation.KIND].update_one({"_id": generation.id, "noted": None}, change)
    return await stored(db, generation)


async def stored(db: Database, generation: Generation) -> Generation:
    """As it is now; as it was where it is forgotten."""
    return await newest(db, {"_id": generation.id}) or generation


async def use(db: Database, generation: Generation) -> None:
    """A replica runs on it."""
    await db[Generation.KIND].update_one({"_id": generation.id}, {"$currentDate": {"used_at": True}})


async def turn_live(db: Database, generation: Generation) -> None:
    """It has caught up. Where the past ended is forgotten: an emptied Kafka counts its messages anew."""
    live = {"live": True, "noted": {"handled": {}, "told": {}}}
    await db[Generation.KIND].update_one({"_id": generation.id}, {"$set": live})


async def worse(db: Database, generation: Generation) -> list[Place]:
    """What waits or fails in its fresh copies, and does not in the live ones before them."""
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
