"""What one batch of messages knows, and what it will write when it ends."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bson import ObjectId
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from services.kernel.domain.decision import Copied
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Document, document, read
from services.kernel.storage.unit import Folded, Guard, MongoUnit
from services.kernel.stream.consumer import Copy, Handler
from services.kernel.stream.delivery import Delivery, Outcome
from services.kernel.stream.queue import Place, queue_of
from services.kernel.stream.tally import Tallied

HEARD = "heard"  # guards of what has no document of its own


@dataclass(slots=True)
class Batch:
    """Guards, copies and queues of the aggregates that the messages speak of."""

    unit: MongoUnit
    guards: dict[str, Guard] = field(default_factory=dict)  # of what is no copy, by queue
    before: dict[tuple[str, str], tuple[Copy[Any], Copied | None, int]] = field(default_factory=dict)
    queues: dict[str, dict[int, Place]] = field(default_factory=lambda: defaultdict(dict))
    beside: dict[tuple[str, str], Document | None] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    recorded: list[Message] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    async def load(self, deliveries: Iterable[Delivery]) -> None:
        """Read the guards, copies and queues of these aggregates, with one question per collection."""
        copies: dict[str, tuple[Copy[Any], dict[str, int]]] = {}
        queues: set[str] = set()
        others: set[str] = set()
        for d in deliveries:
            queue = self.queue(d.handler, d.message.subject)
            queues.add(queue)
            if isinstance(d.handler, Copy):
                copies.setdefault(self.collection(d.handler), (d.handler, {}))[1][d.message.key] = d.partition
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

    def collection(self, copy: Copy[Any]) -> str:
        return self.unit.copies.get(copy.name, copy.name)

    def guard(self, handler: Handler, message: Message) -> Guard:
        """The guard of a handler for the message's aggregate."""
        if isinstance(handler, Copy):
            return self.unit.copied[self.collection(handler), message.key].guard
        return self.guards.get(self.queue(handler, message.subject), Guard())

    def here(self, d: Delivery) -> Place | None:
        return self.queues[self.queue(d.handler, d.message.subject)].get(d.message.sequence)

    def next(self, d: Delivery) -> Place | None:
        """The place whose turn it is."""
        queue = self.queues[self.queue(d.handler, d.message.subject)]
        return queue.get(self.guard(d.handler, d.message).sequence + 1)

    def put(self, new: Place, word: str) -> None:
        self.queues[new.queue][new.sequence] = new
        self.unit.write(Place.KIND, ReplaceOne({"_id": new.id}, {"_id": new.id, **document(new)}, upsert=True))
        self.outcomes.append(Outcome(new.message, word, new))

    def set_guard(self, d: Delivery, guard: Guard) -> None:
        if isinstance(d.handler, Copy):
            key = (self.collection(d.handler), d.message.key)
            self.unit.copied[key] = replace(self.unit.copied[key], guard=guard, dirty=True)
        else:
            queue = self.queue(d.handler, d.message.subject)
            self.guards[queue] = guard
            self.moved.add(queue)

    async def finish(self) -> None:
        """Give the unit everything that this batch changed."""
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


def stored_guard(stored: Document) -> Guard:
    return Guard(stored["sequence"], stored.get("event"), stored.get("heard_at"))


def fact(position: int, message: Message) -> InsertOne[Document]:
    fields = asdict(message)
    names = ("type", "subject", "sequence", "time", "source", "value")
    kept = {name: fields[name] for name in names}
    return InsertOne({"_id": str(position), "position": position, "event_id": message.id, **kept})
