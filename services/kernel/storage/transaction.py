"""Runs an action as one transaction, and runs it again if it lost a race."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar, Unpack

import stamina
import stamina.instrumentation
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.kernel.domain import refusals
from services.kernel.domain.decision import Cause, No
from services.kernel.storage.crypto import Vault
from services.kernel.storage.mongo import Database, MongoReader, asking, is_clash
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import ACTIONS, FACTS, log

stamina.instrumentation.set_on_retry_hooks([])  # a lost race is normal, and gets no line in the log


class Schedule(TypedDict):
    """How something is tried again. Times are in seconds."""

    attempts: int | None
    timeout: float
    wait_initial: float
    wait_max: float
    wait_jitter: float


P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 10.0  # seconds of trying again, until the caller gets an error
CLASHES = 3  # a unique index that says no so often is a rule; before, it may be a race
RACE: Schedule = {"attempts": None, "timeout": PATIENCE, "wait_initial": 0.002, "wait_max": 0.13, "wait_jitter": 0.002}
OUTCOME: Schedule = {"attempts": None, "timeout": PATIENCE, "wait_initial": 0.05, "wait_max": 0.5, "wait_jitter": 0.05}


@dataclass(slots=True)
class Copies:
    """The collections of the copies that are live now, by the copy's name. A unit reads this once, when it begins."""

    live: Mapping[str, str] = field(default_factory=dict)


class Transactor:
    """Runs an action as one transaction. It runs again when it lost a race, so that no client sees a race."""

    def __init__(
        self,
        db: Database,
        cause: Cause,
        unsent: asyncio.Event | None = None,
        copies: Copies | None = None,
        vault: Vault | None = None,
    ) -> None:
        self.db, self.cause, self.unsent = db, cause, unsent or asyncio.Event()
        self.copies, self.vault = copies or Copies(), vault

    def because(self, cause: Cause) -> "Transactor":
        return Transactor(self.db, cause, self.unsent, self.copies, self.vault)

    def on(self, copies: "Copies") -> "Transactor":
        """The same transactor on other copies."""
        return Transactor(self.db, self.cause, self.unsent, copies, self.vault)

    def reader(self) -> MongoReader:
        """For questions outside a transaction, on the copies that are live now."""
        return MongoReader(self.db, copies=self.copies.live, vault=self.vault)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[MongoReader]:
        """For questions that must all be answered as of one moment."""
        async with await self.db.client.start_session(snapshot=True) as session:
            yield MongoReader(self.db, session, copies=self.copies.live, vault=self.vault)

    async def __call__(
        self, action: Callable[Concatenate[MongoUnit, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Raises what the action raises, `Refused("exists")` if a unique index says no, `Busy`, `Away` if MongoDB does
        not answer, and `MongoError` for what can never be written.
        """
        return await self.named(name_of(action), lambda unit: action(unit, *args, **kwargs))

    async def named(self, name: str, act: Callable[[MongoUnit], Awaitable[T]]) -> T:
        outcome = "ok"
        try:
            with asking():
                return await self._until_settled(act)
        except No as no:
            outcome = no.code
            raise
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            ACTIONS.labels(action=name, outcome=outcome).inc()
            log.info("action", action=name, outcome=outcome, who=self.cause.who, request=self.cause.request)

    async def _until_settled(self, act: Callable[[MongoUnit], Awaitable[T]]) -> T:
        """Run the action again while it loses a race. A unique index that says no three times is a rule."""
        clashes = 0

        def lost_a_race(error: Exception) -> bool:
            nonlocal clashes
            clashes += isinstance(error, PyMongoError) and is_clash(error)
            return clashes < CLASHES and isinstance(error, PyMongoError) and may_settle(error)

        try:
            return await again(partial(self._once, act), on=lost_a_race, **RACE)
        except PyMongoError as error:
            if is_clash(error) and clashes >= CLASHES:
                raise refusals.EXISTS() from error
            if may_settle(error):
                raise refusals.BUSY() from error
            raise

    async def _once(self, act: Callable[[MongoUnit], Awaitable[T]]) -> T:
        async with await self.db.client.start_session() as session:
            session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"))
            unit = MongoUnit(self.db, session, self.copies.live, self.cause, self.vault)
            answer = await act(unit)
            await unit.flush()
            if unit.flushes:
                await settled(again(session.commit_transaction, on=is_unknown, **OUTCOME))
        for record in unit.facts:
            FACTS.labels(type=record["type"]).inc()
        if unit.tells:
            self.unsent.set()
        return answer


async def again(do: Callable[[], Awaitable[T]], *, on: Callable[[Exception], bool], **schedule: Unpack[Schedule]) -> T:
    """Do it, and again while it fails so. Most succeed at once: only who does not pays for a schedule."""
    try:
        return await do()
    except Exception as error:
        if not on(error):
            raise
    async for attempt in stamina.retry_context(on=on, **schedule):
        with attempt:
            return await do()
    raise AssertionError("unreachable: the last attempt returns or raises")


def name_of(action: Callable[..., object]) -> str:
    """As logs and metrics name it: `letter.accept`; only its own name where all actions lie in one module."""
    module = action.__module__.rpartition(".")[2]
    return action.__name__ if module == "actions" else f"{module}.{action.__name__}"


def may_settle(error: PyMongoError) -> bool:
    """Whether another run may succeed, because it sees the write that this one collided with."""
    return is_clash(error) or error.has_error_label("TransientTransactionError")


def is_unknown(error: Exception) -> bool:
    """Whether nobody knows if the commit happened. It may be repeated."""
    return isinstance(error, PyMongoError) and error.has_error_label("UnknownTransactionCommitResult")


async def settled(work: Coroutine[Any, Any, T]) -> T:
    """Wait until the work is done, even when cancelled: cancelling does not undo a write, and must not cut it short."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
