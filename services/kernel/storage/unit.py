"""One transaction: keeps what it loads, writes states, journal and content in bulk when the action has ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from services.kernel.domain.decision import Aggregate, Cause, Decision, Missing, R, S, Stale
from services.kernel.domain.event import Event
from services.kernel.storage.journal import changes, entry
from services.kernel.storage.mongo import Database, Document, MongoReader, Session, read, written

Write = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | UpdateMany | DeleteOne


@dataclass(slots=True)
class Held:
    """An aggregate as this unit loaded it, and as it will be written."""

    document: Document | None  # as it stands after the last save; None: new
    state: Aggregate
    sequence: int
    loaded: int = 0

    @classmethod
    def of(cls, kind: type[Aggregate], document: Document) -> "Held":
        state = read(kind, document)
        return cls(document, state, document["sequence"], state.version)


@dataclass(slots=True)
class MongoUnit(MongoReader):
    """`Unit` on MongoDB. Writing of other collections' documents: `write`, in the same transaction."""

    db: Database
    session: Session
    cause: Cause
    held: dict[str, Held] = field(default_factory=dict)
    journal: list[Document] = field(default_factory=list)
    writes: dict[str, list[Write]] = field(default_factory=dict)

    @property
    def told(self) -> list[str]:
        """Types of the events this unit says."""
        return [r["type"] for r in self.journal if "sequence" in r]

    def write(self, collection: str, *writes: Write) -> None:
        self.writes.setdefault(collection, []).extend(writes)

    async def get(self, kind: type[S], id: str, *, expected: int | None = None) -> S:
        found = await self.look(kind, id)
        if found is None:
            raise Missing(f"{kind.KIND}.missing", f"There is no {kind.KIND} {id}.")
        if expected is not None and found.version != expected:
            raise Stale(f"{kind.KIND}.stale", f"It is at version {found.version}, not {expected}. Read it again.")
        return found

    async def look(self, kind: type[R], id: str) -> R | None:
        if not issubclass(kind, Aggregate):
            return await MongoReader.look(self, kind, id)
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
        for document in await found.to_list(None):
            self.held[f"{kind.KIND}/{document['_id']}"] = Held.of(kind, document)

    def save(self, decision: Decision[S]) -> S:
        """`TypeError` for a decision made on a state this unit did not load, or that speaks of another."""
        state = decision.state
        if not decision.facts:
            return state
        subject = f"{state.KIND}/{state.id}"
        held = self.held.setdefault(subject, Held(None, state, 0))
        if state.version != (held.state.version if held.document else 0):
            raise TypeError(f"{subject} was decided on version {state.version}, which this unit does not hold")
        after = replace(state, version=state.version + 1)
        for n, fact in enumerate(decision.facts):
            record = entry(fact, subject, after.version, n, self.cause)
            if isinstance(fact, Event):
                held.sequence += 1
                record |= {"sequence": held.sequence, "unsent": True}
            self.journal.append(record)
        document = written(after, held.sequence)
        self.journal[-len(decision.facts)]["changes"] = changes(held.document, document)
        held.state, held.document = after, document
        return after

    def attach(self, sha256: str, data: bytes, media_type: str) -> None:
        content = {"data": data, "size": len(data), "media_type": media_type}
        self.write("content", UpdateOne({"_id": sha256}, {"$setOnInsert": content}, upsert=True))

    async def flush(self) -> bool:
        """Write everything; whether there was anything. A lost race shows as a transient error or a clash."""
        for held in self.held.values():
            if held.document is not None and held.state.version != held.loaded:
                at_loaded = {"_id": held.state.id, "version": held.loaded}
                change: Write = ReplaceOne(at_loaded, held.document) if held.loaded else InsertOne(held.document)
                self.write(held.state.KIND, change)
        if self.journal:
            self.write("journal", *(InsertOne(record) for record in self.journal))
        for collection, writes in self.writes.items():
            await self.db[collection].bulk_write(writes, ordered=False, session=self.session)
        return bool(self.writes)
