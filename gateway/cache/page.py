"""A finished page: bytes with their compressed forms, entity tags and headers, ready to be sent."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

import brotli
import zstandard
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        # connect-src: no script runs here, but auditors in a browser ask for /robots.txt as one would
        b"default-src 'none'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        b"base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
ASK_AGAIN, FOR_EVER = b"no-cache", b"public, max-age=31536000, immutable"
CODED: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes, "gzip": partial(gzip.compress, compresslevel=6, mtime=0), "br": partial(brotli.compress, quality=4),
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
}  # fmt: skip
"""What makes the bytes of each coding; the empty one leaves them as they are."""

PREFERRED = ("br", "zstd", "gzip")
WEIGHT = re.compile(r"q\s*=\s*([0-9.]+)")
OVERHEAD = 15_000  # bytes of memory a page takes beside its bodies: eight forms with their headers, measured


@dataclass(slots=True)
class Basis:
    """The keys of everything a page is made from, and the moment from which it would say something else."""

    rests: set[str] = field(default_factory=set)
    until: datetime | None = None

    def on(self, *keys: str) -> None:
        self.rests.update(keys)

    def expires(self, moment: datetime | None) -> None:
        if moment is not None and (self.until is None or moment < self.until):
            self.until = moment


@dataclass(frozen=True, slots=True)
class Form:
    """A page in one coding, ready to be sent many times: as ASGI messages, and as bytes for the socket."""

    start: dict[str, Any]
    body: dict[str, Any]
    line: bytes
    head: bytes

    @classmethod
    def of(cls, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> "Form":
        start = {"type": "http.response.start", "status": status, "headers": headers}
        line = b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
        head = b"".join(b"%s: %s\r\n" % header for header in headers) + b"\r\n"
        return cls(start, {"type": "http.response.body", "body": body}, line, head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`rests`: keys it was made from. `until`: seconds since 1970 by the host's clock, or infinite."""

    forms: dict[str, Form]
    tags: frozenset[bytes]
    unchanged: dict[str, Form]
    rests: frozenset[str]
    until: float
    size: int
    success: bool

    @classmethod
    def of(
        cls,
        body: bytes,
        media_type: str,
        *,
        status: int = 200,
        rests: Iterable[str] = (),
        until: float = float("inf"),
        caching: bytes = ASK_AGAIN,
    ) -> "Page":
        bodies = {encoding: pack(body) for encoding, pack in CODED.items()}
        mark = hashlib.blake2b(body + media_type.encode() + str(status).encode(), digest_size=12).hexdigest()
        forms, unchanged, tags = {}, {}, set()
        for encoding, packed in bodies.items():
            tag = f'"{mark}{encoding and "-" + encoding}"'.encode()
            tags.add(tag)
            common = [(b"etag", tag), (b"cache-control", caching), (b"vary", b"Accept-Encoding"), *SECURITY]
            headers = [(b"content-type", media_type.encode()), (b"content-length", b"%d" % len(packed)), *common]
            if encoding:
                headers.append((b"content-encoding", encoding.encode()))
            forms[encoding] = Form.of(status, headers, packed)
            unchanged[encoding] = Form.of(304, common, b"")
        return cls(
            forms=forms, tags=frozenset(tags), unchanged=unchanged, rests=frozenset(rests), until=until,
            size=sum(map(len, bodies.values())) + OVERHEAD, success=status < 300,
        )  # fmt: skip

    def form(self, headers: Iterable[tuple[bytes, bytes]]) -> Form:
        """The form that the client accepts best; a 304 if the client has this page already, and it is still there.

        A header may stand in several lines, which are one list (RFC 9110, 5.3); only what would be a success can be
        unchanged (13.2.1).
        """
        accepted = known = b""
        for name, value in headers:
            if name == b"accept-encoding":
                accepted = accepted + b"," + value if accepted else value
            elif name == b"if-none-match":
                known = known + b"," + value if known else value
        encoding = chosen(accepted)
        return (self.unchanged if known and self.success and self._is_known(known) else self.forms)[encoding]

    async def answer(self, scope: Scope, send: Send) -> None:
        """Send it; for HEAD, only the headers."""
        form = self.form(scope["headers"])
        await send(form.start)
        await send(form.body if scope["method"] != "HEAD" else NO_BODY)

    def _is_known(self, header: bytes) -> bool:
        if header in self.tags or header == b"*":
            return True
        return any(tag.strip().removeprefix(b"W/") in self.tags for tag in header[:2_000].split(b","))


NO_BODY = {"type": "http.response.body", "body": b""}


@lru_cache(maxsize=512)
def chosen(accepted: bytes) -> str:
    """The coding we prefer among those accepted (RFC 9110, 12.5.3); empty if none is."""
    weights = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, rest = part.partition(";")
        weight = WEIGHT.search(rest)
        weights[name.strip()] = _number(weight[1]) if weight else float("q" not in rest)
    others = weights.get("*", 0.0)
    best = max(PREFERRED, key=lambda name: weights.get(name, others))
    return best if weights.get(best, others) > 0 else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


class Finished(Response):
    """A page as a response of the framework."""

    def __init__(self, page: Page) -> None:
        self.page, self.background = page, None
        self.status_code = page.forms[""].start["status"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.page.answer(scope, send)
