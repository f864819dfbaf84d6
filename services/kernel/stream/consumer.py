"""What a program does when it hears: effects through actions, copies through folds, a record of everything."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import C, Record, Unit
from services.kernel.domain.event import EVENTS, Event, Message

E = TypeVar("E", bound=Event)
Effect = Callable[[Unit, E], Awaitable[object]]
Fold = Callable[[C | None, E], C | None]


class Heard:
    """The effects of one program, by event: each message once, in the transaction of its effect."""

    def __init__(self) -> None:
        self.effects: dict[str, Effect[Any]] = {}

    def on(self, event: type[E]) -> Callable[[Effect[E]], Effect[E]]:
        def add(effect: Effect[E]) -> Effect[E]:
            self.effects[event.TYPE] = effect
            return effect

        return add


class Copy(Generic[C]):
    """A copy of another's aggregates: a pure fold, rebuildable from the log; its own document is the guard.

    `touched` names what is made from a record, before and after: it goes to `drops` in the same transaction.
    """

    def __init__(
        self, of: type[C], *, touched: Callable[[C | None, C | None], Iterable[str]] = lambda _before, _after: ()
    ) -> None:
        self.of, self.touched = of, touched
        self.folds: dict[str, Fold[C, Any]] = {}
        self.fetches: dict[str, Callable[[Any], ClaimCheck]] = {}

    def on(
        self, *events: type[E], fetch: Callable[[E], ClaimCheck] | None = None
    ) -> Callable[[Fold[C, E]], Fold[C, E]]:
        """`fetch` names the content that must be here before the fold: asked of its owner, verified, kept."""

        def add(fold: Fold[C, E]) -> Fold[C, E]:
            for event in events:
                if event.TYPE.partition(".")[0] != self.of.KIND:
                    raise TypeError(f"{event.TYPE} does not speak of a {self.of.KIND}")
                self.folds[event.TYPE] = fold
                if fetch is not None:
                    self.fetches[event.TYPE] = fetch
            return fold

        return add

    def fold(self, state: C | None, message: Message) -> C | None:
        """The state after; as it was for types without a fold. Raises pydantic's `ValidationError`."""
        fold = self.folds.get(message.type)
        return fold(state, message.event()) if fold else state


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Record):
    """A received event in a program's own record: `id` is its position, 1, 2, 3 … without gaps."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """All a program hears. `sources`: the services it listens to; `record`: keep every event received."""

    sources: Sequence[str] = ()
    heard: Heard | None = None
    copies: Sequence[Copy[Any]] = ()
    record: bool = False

    def copy_of(self, kind: str) -> Copy[Any] | None:
        return next((copy for copy in self.copies if kind == copy.of.KIND), None)

    def guard(self, kind: str) -> str | None:
        """The collection that holds the last sequence handled per aggregate of a kind; None: not listened to."""
        if self.copy_of(kind):
            return kind
        effects = self.heard.effects if self.heard else ()
        return "heard" if self.record or any(t.partition(".")[0] == kind for t in effects) else None

    def fetch(self, message: Message) -> ClaimCheck | None:
        copy = self.copy_of(message.kind)
        fetch = copy and copy.fetches.get(message.type)
        return fetch(message.event()) if fetch else None
