"""One transaction: keeps what it loads, writes states, journal and content in bulk when the action has ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bson import ObjectId, encode
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import DocumentTooLarge

from services.kernel.domain import refusals
from services.kernel.domain.clock import now
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Aggregate, Cause, Copied, Decision, R, S
from services.kernel.domain.event import Event
from services.kernel.storage.crypto import Vault
from services.kernel.storage.difference import Difference, difference, noted, update
from services.kernel.storage.journal import entry
from services.kernel.storage.mongo import Database, Document, MongoReader, Session, document, key_of, read
from services.kernel.storage.sealing import DataKey

LARGEST = 16 * 1024 * 1024 - 1_000  # bytes of one document; a guard is added to it
Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | UpdateMany | DeleteOne


@dataclass(frozen=True, slots=True)
class Held:
    """An aggregate in this unit. `stored`: its document as MongoDB has it, None for a new one.

    `base`: what this version writes of the state that is stored; `written`: of the state that will be.
    """

    stored: Document | None
    base: Document
    written: Document
    state: Aggregate
    sequence: int  # of the last event it told
    key: DataKey

    @classmethod
    def of(cls, kind: type[Aggregate], stored: Document, vault: Vault | None) -> "Held":
        key = key_of(kind, stored, vault)
        state = read(kind, stored, key)
        base = document(state, key)
        return cls(stored, base, base, state, stored["sequence"], key)

    def write(self) -> Write:
        """The write of what differs. Fields that this version does not know stay."""
        if self.stored is None:
            return InsertOne({"_id": self.state.id, **self.written, **self._counters()})
        change = update(difference(self.stored, self.base, self.written))
        change["$set"] = change.get("$set", {}) | self._counters()
        if self.key.kept is None and "key" in self.stored:
            change["$unset"] = change.get("$unset", {}) | {"key": ""}
        return UpdateOne({"_id": self.state.id, "version": self.stored["version"]}, change)

    def _counters(self) -> Document:
        """What no state holds: its counters, and its key. The journal never sees the key, so that it can be erased."""
        counters = {"version": self.state.version, "sequence": self.sequence}
        return counters if self.key.kept is None else counters | {"key": self.key.kept}

    def flushed(self) -> "Held":
        stored = {**(self.stored or {"_id": self.state.id}), **self.written, **self._counters()}
        return replace(self, stored=stored, base=self.written)


@dataclass(frozen=True, slots=True)
class Guard:
    """The last message handled of an aggregate, by one copy or effect, and when."""

    sequence: int = 0
    event: str | None = None
    at: datetime | None = None

    @property
    def fields(self) -> Document:
        """With a stamp that never repeats: what writes the same again must collide with who moves it."""
        return {"sequence": self.sequence, "event": self.event, "heard_at": self.at, "stamp": ObjectId()}


@dataclass(frozen=True, slots=True)
class Folded:
    """A copy of another's aggregate in this unit, with its guard. `state` None: nothing to keep of it yet.

    `stored`: the state's document, where it was made already.
    """

    state: Copied | None
    guard: Guard
    dirty: bool = True
    stored: Document | None = None

    def write(self, id: str) -> Write:
        kept = self.stored or ({"blank": True} if self.state is None else document(self.state))
        return ReplaceOne({"_id": id}, {"_id": id, **kept, **self.guard.fields}, upsert=True)


@dataclass(frozen=True, slots=True)
class Savepoint:
    """What a unit held at a moment. The unit can go back to it unless it has written since."""

    held: Mapping[str, Held]
    copied: Mapping[tuple[str, str], Folded]
    facts: int
    writes: Mapping[str, int]
    flushes: int


@dataclass(slots=True)
class MongoUnit(MongoReader):
    """`Unit` on MongoDB. Writing of other collections' documents: `write`, in the same transaction.

    A question asked of it first writes what was saved before, so that the answer holds that too.
    """

    db: Database
    session: Session
    copies: Mapping[str, str]
    cause: Cause
    vault: Vault | None = None
    held: dict[str, Held] = field(default_factory=dict)
    copied: dict[tuple[str, str], Folded] = field(default_factory=dict)  # by collection and id
    facts: list[Document] = field(default_factory=list)  # all it says; the first `journaled` of them are written
    journaled: int = 0
    writes: dict[str, list[Write]] = field(default_factory=dict)
    flushes: int = 0

    @property
    def tells(self) -> bool:
        """Whether this unit says an event."""
        return any("sequence" in record for record in self.facts)

    def write(self, collection: str, *writes: Write) -> None:
        self.writes.setdefault(collection, []).extend(writes)

    def keep(self, copied: Copied) -> None:
        """Write a copy as a whole that no message folds."""
        stored = {"_id": copied.id, **document(copied)}
        self.write(self.name(type(copied)), ReplaceOne({"_id": copied.id}, stored, upsert=True))

    async def get(self, kind: type[S], id: str, *, expected: int | None = None) -> S:
        found = await self.look(kind, id)
        if found is None:
            raise refusals.missing(kind.KIND)(id=id)
        if expected is not None and found.version != expected:
            raise refusals.stale(kind.KIND)(found=found.version, expected=expected)
        return found

    async def look(self, kind: type[R], id: str) -> R | None:
        if not issubclass(kind, Aggregate):
            folded = self.copied.get((self.name(kind), id))
            if folded is None:
                return await MongoReader.look(self, kind, id)
            assert folded.state is None or isinstance(folded.state, kind)
            return folded.state
        key = f"{kind.KIND}/{id}"
        if key not in self.held:
            await self.load(kind, [id])
        found = self.held.get(key)
        if found is None:
            return None
        assert isinstance(found.state, kind)
        return found.state

    async def load(self, kind: type[S], ids: Iterable[str]) -> None:
        missing = [id for id in ids if f"{kind.KIND}/{id}" not in self.held]
        found = self.db[kind.KIND].find({"_id": {"$in": missing}}, session=self.session)
        for stored in await found.to_list(None):
            self.held[f"{kind.KIND}/{stored['_id']}"] = Held.of(kind, stored, self.vault)

    async def asked(self) -> None:
        await self.flush()

    def save(self, decision: Decision[S]) -> S:
        """`TypeError` for a decision made on a state that this unit does not hold, that changes it without a fact, or
        that speaks of another aggregate.
        """
        state = decision.state
        subject = f"{state.KIND}/{state.id}"
        held = self.held.get(subject) or Held(None, {}, {}, state, 0, DataKey(self.vault, subject))
        if state.version != (held.state.version if held.written else 0):
            raise TypeError(f"{subject} was decided on version {state.version}, which this unit does not hold")
        if not decision.facts:
            if state != held.state:
                raise TypeError(f"{subject} was changed without a fact")
            return state
        after = replace(state, version=state.version + 1)
        written, key = document(after, held.key), held.key
        if decision.erases:
            key = DataKey(self.vault, subject)
            after = read(type(state), {**written, "_id": after.id, "version": after.version}, key)
        changes: Difference = difference(held.written, held.written, written)
        sequence = self._say(decision, subject, after.version, held, changes)
        self.held[subject] = replace(held, state=after, written=written, key=key, sequence=sequence)
        return after

    def _say(self, decision: Decision[S], subject: str, version: int, held: Held, changes: Difference) -> int:
        """Note the decision's facts in the journal. Returns the sequence of the last one told."""
        sequence = held.sequence
        for n, fact in enumerate(decision.facts):
            record = entry(fact, subject, version, n, self.cause, held.key)
            if isinstance(fact, Event):
                sequence += 1
                record |= {"sequence": sequence, "unsent": True}
            self.facts.append(record)
        self.facts[-1]["changes"] = noted(changes)
        return sequence

    def attach(self, sha256: str, data: bytes, media_type: str) -> None:
        content = {"data": data, "size": len(data), "media_type": media_type}
        always = {"referenced": True, "stored_at": now()}
        self.write("content", UpdateOne({"_id": sha256}, {"$setOnInsert": content, "$set": always}, upsert=True))

    async def refer(self, sha256: str) -> ClaimCheck:
        found = await self.db["content"].find_one_and_update(
            {"_id": sha256}, {"$set": {"referenced": True, "stored_at": now()}}, session=self.session
        )
        self.flushes += 1
        if found is None:
            raise refusals.CONTENT_MISSING()
        return ClaimCheck(sha256=sha256, size=found["size"], media_type=found["media_type"])

    def savepoint(self) -> Savepoint:
        writes = {collection: len(writes) for collection, writes in self.writes.items()}
        return Savepoint(dict(self.held), dict(self.copied), len(self.facts), writes, self.flushes)

    def back_to(self, point: Savepoint) -> bool:
        """Forget what was saved since then. False if a question has had it written already."""
        if self.flushes != point.flushes:
            return False
        self.held, self.copied = dict(point.held), dict(point.copied)
        del self.facts[point.facts :]
        self.writes = {
            collection: writes[: point.writes.get(collection, 0)] for collection, writes in self.writes.items()
        }
        return True

    def must_fit(self, *documents: Document) -> None:
        """Raises the driver's errors where one of these can never be written, so that whoever made it fails alone."""
        for each in documents:
            if (size := len(encode(each, codec_options=self.db.codec_options))) > LARGEST:
                raise DocumentTooLarge(f"a document of {size} bytes; it may have {LARGEST}")

    def must_fit_since(self, point: Savepoint) -> None:
        """Like `must_fit`, for everything that was saved since then."""
        changed = [held.written for subject, held in self.held.items() if held is not point.held.get(subject)]
        self.must_fit(*changed, *self.facts[point.facts :])

    async def flush(self) -> None:
        """Write everything that was saved. A lost race shows as a transient error or a clash."""
        for subject, held in self.held.items():
            if held.written and (held.stored is None or held.state.version != held.stored["version"]):
                self.write(held.state.KIND, held.write())
                self.held[subject] = held.flushed()
        for (collection, id), folded in self.copied.items():
            if folded.dirty:
                self.write(collection, folded.write(id))
                self.copied[collection, id] = replace(folded, dirty=False)
        if len(self.facts) > self.journaled:
            self.write("journal", *(InsertOne(record) for record in self.facts[self.journaled :]))
            self.journaled = len(self.facts)
        writes, self.writes = {name: asked for name, asked in self.writes.items() if asked}, {}
        for collection, asked in writes.items():
            await self.db[collection].bulk_write(asked, ordered=False, session=self.session)
        self.flushes += bool(writes)
