"""Turns problem documents into pages that a citizen understands. Under /api they stay problem documents."""

import json
from collections.abc import Callable
from typing import Any

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.cache.page import SECURITY
from gateway.pages.render import HTML, rendered
from gateway.site import Site
from gateway.store import Few
from services.kernel.http.problem import MEDIA_TYPE

SAID = {
    400: ("请求有误", "浏览器发来的内容无法识别。请返回上一页重新操作。"),
    403: ("未予受理", "这个操作没有被允许。请从本网站的页面重新操作。"),
    404: ("没有找到这个页面", "地址可能有误，或者内容已经移到别处。可以从首页或栏目导航重新查找。"),
    405: ("不支持这样访问", "请从本网站的页面重新操作。"),
    408: ("内容没有到齐", "网络太慢或者中断了，提交的内容没有收到。请检查网络，返回上一页重新提交。"),
    410: ("内容已撤回", "这个页面的内容已经撤回，不再提供。"),
    413: ("内容过大", "提交的内容超出了允许的大小，请精简后再试。"),
    421: ("网址有误", "本网站没有这个域名。请从公布的网址访问。"),
    422: ("地址有误", "地址中有无法识别的部分。可以从首页或栏目导航重新查找。"),
    429: ("访问过于频繁", "请稍后再试。"),
    500: ("系统出错了", "我们这边出了问题，已经记录下来。请稍后再试。"),
    503: ("暂时无法提供服务", "系统正在恢复，请稍候片刻刷新本页。已经提交成功的来信不受影响。"),
}


MOVED = {"/docs": "/api/docs"}  # the framework's own page would load scripts from strangers


class Faults:
    """Wraps the whole app: security headers on every answer, and pages in place of problem documents."""

    def __init__(self, app: ASGIApp, site: Site, few: Callable[[], Few | None]) -> None:
        """`few`: the tree as far as it is at hand."""
        self.app, self.site, self.few = app, site, few
        self._made: dict[int, tuple[Few | None, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if elsewhere := MOVED.get(scope["path"]):
            return await RedirectResponse(elsewhere, 308)(scope, receive, send)
        translate = not scope["path"].startswith(("/api/", "/healthz"))
        held: Message | None = None
        body = b""

        async def facing(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start":
                message["headers"] = guarded(message["headers"])
                if translate and (b"content-type", MEDIA_TYPE.encode()) in message["headers"]:
                    held = message
                    return None
            elif held is not None:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    await self._send_page(scope, held, body, send)
                return None
            await send(message)

        await self.app(scope, receive, facing)

    async def _send_page(self, scope: Scope, start: Message, body: bytes, send: Send) -> None:
        status: int = start["status"]
        ours = status >= 500
        number = str(json.loads(body or b"{}").get("request", "")) if ours else ""
        html = explained(self.site, self.few(), status, number) if ours else self._known(status)
        kept = [(n, v) for n, v in start["headers"] if n not in (b"content-type", b"content-length")]
        headers = [
            (b"content-type", HTML.encode()),
            (b"content-length", b"%d" % len(html)),
            (b"cache-control", b"no-store"),
        ]
        await send({**start, "headers": headers + kept})
        await send({"type": "http.response.body", "body": html if scope["method"] != "HEAD" else b""})

    def _known(self, status: int) -> bytes:
        """The page for a fault of the client's.

        It is the same for everybody and made once for each tree, as anybody can ask for what is not there without end.
        """
        few = self.few()
        made = self._made.get(status)
        if made is None or made[0] is not few:
            made = self._made[status] = (few, explained(self.site, few, status))
        return made[1]


def guarded(headers: Any) -> list[tuple[bytes, bytes]]:
    """The headers, with the security headers that are missing."""
    present = {name for name, _ in headers}
    return [*headers, *(pair for pair in SECURITY if pair[0] not in present)]


def explained(site: Site, few: Few | None, status: int, number: str = "") -> bytes:
    """The page for a status; `number` is what to name when reporting a fault of ours."""
    title, text = SAID.get(status, SAID[500] if status >= 500 else SAID[400])
    return rendered(site, "fault.html", few, status=status, title=title, text=text, number=number)
