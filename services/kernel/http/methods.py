"""Methods as RFC 9110, section 9, has them: HEAD as GET without a body, OPTIONS, and an `Allow` that is true."""

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def allowed(app: FastAPI, scope: Scope) -> Sequence[str]:
    """The methods that this address takes; none where there is nothing."""
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] == Match.FULL for route in app.router.routes)
    ]
    return [*found, *(["HEAD"] if "GET" in found else []), "OPTIONS"] if found else []


class Methods:
    """Answers HEAD and OPTIONS for an app whose routes name only the other methods, and says on a 405 what is taken."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method")
        if method == "OPTIONS" and (taken := allowed(self.app, scope)):
            await send({"type": "http.response.start", "status": 204, "headers": [allow(taken)]})
            await send({"type": "http.response.body", "body": b""})
        elif method == "HEAD":
            asked = {**scope, "method": "GET"}
            await self.app(asked, receive, without_body(send))
            if "route" in asked:  # for who counts by it
                scope["route"] = asked["route"]
        else:
            await self.app(scope, receive, self.with_allow(scope, send))

    def with_allow(self, scope: Scope, send: Send) -> Send:
        async def said(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                others = [header for header in message["headers"] if header[0] != b"allow"]
                message = {**message, "headers": [*others, allow(allowed(self.app, scope))]}
            await send(message)

        return said


def allow(taken: Sequence[str]) -> tuple[bytes, bytes]:
    return b"allow", ", ".join(taken).encode()


def without_body(send: Send) -> Send:
    """The headers as they are, the length among them."""

    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return headers_only
