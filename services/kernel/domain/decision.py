"""The vocabulary of change: aggregate, decision, unit, and the ways to say no."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import Formatter
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from services.kernel.domain.content import ClaimCheck
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
    """A record that changes as a whole. `version` is the one it was read at; 0 means not stored yet."""

    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied(Record):
    """A program's copy of another service's aggregate: folded from its events, never decided here.

    COPY names the copy if a program keeps several of one kind. Otherwise KIND names it.
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
    """The new state, and the facts in the order they happened. Without a fact nothing is written.

    `erases`: its personal texts are erased, everywhere and for ever.
    """

    state: S_co
    facts: tuple[Fact, ...] = ()
    erases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who and what a unit of work runs for. Each of its journal records names it. `trace`: W3C traceparent."""

    who: str
    request: str
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class After:
    """A portion of a list begins after this record: the value of its sort field, which may be None, and its id."""

    value: Any
    id: str


class Reader(Protocol):
    """Questions. Inside a unit they see its transaction, outside they see what a majority has.

    `sort` names a field, or `-field` for descending. Ties are sorted by id.
    """

    async def look(self, kind: type[R], id: str) -> R | None:
        """The record as stored, or None."""
        ...

    async def known(self, kind: type[C], id: str) -> C:
        """The copy of another service's aggregate. Raises `Unknown` while nothing has been heard of it."""
        ...

    async def ids(self, kind: type[R], where: Mapping[str, Any], *, sort: str, limit: int) -> list[str]: ...

    async def find(
        self, kind: type[R], where: Mapping[str, Any], *, sort: str, limit: int, after: After | None = None
    ) -> list[R]: ...

    async def count(self, kind: type[R], where: Mapping[str, Any]) -> int: ...

    async def moment(self) -> datetime:
        """Now by the database's clock, which is one for all hosts, with the shift of `clock.now`. UTC."""
        ...


class Unit(Reader, Protocol):
    """One transaction."""

    async def get(self, kind: type[S], id: str, *, expected: int | None = None) -> S:
        """Raises `Missing` if there is none, `Stale` if its version is not the expected one."""
        ...

    async def load(self, kind: type[S], ids: Iterable[str]) -> None:
        """Fetch many in one round trip, so that the `get`s of a batch cost none."""
        ...

    def save(self, decision: Decision[S]) -> S:
        """Returns the state with its new version. Save many kinds, many times: each aggregate is written once."""
        ...

    def attach(self, sha256: str, data: bytes, media_type: str) -> None:
        """Store small content that an event of this unit names by its hash (claim check)."""
        ...

    async def refer(self, sha256: str) -> ClaimCheck:
        """Refer to content that was stored before. Raises `Missing` if it is not here, or was swept meanwhile."""
        ...


class Words(NamedTuple):
    """A word or a sentence in the two languages that people are answered in."""

    zh: str
    en: str


class No(Exception):
    """A refusal that was declared, with its values; the class decides the HTTP status."""

    status: ClassVar[int]
    title: ClassVar[Words]

    def __init__(self, refusal: "Refusal", values: Mapping[str, object]) -> None:
        self.refusal, self.values, self.code = refusal, values, refusal.code
        self.said = Words(
            refusal.zh.format_map({name: in_words(value).zh for name, value in values.items()}),
            refusal.en.format_map({name: in_words(value).en for name, value in values.items()}),
        )
        super().__init__(f"{self.code}: {self.detail}")

    @property
    def detail(self) -> str:
        """The sentence in English, for logs."""
        return self.said.en


def in_words(value: object) -> Words:
    return value if isinstance(value, Words) else Words(str(value), str(value))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way to say no, declared once: `code` is stable and for programs, the sentences say what to do.

    The sentences may hold named values in braces. `field`: the path of the field that is at fault, as `body.title`.
    Calling it makes the refusal with its values. `KeyError` if one is missing, `TypeError` if one is not spoken of.
    """

    no: type[No]
    code: str
    zh: str
    en: str
    field: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """Of the values."""
        return frozenset(name for text in (self.zh, self.en) for _, name, _, _ in Formatter().parse(text) if name)

    def __call__(self, **values: object) -> No:
        if strange := values.keys() - self.names:
            raise TypeError(f"{self.code} does not speak of {', '.join(sorted(strange))}")
        return self.no(self, values)


class Wrong(ValueError):
    """What several fields say together cannot be; raised while a body is read."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = Words(zh, en)


class Refused(No):
    """A rule says no."""

    status, title = 409, Words("不能办理", "Refused")


class Unknown(No):
    """Another service has not told of it yet. Ask again soon."""

    status, title = 409, Words("暂时还不知道", "Not known yet")


class Forbidden(No):
    """This caller may not do this."""

    status, title = 403, Words("无权办理", "Forbidden")


class Missing(No):
    """What was asked for does not exist."""

    status, title = 404, Words("没有找到", "Not found")


class Gone(No):
    """It was there, and was taken away for good."""

    status, title = 410, Words("已经删除", "Gone")


class Away(No):
    """Something that this program needs does not answer. Ask again in a moment."""

    status, title = 503, Words("暂时无法使用", "Not available")


class Busy(No):
    """Too many wanted to change the same at once, for too long."""

    status, title = 503, Words("正忙", "Busy")


class Broken(No):
    """Something is wrong on our side."""

    status, title = 500, Words("系统出错了", "Internal error")


class Stale(No):
    """The caller's `If-Match` names another version than the current one."""

    status, title = 412, Words("内容已被改动", "Changed meanwhile")


class Malformed(No):
    """The request cannot be understood."""

    status, title = 422, Words("填写有误", "Malformed request")


class Unauthorized(No):
    """The caller is not known. The answer carries `WWW-Authenticate: Bearer` (RFC 6750)."""

    status, title = 401, Words("尚未登录", "Not signed in")


class TooLarge(No):
    """More bytes than this place takes."""

    status, title = 413, Words("内容过大", "Too large")


class Late(No):
    """The client did not send all of its request in time."""

    status, title = 408, Words("请求没有到齐", "Request not complete in time")


class WrongMethod(No):
    """The address does not take this method."""

    status, title = 405, Words("不支持这样的操作", "Method not allowed")


class OutOfRange(No):
    """None of the bytes asked for are there."""

    status, title = 416, Words("超出范围", "Range not satisfiable")


class Misdirected(No):
    """It was asked of a host that is not this one."""

    status, title = 421, Words("网址有误", "Not this host")


class TooMany(No):
    """Too many requests of one kind. Wait so many `seconds`, one of its values, then try again."""

    status, title = 429, Words("请求过多", "Too many requests")
