"""The shortest way: a finished page is answered before any routing, limits or logging."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.cache.shelf import Shelf


class Hot:
    """Answers GET and HEAD of pages on the shelf. These requests are counted, not logged."""

    def __init__(self, app: ASGIApp, shelf: Shelf) -> None:
        self.app, self.shelf = app, shelf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            query = scope["query_string"]
            page = self.shelf.get(f"{scope['path']}?{query.decode('latin-1')}" if query else scope["path"])
            if page is not None:
                self.shelf.hits += 1
                return await page.answer(scope, send)
        await self.app(scope, receive, send)
