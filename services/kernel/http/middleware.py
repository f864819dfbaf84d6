"""What surrounds every request: an id, limits of size and time, a count and a line in the log. Pure ASGI."""

import asyncio
import re
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.domain import refusals
from services.kernel.http import problem
from services.kernel.telemetry import REQUESTS, bind, log

TAKEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
QUIET = {"/healthz"}


class Body:
    """What a client sends, `most` bytes of it. `awaited`: its next part is asked for and has not come.

    Raises a 413 as early as possible: by the announced length, or when too much has arrived.
    """

    def __init__(self, headers: Headers, receive: Receive, most: int) -> None:
        length = headers.get("content-length", "")
        self.announced = int(length) if length.isascii() and length.isdigit() else 0
        self.receive, self.most = receive, most
        self.received, self.awaited, self.ended = 0, False, False

    async def __call__(self) -> Message:
        self.awaited = not self.ended
        message = await self.receive()
        self.awaited, self.ended = False, not message.get("more_body", False)
        self.received += len(message.get("body", b""))
        if max(self.announced, self.received) > self.most:
            raise HTTPException(413, str(self.most))
        return message


class Edge:
    """Takes the client's `X-Request-ID` if it is a plain word, else makes one. Every answer carries it."""

    def __init__(self, app: ASGIApp, *, seconds: float, bytes: int, public_url: str) -> None:
        self.app, self.seconds, self.bytes, self.public_url = app, seconds, bytes, public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        id = given if TAKEN_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {}).update(request_id=id, public_url=self.public_url)
        began, status = perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = id
            await send(message)
            if message.get("more_body"):  # a stream may go on while its reader keeps up
                limit.reschedule(asyncio.get_running_loop().time() + self.seconds)

        body = Body(headers, receive, self.bytes)
        with bind(request=id):
            try:
                async with asyncio.timeout(self.seconds) as limit:
                    await self.app(scope, body, send_with_id)
            except TimeoutError:
                if status:
                    raise
                late = (refusals.BODY_LATE if body.awaited else refusals.TIMEOUT)(seconds=f"{self.seconds:g}")
                await problem.refusal(Request(scope), late)(scope, receive, send_with_id)
            finally:
                self._tell(scope, status, perf_counter() - began)

    @staticmethod
    def _tell(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        REQUESTS.labels(method=known_method(scope["method"]), route=route, status=status).observe(seconds)
        if scope["path"] not in QUIET:
            log.info("request", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))


def known_method(method: str) -> str:
    """The method, or `other`: a metric's label must not hold a word that a client made up."""
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
