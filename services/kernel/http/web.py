"""What the APIs of all services share: bodies and views, who may knock, answers, pages of lists."""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Annotated, Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from fastapi import Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pymongo import InsertOne

from services.kernel.domain.decision import After, Cause, Forbidden, R, Reader, Unit
from services.kernel.domain.person import Person, Role
from services.kernel.http.auth import Keys
from services.kernel.http.problem import AnsweredBefore, Malformed, request_id
from services.kernel.storage.crypto import Vault
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit

P = ParamSpec("P")
T = TypeVar("T")


class Body(BaseModel):
    """What a client sends; a field nobody knows is an error, not a wish."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class View(BaseModel):
    """A JSON shape made from a state by the names of its fields. `version` is what `If-Match` takes."""

    model_config = ConfigDict(from_attributes=True)
    version: int

    @classmethod
    def of(cls, state: object) -> Self:
        return cls.model_validate(state)


V = TypeVar("V", bound=View)
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Table:
    """Who may knock: `METHOD /path` → roles. Whose it is, the domain says."""

    roles: Mapping[str, frozenset[Role] | set[Role]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What a request finds in `app.state.doorway`."""

    transact: Transactor
    keys: Keys
    vault: Vault
    may: Table


def doorway(request: Request) -> Doorway:
    found: Doorway = request.app.state.doorway
    return found


async def entered(request: Request) -> Doorway:
    return doorway(request)


Entered = Annotated[Doorway, Depends(entered)]


class Door(APIRoute):
    """A route that knows its caller before it reads the body (401, 403 first)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def admit(request: Request) -> Response:
            door = doorway(request)
            by = await door.keys.person(request.headers.get("authorization"))
            name = f"{request.method} {self.path_format}"
            allowed = door.may.roles[name]
            if not by.is_any(*allowed):
                needed = ", ".join(sorted(allowed))
                raise Forbidden("role.not_allowed", f"{name} needs one of these roles: {needed}.")
            request.state.caller = by
            return await inner(request)

        return admit


async def caller(request: Request) -> Person:
    found: Person = request.state.caller
    return found


Caller = Annotated[Person, Depends(caller)]


async def expected(
    if_match: Annotated[str | None, Header(description='The version read, like `"3"`')] = None,
) -> int | None:
    if if_match is None:
        return None
    digits = if_match.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 16):
        raise Malformed("if_match.malformed", 'If-Match takes the version as the ETag gave it, like "3".')
    return int(digits)


IfMatch = Annotated[int | None, Depends(expected)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An `Idempotency-Key` bound to caller, method and path; `body`: hash of what came with it."""

    id: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """One request: one action, one transaction, one view made inside it, its ETag, its kept answer."""

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
            shown = view(await action(unit, *args, **kwargs))
            if self.key:
                unit.write("answers", self._kept(self.key, shown))
            return shown

        shown = await self.transact.named(action.__name__, act)
        self.response.headers["ETag"] = f'"{shown.version}"'
        return shown

    async def _answered_before(self, unit: MongoUnit, key: Key) -> None:
        kept = await unit.db["answers"].find_one({"_id": key.id}, session=unit.session)
        if kept is None:
            return
        if kept["body"] != key.body:
            raise Malformed("idempotency_key.reused", "This Idempotency-Key came before with another body.")
        raise AnsweredBefore(self.vault.open(kept["answer"]), kept["status"], kept["etag"])

    def _kept(self, key: Key, shown: View) -> InsertOne[dict[str, Any]]:
        """Gone after a day; sealed, as it may hold what only this caller should see."""
        answer = self.vault.seal(shown.model_dump_json().encode())
        etag, at = f'"{shown.version}"', datetime.now(UTC)
        return InsertOne(
            {"_id": key.id, "body": key.body, "answer": answer, "status": self.status, "etag": etag, "at": at}
        )


async def answering(
    request: Request,
    response: Response,
    by: Caller,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
    traceparent: Annotated[str | None, Header(max_length=100)] = None,
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


async def vault(request: Request) -> Vault:
    return doorway(request).vault


Sealing = Annotated[Vault, Depends(vault)]


class Page(BaseModel, Generic[B]):
    """Part of a list. `next`: the `cursor` of what follows; null at the end."""

    items: Sequence[B]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where a client is in a list, and how much it wants."""

    limit: int
    after: After | None

    def page(self, found: Sequence[R], *, sort: str, view: Callable[[R], B]) -> Page[B]:
        """The page of what was found under `sort` with this limit; a full one may have a next."""
        full = len(found) == self.limit
        return Page(items=[view(record) for record in found], next=cursor(found[-1], sort) if full else None)


EARLIEST, LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)  # any zone's day fits


class Place(BaseModel):
    """The cursor's content: the sort field's value, by its type, and the id of the last one shown."""

    model_config = ConfigDict(extra="forbid", strict=True)

    moment: Annotated[AwareDatetime, Field(gt=EARLIEST, lt=LATEST)] | None = None
    text: str | None = None
    number: Annotated[int, Field(gt=-(2**63), lt=2**63)] | None = None  # what MongoDB can compare with
    id: str

    @property
    def value(self) -> datetime | str | int | None:
        return next((v for v in (self.moment, self.text, self.number) if v is not None), None)


def cursor(last: R, sort: str) -> str:
    value: Any = reduce(getattr, sort.removeprefix("-").split("."), last)
    name = "moment" if isinstance(value, datetime) else "number" if isinstance(value, int) else "text"
    place = Place.model_validate({name: value, "id": last.id})
    return base64.urlsafe_b64encode(place.model_dump_json(exclude_none=True).encode()).decode()


def paging(*, limit: int, cursor: str | None) -> Paging:
    """`Malformed` for a cursor that no page gave."""
    if cursor is None:
        return Paging(limit=limit, after=None)
    try:
        place = Place.model_validate_json(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as error:  # not base64, not JSON, not a place
        raise Malformed("cursor.malformed", "Take the cursor from the `next` of the page before, unchanged.") from error
    return Paging(limit=limit, after=After(place.value, place.id))


async def paged(
    limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> Paging:
    return paging(limit=limit, cursor=cursor)


Paged = Annotated[Paging, Depends(paged)]
