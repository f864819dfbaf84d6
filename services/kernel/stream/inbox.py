"""One batch of messages in one transaction: each handled once and in order, or given a place in its queue."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import httpx
from bson import ObjectId
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import PyMongoError

from services.kernel.domain.clock import host
from services.kernel.domain.decision import Away, Cause, Copied
from services.kernel.domain.event import EVENTS, Message
from services.kernel.storage.mongo import Document, document, read
from services.kernel.storage.transaction import Busy
from services.kernel.storage.unit import Folded, Guard, MongoUnit
from services.kernel.stream.bus import BUS_ERRORS
from services.kernel.stream.consumer import Copy, Effects, Handler, Recorder, Spread
from services.kernel.stream.queue import ATTEMPTS, Place, PlaceState, place, queue_of
from services.kernel.stream.tally import Tallied

NOT_ITS_FAULT = (Away, Busy, httpx.TransportError, TimeoutError, *BUS_ERRORS)
HEARD = "heard"  # guards of what has no document of its own


class Spoilt(Exception):
    """An effect failed after a question had its saves written: they cannot be taken back but with the transaction."""


def cause(error: Exception) -> Exception:
    """What is to be said of a failed transaction."""
    return error.__cause__ if isinstance(error, Spoilt) and isinstance(error.__cause__, Exception) else error


class Foreign(Handler):
    """What nobody here can read. It has a queue like any other, for people."""

    name = "unreadable"

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset({"unreadable"})


FOREIGN = Foreign()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message for one handler. `trouble`: why it cannot be handled, known before. `past`: it is only noted."""

    handler: Handler
    message: Message
    partition: int = 0
    trouble: Exception | None = None
    past: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery; `place` where it got one."""

    message: Message
    word: str
    place: Place | None = None


@dataclass(slots=True)
class Inbox:
    """What has been handled, what waits, and what will be written when the batch ends."""

    unit: MongoUnit
    guards: dict[str, Guard] = field(default_factory=dict)  # of what is no copy, by queue
    before: dict[tuple[str, str], tuple[Copy[Any], Copied | None, int]] = field(default_factory=dict)
    queues: dict[str, dict[int, Place]] = field(default_factory=lambda: defaultdict(dict))
    beside: dict[tuple[str, str], Document | None] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    recorded: list[Message] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    async def load(self, deliveries: Iterable[Delivery]) -> None:
        """Guards, copies and queues of these aggregates, one question per collection."""
        copies: dict[str, tuple[Copy[Any], dict[str, int]]] = {}
        queues: set[str] = set()
        others: set[str] = set()
        for d in deliveries:
            queue = self.queue(d.handler, d.message.subject)
            queues.add(queue)
            if isinstance(d.handler, Copy):
                copies.setdefault(self._collection(d.handler), (d.handler, {}))[1][d.message.key] = d.partition
            else:
                others.add(queue)
        for collection, (copy, ids) in copies.items():
            await self._load_copies(collection, copy, ids)
        if others:
            await self._load_guards(others)
        waiting = self.unit.db[Place.KIND].find({"queue": {"$in": list(queues)}}, session=self.unit.session)
        for found in await waiting.to_list(None):
            self.queues[found["queue"]][found["sequence"]] = read(Place, found)

    async def _load_guards(self, queues: Iterable[str]) -> None:
        found = self.unit.db[HEARD].find({"_id": {"$in": list(queues)}}, session=self.unit.session)
        for stored in await found.to_list(None):
            self.guards[stored["_id"]] = stored_guard(stored)

    async def _load_copies(self, collection: str, copy: Copy[Any], ids: dict[str, int]) -> None:
        found = self.unit.db[collection].find({"_id": {"$in": list(ids)}}, session=self.unit.session)
        for stored in await found.to_list(None):
            state = None if stored.get("blank") else read(copy.of, stored)
            self.unit.copied[collection, stored["_id"]] = Folded(state, stored_guard(stored), dirty=False)
        for id, partition in ids.items():
            known = self.unit.copied.setdefault((collection, id), Folded(None, Guard(), dirty=False))
            self.before[collection, id] = (copy, known.state, partition)

    def queue(self, handler: Handler, subject: str) -> str:
        return queue_of(handler, subject, self.unit.copies)

    def _collection(self, copy: Copy[Any]) -> str:
        return self.unit.copies.get(copy.name, copy.name)

    def guard(self, handler: Handler, message: Message) -> Guard:
        """How far the handler is with the message's aggregate."""
        if isinstance(handler, Copy):
            return self.unit.copied[self._collection(handler), message.key].guard
        return self.guards.get(self.queue(handler, message.subject), Guard())

    async def hear(self, d: Delivery) -> None:
        """Handle it, pass it as a duplicate, or give it a place in the queue."""
        guard, here = self.guard(d.handler, d.message), self._here(d)
        if d.past:
            if d.message.sequence > guard.sequence:
                self._pass(d, "past")
        elif d.message.sequence <= guard.sequence:
            contradicts = d.message.sequence == guard.sequence and guard.event not in (None, d.message.id)
            self.outcomes.append(Outcome(d.message, "contradicts" if contradicts else "duplicate"))
        elif here:
            contradicts = here.event_id != d.message.id
            self.outcomes.append(Outcome(d.message, "contradicts" if contradicts else "duplicate"))
        elif d.message.sequence > guard.sequence + 1:
            self._wait(d)
        elif await self.attempt(d):
            await self.drain(d)

    def _here(self, d: Delivery) -> Place | None:
        return self.queues[self.queue(d.handler, d.message.subject)].get(d.message.sequence)

    def _wait(self, d: Delivery) -> None:
        """What hides is folded at once, too. The guard is written as it is, so that whoever moves it sees this."""
        queue, guard = self.queue(d.handler, d.message.subject), self.guard(d.handler, d.message)
        self._guard(d, guard)
        new = place(queue, d.handler, d.message, d.partition)
        if overtakes(d.message) and isinstance(d.handler, Copy):
            try:
                self._fold(d.handler, d.message, guard)
            except Exception as error:  # it will fail in its turn, and be tried again then
                new = new.noted(error)
        self._put(new, "waiting")

    def _put(self, new: Place, word: str) -> None:
        self.queues[new.queue][new.sequence] = new
        self.unit.write(Place.KIND, ReplaceOne({"_id": new.id}, {"_id": new.id, **document(new)}, upsert=True))
        self.outcomes.append(Outcome(new.message, word, new))

    async def attempt(self, d: Delivery) -> bool:
        """Handle one whose turn it is. Where that is its own fault, or too early, it gets a place; whether it did."""
        try:
            if d.trouble:
                raise d.trouble
            await self._handle(d)
        except (*NOT_ITS_FAULT, PyMongoError, Spoilt):
            raise
        except Exception as error:
            self.set_aside(d, error)
            return False
        self._pass(d, "handled" if d.message.type in EVENTS else "unknown")
        return True

    def set_aside(self, d: Delivery, error: Exception) -> None:
        """As the head of its queue, with its error."""
        known = self._here(d) or place(self.queue(d.handler, d.message.subject), d.handler, d.message, d.partition)
        after = known.failed(error, attempts=1 if d.handler is FOREIGN else ATTEMPTS)
        self._put(after, after.state.value)

    def _pass(self, d: Delivery, word: str) -> None:
        """The guard moves past it, and it leaves the queue."""
        queue = self.queue(d.handler, d.message.subject)
        self._guard(d, Guard(d.message.sequence, d.message.id, host()))
        if self.queues[queue].pop(d.message.sequence, None):
            self.unit.write(Place.KIND, DeleteOne({"_id": f"{queue}#{d.message.sequence}"}))
        self.outcomes.append(Outcome(d.message, word))

    def _guard(self, d: Delivery, guard: Guard) -> None:
        if isinstance(d.handler, Copy):
            key = (self._collection(d.handler), d.message.key)
            self.unit.copied[key] = replace(self.unit.copied[key], guard=guard, dirty=True)
        else:
            queue = self.queue(d.handler, d.message.subject)
            self.guards[queue] = guard
            self.moved.add(queue)

    async def retry(self, d: Delivery) -> Place | None:
        """Try one of the queue if its turn has come. What is behind it comes back where it succeeded."""
        sequence, turn = d.message.sequence, self.guard(d.handler, d.message).sequence + 1
        here = self._here(d)
        if here is None:
            return None
        if sequence < turn:  # it was handled in between
            self.unit.write(Place.KIND, DeleteOne({"_id": here.id}))
            return None
        if sequence > turn:
            self._put(replace(here, state=PlaceState.WAITING, again_at=None), "waiting")
            return None
        return self._next(d) if await self.attempt(d) else None

    def move(self, d: Delivery, sequence: int) -> None:
        """Set the guard to a sequence as if all up to it had been handled. Whose turn it is then is due."""
        self._guard(d, Guard(sequence, None, host()))
        self.call_next(d)

    def skip(self, d: Delivery) -> None:
        """Pass it unhandled, as people decided. Whose turn it is then is due."""
        self._pass(d, "passed")
        self.call_next(d)

    def _next(self, d: Delivery) -> Place | None:
        """The place whose turn it is."""
        queue = self.queues[self.queue(d.handler, d.message.subject)]
        return queue.get(self.guard(d.handler, d.message).sequence + 1)

    async def drain(self, d: Delivery) -> None:
        """Handle those of the queue whose turn has come; what needs content is left to who fetches that first."""
        while (head := self._next(d)) and head.state is PlaceState.WAITING:
            if isinstance(d.handler, Copy) and head.type in d.handler.fetches:
                return self.call_next(d)
            d = Delivery(handler=d.handler, message=head.message, partition=head.partition)
            if not await self.attempt(d):
                return

    def call_next(self, d: Delivery) -> None:
        """Whose turn it is now is due: the next look at the queue tries it."""
        if head := self._next(d):
            self.unit.write(Place.KIND, UpdateOne({"_id": head.id}, {"$set": {"again_at": host()}}))

    async def _handle(self, d: Delivery) -> None:
        message = d.message
        self.unit.cause = Cause(who=message.source, request=message.correlation, trace=message.trace)
        if isinstance(d.handler, Copy):
            self._fold(d.handler, message, Guard(message.sequence, message.id, host()))
        elif isinstance(d.handler, Effects):
            await self._run(d.handler, message)
        elif isinstance(d.handler, Recorder):
            message.event()
            self.recorded.append(message)

    def _fold(self, copy: Copy[Any], message: Message, guard: Guard) -> None:
        """What hides and came before its turn is folded again after whatever it overtook, unless it failed itself."""
        collection = self._collection(copy)
        queue = self.queues[self.queue(copy, message.subject)]
        behind = [p for n, p in sorted(queue.items()) if n > message.sequence and p.failure is None]
        hiding = [p.message for p in behind if overtakes(p.message)]
        state, spreads = self.unit.copied[collection, message.key].state, []
        for each in (message, *hiding):
            spread = copy.fold(state, each)
            state = spread.state if spread else None
            spreads.append(spread)
        beside = self._beside(filter(None, spreads))
        stored = None if state is None else document(state)
        self.unit.must_fit(*filter(None, (stored, *beside.values())))
        self.beside |= beside
        self.unit.copied[collection, message.key] = Folded(state, guard, stored=stored)

    def _beside(self, spreads: Iterable[Spread[Any]]) -> dict[tuple[str, str], Document | None]:
        found: dict[tuple[str, str], Document | None] = {}
        for spread in spreads:
            for record in spread.beside:
                found[self.unit.name(type(record)), record.id] = document(record)
            for kind, id in spread.without:
                found[self.unit.name(kind), id] = None
        return found

    async def _run(self, effects: Effects, message: Message) -> None:
        if (effect := effects.effects.get(message.type)) is None:
            return
        point = self.unit.savepoint()
        try:
            await effect(self.unit, message.event())
            self.unit.must_fit_since(point)
        except (*NOT_ITS_FAULT, PyMongoError):
            raise
        except Exception as error:
            if not self.unit.back_to(point):
                raise Spoilt from error
            raise

    async def finish(self) -> None:
        """Give the unit what this batch changed."""
        for queue in self.moved:
            mark = {"$set": self.guards[queue].fields}
            self.unit.write(HEARD, UpdateOne({"_id": queue}, mark, upsert=True))
        for (collection, id), made in self.beside.items():
            gone, kept = DeleteOne({"_id": id}), ReplaceOne({"_id": id}, {"_id": id, **(made or {})}, upsert=True)
            self.unit.write(collection, gone if made is None else kept)
        dropped: set[str] = set()
        tallied = Tallied()
        for (collection, id), (copy, before, partition) in self.before.items():
            after = self.unit.copied[collection, id].state
            if after is not before:
                dropped.update(copy.touched(before, after))
                tallied.add(collection, copy, before, after, partition)
        tallied.write(self.unit)
        if dropped:
            drop = [{"$set": {"keys": sorted(dropped), "at": "$$NOW"}}]
            self.unit.write("drops", UpdateOne({"_id": ObjectId()}, drop, upsert=True))
        if self.recorded:
            await self._record()

    async def _record(self) -> None:
        counter = self.unit.db["positions"]
        more = {"$inc": {"position": len(self.recorded)}}
        last = await counter.find_one_and_update(
            {"_id": "fact"}, more, upsert=True, return_document=True, session=self.unit.session
        )
        first = last["position"] - len(self.recorded) + 1
        self.unit.write("fact", *(fact(position, m) for position, m in enumerate(self.recorded, first)))


def overtakes(message: Message) -> bool:
    """It withdraws or hides: shown at once, even while earlier ones wait."""
    event = EVENTS.get(message.type)
    return event is not None and event.OVERTAKES


def stored_guard(stored: Document) -> Guard:
    return Guard(stored["sequence"], stored.get("event"), stored.get("heard_at"))


def fact(position: int, message: Message) -> InsertOne[Document]:
    fields = asdict(message)
    names = ("type", "subject", "sequence", "time", "source", "value")
    kept = {name: fields[name] for name in names}
    return InsertOne({"_id": str(position), "position": position, "event_id": message.id, **kept})


async def hear_all(unit: MongoUnit, deliveries: Sequence[Delivery]) -> list[Outcome]:
    """One batch. What became of each, for telemetry."""
    inbox = Inbox(unit)
    await inbox.load(deliveries)
    for delivery in deliveries:
        await inbox.hear(delivery)
    await inbox.finish()
    return inbox.outcomes


async def set_aside(unit: MongoUnit, delivery: Delivery, error: Exception) -> list[Outcome]:
    """One whose write can never succeed, without asking for anything but its place."""
    inbox = Inbox(unit)
    id = f"{inbox.queue(delivery.handler, delivery.message.subject)}#{delivery.message.sequence}"
    if known := await unit.look(Place, id):
        inbox.queues[known.queue][known.sequence] = known
    inbox.set_aside(delivery, error)
    return inbox.outcomes
