"""The only module that knows Motor, the driver: documents, indexes, questions."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bson.codec_options import CodecOptions, TypeRegistry
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pydantic import ValidationError
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    CursorNotFound,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.kernel.domain import clock, refusals
from services.kernel.domain.decision import After, C, No, R, Record
from services.kernel.storage.crypto import Vault
from services.kernel.storage.sealing import DataKey, personal, sealed, shape, unsealed

Document = dict[str, Any]
Database = AsyncIOMotorDatabase[Document]
Client = AsyncIOMotorClient[Document]
Collection = AsyncIOMotorCollection[Document]
Session = AsyncIOMotorClientSession
MongoError = PyMongoError

AWAY = {
    6, 7, 13, 18, 24, 50, 64, 89, 91, 100, 112, 133, 189, 202, 225, 234, 251, 262, 286, 290, 317, 358,
    9001, 10107, 11600, 11602, 13388, 13435, 13436, 14031,
}  # fmt: skip
"""MongoDB's error codes whose cause is the server, the network or the moment, and never the question: unreachable,
shutting down, not primary, no rights, lost races, out of time, out of disk."""
AGAIN = ("TransientTransactionError", "RetryableWriteError", "UnknownTransactionCommitResult")


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index, declared beside the question it serves and made at start. Keys: `field`, or `-field` descending.

    Lists break ties by id: `_id` is added as the last key, in the direction of the one before, unless it is among them.
    A unique index is a rule and serves no list. With `_id` in it, it would refuse nothing. `expires`: seconds from the
    moment in the only key until MongoDB removes the document, a minute late at most.
    """

    of: type[Record]
    keys: tuple[str, ...]
    unique: bool = False
    where: Mapping[str, Any] | None = None
    expires: int | None = None

    @property
    def fields(self) -> list[tuple[str, int]]:
        found = [ordering(key) for key in self.keys]
        if self.unique or self.expires is not None or "_id" in dict(found):
            return found
        return [*found, ("_id", found[-1][1])]

    async def make(self, db: Database, copies: Mapping[str, str]) -> None:
        options: Document = {"unique": self.unique}
        if self.where is not None:
            options["partialFilterExpression"] = self.where
        if self.expires is not None:
            options["expireAfterSeconds"] = self.expires
        name = self.of.named()
        await db[copies.get(name, name)].create_index(self.fields, **options)


def document(state: Record, key: DataKey | None = None) -> Document:
    """The document that stores a state, without its id and its version. `key`: seals its personal texts."""
    made: Document = shape(type(state)).dump_python(state, exclude={"id", "version"})
    return sealed(made, key) if personal(type(state)) else made


def key_of(kind: type[Record], document: Mapping[str, Any], vault: Vault | None) -> DataKey:
    """The key under which personal texts of a stored record are sealed."""
    return DataKey(vault, f"{kind.KIND}/{document['_id']}", document.get("key"))


def read(kind: type[R], document: Mapping[str, Any], key: DataKey | None = None) -> R:
    """`key`: opens its personal texts when they are asked for.

    Raises `ValueError` for a document that does not fit. It is logged, so it names fields and never values.
    """
    if personal(kind):
        document = unsealed(document, key)
    try:
        return shape(kind).validate_python({**document, "id": document["_id"]})
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise ValueError(f"a stored {kind.KIND} cannot be read: {'; '.join(wrong)}") from None


def storable(value: object) -> object:
    """A value that BSON has no type for, as one that it has. Raises `TypeError`."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


def ordering(key: str) -> tuple[str, int]:
    return (key[1:], -1) if key.startswith("-") else (key, 1)


def sorting(sort: str) -> list[tuple[str, int]]:
    """The order of a list; ids break ties. An `Index` whose last key is this field serves it."""
    name, direction = ordering(sort)
    return [(name, direction)] if name == "_id" else [(name, direction), ("_id", direction)]


def following(sort: str, after: After) -> Document:
    """The filter for what comes after a record in a list sorted by `sort`.

    Each branch of `$or` is a span of the list's index, read in its order. The bound at top level keeps any other plan
    from walking the list from its beginning. MongoDB sorts null before all else, and no `$lt` or `$gt` finds it.
    """
    (name, direction), value = ordering(sort), after.value
    up = direction == 1
    beyond = "$gt" if up else "$lt"
    if name == "_id":
        return {"_id": {beyond: after.id}}
    tied = {name: value, "_id": {beyond: after.id}}
    if value is None:
        return {"$or": [tied, {name: {"$ne": None}}]} if up else tied
    if up:
        return {name: {"$gte": value}, "$or": [tied, {name: {beyond: value}}]}
    return {name: {"$not": {"$gt": value}}, "$or": [tied, {name: {beyond: value}}, {name: None}]}


KEPT: Document = {"blank": {"$exists": False}}


class MongoReader:
    """Questions to one database. With a session, they are asked inside its transaction.

    `copies`: the collection in which each copy lies now, by the copy's name. `vault`: opens what is personal.
    """

    def __init__(
        self,
        db: Database,
        session: Session | None = None,
        copies: Mapping[str, str] = MappingProxyType({}),
        vault: Vault | None = None,
    ) -> None:
        self.db, self.session, self.copies, self.vault = db, session, copies, vault

    def name(self, kind: type[Record]) -> str:
        """The collection in which records of a kind lie."""
        return self.copies.get(kind.named(), kind.named())

    def documents(self, kind: type[Record]) -> Collection:
        """The collection itself, for questions that are more than a filter and a sort."""
        return self.db[self.name(kind)]

    def kept(self, kind: type[Record], where: Mapping[str, Any]) -> Mapping[str, Any]:
        """The filter without copies of which nothing is kept yet but their guard: a message came that says nothing."""
        return {"$and": [where, KEPT]} if kind.named() in self.copies else where

    async def asked(self) -> None:
        """Called before each question for more than one record."""

    async def look(self, kind: type[R], id: str) -> R | None:
        document = await self.documents(kind).find_one({"_id": id, **KEPT}, session=self.session)
        return None if document is None else self._read(kind, document)

    def _read(self, kind: type[R], document: Document) -> R:
        return read(kind, document, key_of(kind, document, self.vault))

    async def known(self, kind: type[C], id: str) -> C:
        found = await self.look(kind, id)
        if found is None:
            raise refusals.UNKNOWN_YET(kind=refusals.called(kind.KIND), id=id)
        return found

    async def ids(self, kind: type[R], where: Mapping[str, Any], *, sort: str, limit: int) -> list[str]:
        await self.asked()
        where = self.kept(kind, where)
        found = self.documents(kind).find(where, {"_id": 1}, session=self.session).sort(sorting(sort)).limit(limit)
        return [d["_id"] for d in await found.to_list(limit or None)]

    async def find(
        self, kind: type[R], where: Mapping[str, Any], *, sort: str, limit: int, after: After | None = None
    ) -> list[R]:
        if after is not None:
            where = {"$and": [where, following(sort, after)]}
        await self.asked()
        where = self.kept(kind, where)
        found = self.documents(kind).find(where, session=self.session).sort(sorting(sort)).limit(limit)
        return [self._read(kind, d) for d in await found.to_list(limit or None)]

    async def count(self, kind: type[R], where: Mapping[str, Any]) -> int:
        await self.asked()
        return await self.documents(kind).count_documents(self.kept(kind, where), session=self.session)

    async def moment(self) -> datetime:
        return clock.shifted(await server_clock(self.db))


def connect(url: str, name: str) -> Database:
    """A database with majority reads, majority writes, and aware UTC times."""
    codec: CodecOptions[Document] = CodecOptions(
        tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry(fallback_encoder=storable)
    )
    client: Client = AsyncIOMotorClient(url, serverSelectionTimeoutMS=5_000, connectTimeoutMS=5_000)
    return client.get_database(
        name, codec_options=codec, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority")
    )


async def server_clock(db: Database) -> datetime:
    """MongoDB's clock in UTC: one for all hosts."""
    said: Document = await db.command("hello", codec_options=db.codec_options)
    found: datetime = said["localTime"]
    return found


async def clock_difference(db: Database) -> float:
    """Seconds by which this host's clock is ahead of MongoDB's or behind it, at least: however long the answer took."""
    asked = clock.host()
    there = await server_clock(db)
    return max(asked - there, there - clock.host(), timedelta()).total_seconds()


def is_away(error: PyMongoError) -> bool:
    """Whether the question may succeed when asked again. After any other error it cannot: it is itself at fault."""
    if isinstance(error, ConnectionFailure | CursorNotFound | ExecutionTimeout | WTimeoutError):
        return True
    if any(error.has_error_label(label) for label in AGAIN):
        return True
    if isinstance(error, BulkWriteError):
        said = [*error.details.get("writeErrors", ()), *error.details.get("writeConcernErrors", ())]
        return any(each.get("code") in AWAY for each in said)
    return isinstance(error, OperationFailure) and error.code in AWAY


def not_answering(error: PyMongoError) -> No:
    """The refusal for an error that `is_away`. The driver's own text is left out, as it may name hosts."""
    return refusals.DATABASE_AWAY()


@contextmanager
def asking() -> Iterator[None]:
    """Wraps questions to MongoDB: raises `Away` if it does not answer. Other errors pass, as `without_documents`."""
    try:
        yield
    except PyMongoError as error:
        if is_away(error):
            raise not_answering(error) from error
        raise without_documents(error) from None


def is_clash(error: PyMongoError) -> bool:
    """Whether a unique index said no."""
    if isinstance(error, BulkWriteError):
        return any(e.get("code") == 11000 for e in error.details.get("writeErrors", []))
    return isinstance(error, DuplicateKeyError)


def without_documents(error: PyMongoError) -> PyMongoError:
    """The same error, fit for the log: the text of a failed bulk write holds the documents."""
    if not isinstance(error, BulkWriteError):
        return error
    codes = sorted({str(e.get("code")) for e in error.details.get("writeErrors", [])})
    return OperationFailure(f"a bulk write failed with the codes {', '.join(codes)}", error.code)


async def make_indexes(db: Database, indexes: Iterable[Index], copies: Mapping[str, str]) -> None:
    for index in indexes:
        await index.make(db, copies)
