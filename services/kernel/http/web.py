"""What the APIs of all services share: bodies and views, who may call, answers."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Concatenate, ParamSpec, Self, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict
from pymongo import InsertOne

from services.kernel.contracts.describing import Described
from services.kernel.contracts.fields import IdempotencyKey, Trace
from services.kernel.contracts.mailbox import SENT
from services.kernel.domain import refusals
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Aggregate, Cause, Reader, Unit
from services.kernel.domain.person import Person, Rights
from services.kernel.domain.task import Task
from services.kernel.domain.terms import all_successors
from services.kernel.http.auth import Keys
from services.kernel.http.once import Route
from services.kernel.http.problem import AnsweredBefore, request_id
from services.kernel.storage.crypto import Unsealable, Vault
from services.kernel.storage.mongo import Database, MongoReader
from services.kernel.storage.sealing import DataKey
from services.kernel.storage.transaction import Transactor, name_of
from services.kernel.storage.unit import MongoUnit

P = ParamSpec("P")
T = TypeVar("T")


class Body(BaseModel):
    """What a client sends. An unknown field is an error."""

    model_config = SENT


class Shape(Described):
    """A JSON shape, filled from the fields of a state by name."""

    model_config = ConfigDict(from_attributes=True)


class View(Shape):
    """The shape of something that has a version."""

    version: int
    """Counts every change; `If-Match` takes it as `"3"`, and the `ETag` is it."""

    @classmethod
    def of(cls, state: object) -> Self:
        return cls.model_validate(state)


V = TypeVar("V", bound=View)


@dataclass(frozen=True, slots=True)
class Table:
    """The roles that may call each route, by `METHOD /path`. The domain checks whose department it is."""

    roles: Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What a request needs of its program; it lies in `app.state.doorway`. `do`: does a task that was begun."""

    transact: Transactor
    keys: Keys
    vault: Vault
    may: Table
    do: Callable[[str], asyncio.Task[Task]]


def doorway(request: Request) -> Doorway:
    found: Doorway = request.app.state.doorway
    return found


async def entered(request: Request) -> Doorway:
    return doorway(request)


Entered = Annotated[Doorway, Depends(entered)]


class Door(Route):
    """A route that checks its caller before it reads the body: 401 and 403 come first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def admit(request: Request) -> Response:
            door = doorway(request)
            by = await door.keys.person(request.headers.get("authorization"))
            name = f"{request.method} {self.path_format}"
            allowed = door.may.roles[name]
            if not by.is_any(*allowed):
                needed = ", ".join(sorted(allowed))
                raise refusals.ROLE_NOT_ALLOWED(route=name, roles=needed)
            request.state.admitted = by
            return await inner(request)

        return admit


async def admitted(request: Request) -> Person:
    found: Person = request.state.admitted
    return found


Admitted = Annotated[Person, Depends(admitted)]


async def caller(request: Request, by: Admitted) -> Person:
    """Who asks. They answer for what their departments answer for at this moment, as far as this program has heard."""
    return by.answering(await all_successors(doorway(request).transact.reader()), at=now()) if by.own else by


Caller = Annotated[Person, Depends(caller)]


async def expected(
    if_match: Annotated[str | None, Header(description='The version read, like `"3"`; 412 if it is another')] = None,
) -> int | None:
    if if_match is None:
        return None
    digits = if_match.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise refusals.IF_MATCH()
    return int(digits)


IfMatch = Annotated[int | None, Depends(expected)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An `Idempotency-Key`, bound to caller, method and path. `body`: the hash of the request's body."""

    id: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Answers one request: one action in one transaction, one view made inside it, its ETag, its kept answer."""

    transact: Transactor
    vault: Vault
    response: Response
    status: int
    key: Key | None

    async def __call__(
        self,
        view: Callable[[T], V],
        action: Callable[Concatenate[Unit, P], Awaitable[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> V:
        async def act(unit: MongoUnit) -> V:
            if self.key:
                await self._answered_before(unit, self.key)
            made = await action(unit, *args, **kwargs)
            shown = view(made)
            if self.key:
                unit.write("answers", self._kept(self.key, shown, personal_key(unit, made)))
            return shown

        shown = await self.transact.named(name_of(action), act)
        self.response.headers["ETag"] = f'"{shown.version}"'
        return shown

    async def _answered_before(self, unit: MongoUnit, key: Key) -> None:
        kept = await unit.db["answers"].find_one({"_id": key.id}, session=unit.session)
        if kept is None:
            return
        if kept["body"] != key.body:
            raise refusals.KEY_REUSED()
        try:
            answer = await self._opened(unit, kept)
        except Unsealable:
            raise refusals.ANSWER_GONE() from None
        raise AnsweredBefore(answer, kept["status"], kept["etag"])

    async def _opened(self, unit: MongoUnit, kept: dict[str, Any]) -> bytes:
        """The kept answer. Raises `Unsealable` if what it shows was erased, or if the key that sealed it is gone."""
        if not kept["subject"]:
            return self.vault.open(kept["answer"])
        kind, _, id = kept["subject"].partition("/")
        found = await unit.db[kind].find_one({"_id": id}, {"key": 1}, session=unit.session)
        if not found or "key" not in found:
            raise Unsealable("The key is gone.")
        return DataKey(self.vault, kept["subject"], found["key"]).decrypt(kept["answer"], f"answer/{kept['_id']}")

    def _kept(self, key: Key, shown: View, personal: DataKey | None) -> InsertOne[dict[str, Any]]:
        """The answer to keep. It is sealed, as it may hold what only this caller should see.

        If it shows what is personal, it is sealed under the key of that, and gone when that is erased.
        """
        plain = shown.model_dump_json().encode()
        answer = personal.encrypt(plain, f"answer/{key.id}") if personal else self.vault.seal(plain)
        etag, at = f'"{shown.version}"', datetime.now(UTC)
        return InsertOne(
            {
                "_id": key.id, "body": key.body, "subject": personal.subject if personal else None,
                "answer": answer, "status": self.status, "etag": etag, "at": at,
            }
        )  # fmt: skip


def personal_key(unit: MongoUnit, made: object) -> DataKey | None:
    """The key of what an action made. None if nothing in it is personal."""
    held = unit.held.get(f"{made.KIND}/{made.id}") if isinstance(made, Aggregate) else None
    return held.key if held and held.key.kept else None


async def answering(
    request: Request,
    response: Response,
    by: Admitted,
    idempotency_key: Annotated[IdempotencyKey | None, Header()] = None,
    traceparent: Annotated[Trace | None, Header()] = None,
) -> Answering:
    door = doorway(request)
    key = None
    if idempotency_key is not None:
        bound = "\n".join((by.sub, request.method, request.url.path, idempotency_key))
        body = hashlib.sha256(await request.body()).hexdigest()
        key = Key(id=hashlib.sha256(bound.encode()).hexdigest(), body=body)
    cause = Cause(who=by.sub, request=request_id(request), trace=traceparent)
    status = request.scope["route"].status_code or 200
    return Answering(transact=door.transact.because(cause), vault=door.vault, response=response, status=status, key=key)


Answer = Annotated[Answering, Depends(answering)]


async def reading(request: Request) -> Reader:
    return doorway(request).transact.reader()


Read = Annotated[Reader, Depends(reading)]


async def at_one_moment(request: Request) -> AsyncIterator[MongoReader]:
    async with doorway(request).transact.snapshot() as reader:
        yield reader


Snapshot = Annotated[MongoReader, Depends(at_one_moment)]
"""All its questions are answered as of one moment."""


async def make_indexes(db: Database) -> None:
    """Kept answers expire after a day."""
    await db["answers"].create_index([("at", 1)], expireAfterSeconds=86_400)
