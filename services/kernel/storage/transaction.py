"""Running an action as one transaction, again where it lost a race."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.kernel.domain.decision import Cause, No, Refused
from services.kernel.storage.mongo import Database, MongoReader, Session, asking, is_clash
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import ACTIONS, FACTS, log

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 10.0  # seconds a lost race is run again before the caller hears of it


@dataclass(slots=True)
class Copies:
    """Which collections hold the copies that are live now, by the copy's name. A unit asks once, when it begins."""

    live: Mapping[str, str] = field(default_factory=dict)


class Busy(No):
    """The same document was wanted by too many at once, for too long."""

    status, title = 503, "Busy"


class Transactor:
    """Runs an action as one transaction; runs it again when it lost a race, so that no client sees one."""

    def __init__(
        self, db: Database, cause: Cause, unsent: asyncio.Event | None = None, copies: Copies | None = None
    ) -> None:
        self.db, self.cause, self.unsent = db, cause, unsent or asyncio.Event()
        self.copies = copies or Copies()

    def because(self, cause: Cause) -> "Transactor":
        return Transactor(self.db, cause, self.unsent, self.copies)

    def on(self, copies: "Copies") -> "Transactor":
        """The same on other copies."""
        return Transactor(self.db, self.cause, self.unsent, copies)

    def reader(self) -> MongoReader:
        """For questions outside a transaction, on the copies that are live now."""
        return MongoReader(self.db, copies=self.copies.live)

    async def __call__(
        self, action: Callable[Concatenate[MongoUnit, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Raises what the action raises, `Refused("exists")` where a unique index says no, `Busy`, `Away` where MongoDB
        does not answer, and `MongoError` for what can never be written.
        """
        return await self.named(action.__name__, lambda unit: action(unit, *args, **kwargs))

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
        clock = asyncio.get_running_loop().time
        patience, clashes, attempt = clock() + PATIENCE, 0, 0
        while True:
            try:
                return await self._once(act)
            except PyMongoError as error:
                if is_clash(error):
                    clashes += 1
                    if clashes == 3:  # twice somebody else may just have made it; then it is a rule
                        raise Refused("exists", "It exists already.") from error
                elif not error.has_error_label("TransientTransactionError"):
                    raise
                if clock() > patience:
                    raise Busy("busy", "Too many changes at once. Try again in a moment.") from error
            await asyncio.sleep(0.002 * 2 ** min(attempt, 6))
            attempt += 1

    async def _once(self, act: Callable[[MongoUnit], Awaitable[T]]) -> T:
        async with await self.db.client.start_session() as session:
            session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority"))
            unit = MongoUnit(self.db, session, self.copies.live, self.cause)
            answer = await act(unit)
            await unit.flush()
            if unit.flushes:
                await settled(self._commit(session))
        for record in unit.facts:
            FACTS.labels(type=record["type"]).inc()
        if unit.tells:
            self.unsent.set()
        return answer

    async def _commit(self, session: Session) -> None:
        """Asks again while the outcome is unknown; a commit may be repeated."""
        patience = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                return await session.commit_transaction()
            except PyMongoError as error:
                unknown = error.has_error_label("UnknownTransactionCommitResult")
                if not unknown or asyncio.get_running_loop().time() > patience:
                    raise
            await asyncio.sleep(0.05)


async def settled(work: Coroutine[Any, Any, T]) -> T:
    """Wait until it is done even when cancelled: a cancelled write is not undone, and must not be left half way."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
