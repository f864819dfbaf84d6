"""What a program does with what it hears: effects through actions, copies through folds, a record of everything."""

import ast
import hashlib
import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import C, Copied, Record, Unit
from services.kernel.domain.event import EVENTS, Event, Message

E = TypeVar("E", bound=Event)
Effect = Callable[[Unit, E, datetime], Awaitable[object]]
"""The last argument is the moment at which the event is heard."""
Fold = Callable[[C | None, E], "C | Spread[C] | None"]
Fetched = Callable[[Any], ClaimCheck | None]


def kind_of(type_: str) -> str:
    """The kind of aggregate that a type of event speaks of: its first word."""
    return type_.partition(".")[0]


class Handler(ABC):
    """Something that a program does with messages. It keeps, per aggregate, the last message that it handled."""

    name: str
    from_now = False  # it begins with what is told from now on, and does not handle the past

    @property
    @abstractmethod
    def kinds(self) -> frozenset[str]:
        """The kinds of aggregates that it listens to."""

    def hears(self, kind: str) -> bool:
        return kind in self.kinds


class Effects(Handler):
    """What a program does through its actions, once per message. The name identifies these effects for ever."""

    def __init__(self, name: str, *, from_now: bool = False) -> None:
        self.name, self.from_now = name, from_now
        self.effects: dict[str, Effect[Any]] = {}

    def on(self, event: type[E]) -> Callable[[Effect[E]], Effect[E]]:
        """Raises `TypeError` for a second effect of one event: it belongs to `Effects` of another name."""

        def add(effect: Effect[E]) -> Effect[E]:
            if event.TYPE in self.effects:
                raise TypeError(f"{self.name} has an effect of {event.TYPE} already")
            self.effects[event.TYPE] = effect
            return effect

        return add

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(map(kind_of, self.effects))


@dataclass(frozen=True, slots=True)
class Spread(Generic[C]):
    """A state that lies in several documents. `beside`: those to write. `without`: class and id of those to delete.

    A fold writes the documents beside its state, and never reads them.
    """

    state: C
    beside: tuple[Copied, ...] = ()
    without: tuple[tuple[type[Copied], str], ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """What one record adds to a tally. `group`: the fields that identify a group. `of`: the numbers by name."""

    group: Mapping[str, str | int]
    of: Mapping[str, int]


def nothing_touched(_before: object, _after: object) -> Iterable[str]:
    return ()


class Copy(Handler, Generic[C]):
    """A copy of another service's aggregates: pure folds, rebuildable from the log. Each document holds its own guard.

    `touched` names what is made from a record, before and after a fold. The names go to `drops` in the same
    transaction. `tally` says what a record adds to the sums over all records. `beside` are the classes that a `Spread`
    may hold.
    """

    def __init__(
        self,
        of: type[C],
        *,
        touched: Callable[[C | None, C | None], Iterable[str]] = nothing_touched,
        tally: Callable[[C], Iterable[Count]] | None = None,
        beside: Sequence[type[Copied]] = (),
    ) -> None:
        self.of, self.touched, self.tally, self.beside = of, touched, tally, beside
        self.name = of.named()
        self.folds: dict[str, Fold[C, Any]] = {}
        self.fetches: dict[str, Fetched] = {}

    def on(self, *events: type[E], fetch: Fetched | None = None) -> Callable[[Fold[C, E]], Fold[C, E]]:
        """`fetch` names the content that a fold needs. Before the fold it is asked of its owner, verified and kept.

        Raises `TypeError` for a second fold of one event, and for an event that speaks of another kind.
        """

        def add(fold: Fold[C, E]) -> Fold[C, E]:
            for event in events:
                if kind_of(event.TYPE) != self.of.KIND or event.TYPE in self.folds:
                    raise TypeError(f"{event.TYPE} does not speak of a {self.of.KIND}, or is folded already")
                self.folds[event.TYPE] = fold
                if fetch is not None:
                    self.fetches[event.TYPE] = fetch
            return fold

        return add

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset({self.of.KIND})

    def fold(self, state: C | None, message: Message) -> Spread[C] | None:
        """The state after the message; the same state if its type has no fold. Raises pydantic's `ValidationError`."""
        fold = self.folds.get(message.type)
        after = fold(state, message.event()) if fold else state
        return Spread(after) if after is not None and not isinstance(after, Spread) else after

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the modules that declare its shape and its folds, without comments and docstrings."""
        shapes = [kind for of in (self.of, *self.beside) for kind in of.__mro__ if kind not in Copied.__mro__]
        says = [*shapes, *self.folds.values(), *self.fetches.values(), self.touched, self.tally]
        modules = {said.__module__ for said in says if said} - {__name__}
        code = "\n".join(sorted(bare(inspect.getsource(sys.modules[name])) for name in modules))
        return hashlib.sha256(code.encode()).hexdigest()[:12]


def bare(source: str) -> str:
    """Python code in one normal form, without comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [each for each in node.body if not is_docstring(each)] or [ast.Pass()]
    return ast.unparse(tree)


def is_docstring(statement: ast.stmt) -> bool:
    """A class's or a function's own, or that of a field."""
    return isinstance(statement, ast.Expr) and isinstance(getattr(statement.value, "value", None), str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Record):
    """A received event in a program's own record. `id` is its position: 1, 2, 3 … without gaps."""

    KIND: ClassVar[str] = "fact"

    position: int
    type: str
    subject: str
    sequence: int
    time: datetime
    source: str
    event_id: str
    value: bytes

    def event(self) -> Event | None:
        known = EVENTS.get(self.type)
        return known.model_validate_json(self.value) if known else None


class Recorder(Handler):
    """Keeps every event received of any kind, as `Kept`. One that breaks its contract is set aside, and is no fact."""

    name = "facts"

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset({"*"})

    def hears(self, kind: str) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """All that a program hears. `sources`: the services that it listens to."""

    sources: Sequence[str] = ()
    handlers: Sequence[Handler] = field(default=())

    def __post_init__(self) -> None:
        names = [handler.name for handler in self.handlers]
        if len(set(names)) < len(names):
            raise TypeError(f"Two of the same name among {', '.join(sorted(names))}: give each its own.")

    @property
    def copies(self) -> list[Copy[Any]]:
        """The copies in their order. They are folded before any effect runs, so that effects see what was told."""
        return [handler for handler in self.handlers if isinstance(handler, Copy)]

    @property
    def fetches(self) -> bool:
        return any(copy.fetches for copy in self.copies)

    def of(self, kind: str) -> list[Handler]:
        """The handlers that listen to a kind, copies first."""
        found = [handler for handler in self.handlers if handler.hears(kind)]
        return sorted(found, key=lambda handler: not isinstance(handler, Copy))

    def checks(self, message: Message) -> list[ClaimCheck]:
        """The content that must be here before a message is handled."""
        fetches = [copy.fetches.get(message.type) for copy in self.copies]
        return [check for fetch in fetches if fetch and (check := fetch(message.event()))]
