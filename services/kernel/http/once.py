"""What is asked stands once and is known: of two keys, each reader would believe another (RFC 8259, section 4).

A parameter that no route knows would be passed over in silence, and a list would look filtered that is not.
"""

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NoReturn, get_origin

from fastapi import HTTPException, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute


class Twice(HTTPException):
    """A key stands twice, in one object or in the query. `where`: `body` or `query`."""

    def __init__(self, where: str, key: str) -> None:
        super().__init__(422)
        self.where, self.key = where, key


class Unasked(HTTPException):
    """A query parameter that the route does not have. `known`: those it has."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(422)
        self.name, self.known = name, known


class Once(Request):
    """A request whose JSON is read so."""

    async def json(self) -> Any:
        """Raises `Twice`, or `JSONDecodeError` for what is no JSON, as the word NaN."""
        return json.loads(await self.body(), object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Twice("body", _twice([key for key, _ in pairs]))
    return found


def _twice(keys: Sequence[str]) -> str:
    return next(key for key in keys if keys.count(key) > 1)


def _no_number(word: str) -> NoReturn:
    raise json.JSONDecodeError("no number", word, 0)


def _must_be_asked(request: Request, known: Mapping[str, bool]) -> None:
    query = request.query_params
    for name in query:
        if name not in known:
            raise Unasked(name, list(known))
    single = [name for name, _ in query.multi_items() if not known[name]]
    if len(set(single)) < len(single):
        raise Twice("query", _twice(single))


class Route(APIRoute):
    """A route that reads its query and its body so: raises `Unasked` or `Twice`. Lists in a query repeat their name."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()
        fields = [each for each in get_flat_params(self.dependant) if isinstance(each.field_info, Query)]
        known = {each.alias: get_origin(each.field_info.annotation) is list for each in fields}

        async def read(request: Request) -> Response:
            once = Once(request.scope, request.receive)
            _must_be_asked(once, known)
            return await inner(once)

        return read
