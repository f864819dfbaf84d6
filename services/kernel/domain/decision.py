"""The vocabulary of change: aggregate, decision, unit, and the ways to say no."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from services.kernel.domain.event import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is stored as one document, in the collection named KIND."""

    KIND: ClassVar[str]

    id: str

    @classmethod
    def named(cls) -> str:
        """The name under which it is stored."""
        return cls.KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate(Record):
    """What changes as one. `version` is the one it was read at; 0 is not yet stored."""

    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied(Record):
    """What a program keeps of another's aggregate: folded from its events, never decided here.

    COPY names the copy it lies in, where a program keeps several of one kind; else the kind does.
    """

    COPY: ClassVar[str] = ""

    @classmethod
    def named(cls) -> str:
        return cls.COPY or cls.KIND


R = TypeVar("R", bound=Record)
C = TypeVar("C", bound=Copied)
S = TypeVar("S", bound=Aggregate)
S_co = TypeVar("S_co", bound=Aggregate, covariant=True)


@dataclass(frozen=True, slots=True)
class Decision(Generic[S_co]):
    """The state after, and the facts in the order they happened. No fact, no write."""

    state: S_co
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a unit of work runs; goes into each of its journal records. `trace`: W3C traceparent."""

    who: str
    request: str
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class After:
    """Where a portion of a list begins: the sort field's value and the id of the last one seen; a value may be None."""

    value: Any
    id: str


class Reader(Protocol):
    """Questions; inside a unit they see its transaction, outside the last majority.

    `sort` names a field, `-field` for descending; ties go by id.
    """

    async def look(self, kind: type[R], id: str) -> R | None:
        """The record as stored, or None."""
        ...

    async def known(self, kind: type[C], id: str) -> C:
        """What another service told of its aggregate; `Unknown` while it has not been heard of."""
        ...

    async def ids(self, kind: type[R], where: Mapping[str, Any], *, sort: str, limit: int) -> list[str]: ...

    async def find(
        self, kind: type[R], where: Mapping[str, Any], *, sort: str, limit: int, after: After | None = None
    ) -> list[R]: ...

    async def count(self, kind: type[R], where: Mapping[str, Any]) -> int: ...


class Unit(Reader, Protocol):
    """One transaction."""

    async def get(self, kind: type[S], id: str, *, expected: int | None = None) -> S:
        """`Missing` if there is none, `Stale` if it is not the version expected."""
        ...

    async def load(self, kind: type[S], ids: Iterable[str]) -> None:
        """Fetch many in one round trip, so that the `get`s of a batch cost none."""
        ...

    def save(self, decision: Decision[S]) -> S:
        """The state as it will be stored, with its new version. Several kinds, several times: one write each."""
        ...

    def attach(self, sha256: str, data: bytes, media_type: str) -> None:
        """Store content that an event of this unit names by its hash (claim check)."""
        ...


class No(Exception):
    """A refusal with a stable code; the class decides the HTTP status."""

    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code, self.detail = code, detail


class Refused(No):
    """A rule says no."""

    status, title = 409, "Refused"


class Unknown(No):
    """Another service has not told of it yet; ask again soon."""

    status, title = 409, "Not known yet"


class Forbidden(No):
    """This caller may not."""

    status, title = 403, "Forbidden"


class Missing(No):
    """There is none."""

    status, title = 404, "Not found"


class Away(No):
    """Something this program needs does not answer; ask again in a moment."""

    status, title = 503, "Not available"


class Stale(No):
    """The caller's `If-Match` names another version than the current one."""

    status, title = 412, "Changed meanwhile"
