"""Handling each message once and in order, inside one transaction; the queue of those that must wait."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from services.kernel.domain.decision import Cause
from services.kernel.domain.event import EVENTS, Message
from services.kernel.storage.mongo import Database, Document, read, written
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream.consumer import Hearing


def waiting_id(subject: str, sequence: int) -> str:
    return f"{subject}#{sequence}"


def set_aside(message: Message, *, error: str | None) -> ReplaceOne[Document]:
    """A place in the queue. `error` None: it only waits for those before it."""
    document = {**asdict(message), "message_id": message.id, "error": error, "since": datetime.now(UTC)}
    del document["id"]
    return ReplaceOne({"_id": waiting_id(message.subject, message.sequence)}, document, upsert=True)


def why(place: Document) -> str:
    """What a place in the queue waits for, in one line."""
    return " ".join((place["error"] or "waits for those before it").split())


def as_message(document: Document) -> Message:
    names = ("type", "source", "subject", "sequence", "time", "correlation", "trace", "value")
    return Message(id=document["message_id"], **{name: document[name] for name in names})


@dataclass(slots=True)
class Inbox:
    """One batch: what has been handled, what waits, and what will be written when it ends."""

    unit: MongoUnit
    hearing: Hearing
    last: dict[str, int] = field(default_factory=dict)  # last sequence handled, by subject
    states: dict[str, Any] = field(default_factory=dict)  # copies, by subject
    stored: dict[str, Any] = field(default_factory=dict)  # the same as they were
    queue: dict[str, dict[int, Document]] = field(default_factory=lambda: defaultdict(dict))
    moved: set[str] = field(default_factory=set)
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    recorded: list[Message] = field(default_factory=list)

    async def load(self, subjects: Iterable[str]) -> None:
        """Guards, copies and queues of these aggregates, one question per collection."""
        by_guard: dict[str, list[str]] = defaultdict(list)
        wanted = set(subjects)
        for subject in wanted:
            kind, _, key = subject.partition("/")
            guard = self.hearing.guard(kind)
            by_guard[guard or "heard"].append(subject if guard == "heard" else key)
        for guard, ids in by_guard.items():
            found = self.unit.db[guard].find({"_id": {"$in": ids}}, session=self.unit.session)
            for document in await found.to_list(None):
                self._guarded(guard, document)
        waiting = self.unit.db["waiting"].find({"subject": {"$in": list(wanted)}}, session=self.unit.session)
        for document in await waiting.to_list(None):
            self.queue[document["subject"]][document["sequence"]] = document

    def _guarded(self, guard: str, document: Document) -> None:
        copy = self.hearing.copy_of(guard)
        subject = f"{guard}/{document['_id']}" if copy else document["_id"]
        self.last[subject] = document["sequence"]
        if copy and not document.get("blank"):
            self.states[subject] = self.stored[subject] = read(copy.of, document)

    async def hear(self, message: Message) -> None:
        """Handle it, pass it as a duplicate, or let it wait."""
        expected = self.last.get(message.subject, 0) + 1
        if message.sequence < expected:
            self.outcomes.append((message.type, "duplicate"))
        elif message.sequence > expected or self._blocked(message):
            self._wait(message)
        else:
            await self.handle(message)
            await self.drain(message.subject)

    def _blocked(self, message: Message) -> bool:
        here = self.queue[message.subject].get(message.sequence)
        return bool(here and here["error"])

    def _wait(self, message: Message) -> None:
        queue = self.queue[message.subject]
        if message.sequence not in queue:
            self.unit.write("waiting", set_aside(message, error=None))
            queue[message.sequence] = {"error": None, "message": message}
            self.outcomes.append((message.type, "waiting"))
        event = EVENTS.get(message.type)
        if event and event.OVERTAKES and (copy := self.hearing.copy_of(message.kind)):
            self.states[message.subject] = copy.fold(self.states.get(message.subject), message)
            self.moved.add(message.subject)

    async def drain(self, subject: str, *, again: bool = False) -> None:
        """Work the queue off in order; stops at a gap, and at one that failed unless it is tried `again`."""
        queue = self.queue[subject]
        while (head := queue.get(self.last.get(subject, 0) + 1)) and (again or not head["error"]):
            message = head["message"] if "message" in head else as_message(head)
            await self.handle(message)
            self.skip(message.subject, message.sequence)

    def skip(self, subject: str, sequence: int) -> None:
        """Move the guard past one of the queue, and take it out."""
        self.queue[subject].pop(sequence, None)
        self.unit.write("waiting", DeleteOne({"_id": waiting_id(subject, sequence)}))
        self.last[subject] = sequence
        self.moved.add(subject)

    async def handle(self, message: Message) -> None:
        self.unit.cause = Cause(who=message.source, request=message.correlation, trace=message.trace)
        outcome = "handled" if message.type in EVENTS else "unknown"
        if copy := self.hearing.copy_of(message.kind):
            self.states[message.subject] = copy.fold(self.states.get(message.subject), message)
        heard = self.hearing.heard
        if heard and (effect := heard.effects.get(message.type)):
            await effect(self.unit, message.event())
        if self.hearing.record:
            self.recorded.append(message)
        self.last[message.subject] = message.sequence
        self.moved.add(message.subject)
        self.outcomes.append((message.type, outcome))

    async def finish(self) -> None:
        """Give the unit what this batch changed."""
        dropped: set[str] = set()
        for subject in self.moved:
            kind, _, key = subject.partition("/")
            sequence = self.last.get(subject, 0)
            copy = self.hearing.copy_of(kind)
            if copy is None:
                mark = {"$set": {"sequence": sequence}}
                self.unit.write("heard", UpdateOne({"_id": subject}, mark, upsert=True))
                continue
            state = self.states.get(subject)
            blank = {"_id": key, "sequence": sequence, "blank": True}
            document = blank if state is None else written(state, sequence)
            self.unit.write(kind, ReplaceOne({"_id": key}, document, upsert=True))
            dropped.update(copy.touched(self.stored.get(subject), state))
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


def fact(position: int, message: Message) -> InsertOne[Document]:
    document = asdict(message)
    names = ("type", "subject", "sequence", "time", "source", "value")
    kept = {name: document[name] for name in names}
    return InsertOne({"_id": str(position), "position": position, "event_id": message.id, **kept})


async def hear_all(unit: MongoUnit, hearing: Hearing, messages: Sequence[Message]) -> list[tuple[str, str]]:
    """One batch. Types and outcomes of what was done, for telemetry."""
    inbox = Inbox(unit, hearing)
    await inbox.load(m.subject for m in messages)
    for message in messages:
        await inbox.hear(message)
    await inbox.finish()
    return inbox.outcomes


async def replay(unit: MongoUnit, hearing: Hearing, subject: str) -> int:
    """Work an aggregate's queue off, the failed too. How many were handled; the first error ends it, undone."""
    inbox = Inbox(unit, hearing)
    await inbox.load([subject])
    await inbox.drain(subject, again=True)
    await inbox.finish()
    return len(inbox.outcomes)


async def discard(unit: MongoUnit, hearing: Hearing, subject: str) -> int | None:
    """Pass the failed head of an aggregate's queue, then go on. The sequence passed; None: nothing had failed."""
    inbox = Inbox(unit, hearing)
    await inbox.load([subject])
    failed = sorted(n for n, document in inbox.queue[subject].items() if document["error"])
    if not failed:
        return None
    inbox.skip(subject, failed[0])
    await inbox.drain(subject)
    await inbox.finish()
    return failed[0]


async def make_indexes(db: Database) -> None:
    await db["waiting"].create_index([("subject", 1), ("sequence", 1)])
