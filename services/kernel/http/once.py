"""JSON in which each key stands once: of two, each reader would believe another (RFC 8259, section 4)."""

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NoReturn

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute


class Twice(HTTPException):
    """A key stands twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__(422)
        self.key = key


class Once(Request):
    """A request whose JSON is read so."""

    async def json(self) -> Any:
        """Raises `Twice`, or `JSONDecodeError` for what is no JSON, as the word NaN."""
        return json.loads(await self.body(), object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise Twice(next(key for key in keys if keys.count(key) > 1))
    return found


def _no_number(word: str) -> NoReturn:
    raise json.JSONDecodeError("no number", word, 0)


class Route(APIRoute):
    """A route that reads its body so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await inner(Once(request.scope, request.receive))

        return read
