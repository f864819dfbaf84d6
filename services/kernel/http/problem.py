"""Errors as RFC 9457 problem documents with stable codes, in the caller's language, made in one place."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException

from services.kernel.contracts.describing import Described, described
from services.kernel.domain import refusals
from services.kernel.domain.decision import No, Refusal, TooMany, Unauthorized, Unknown, Words, Wrong
from services.kernel.domain.person import Rights
from services.kernel.http.once import Twice, Unasked
from services.kernel.http.sentences import sentence
from services.kernel.storage.mongo import is_away, not_answering
from services.kernel.telemetry import log

MEDIA_TYPE = "application/problem+json"
HTTP = {
    400: refusals.MALFORMED, 404: refusals.NO_ROUTE, 405: refusals.NO_METHOD, 413: refusals.REQUEST_TOO_LARGE,
}  # fmt: skip
"""What the framework says by status."""
LANGUAGE = re.compile(r"(?P<main>[a-z]{1,8}|\*)(-[a-z0-9-]+)?(\s*;\s*q\s*=\s*(?P<weight>\d(\.\d{0,3})?))?")
SHOWN = 5  # fields that the sentence for a whole request names


class FieldError(Described):
    """What is wrong with one field."""

    where: str
    """The field's path, as `body.title`."""
    problem: str
    """What to type instead."""


class Problem(Described):
    """An error (RFC 9457), in Chinese, or in English where `Accept-Language` prefers it."""

    type: str
    """The address of a page that explains the code."""
    title: str
    """The kind of problem, for people."""
    status: int
    """The status of the answer."""
    code: str
    """Stable and for programs."""
    detail: str
    """What is wrong and what to do, for people."""
    request: str | None = None
    """The request's id, which finds it in the log."""
    errors: Sequence[FieldError] = ()
    """The fields that are wrong, each with what to type instead."""


class AnsweredBefore(Exception):
    """The same `Idempotency-Key` came before with the same body, and gets the same answer."""

    def __init__(self, answer: bytes, status: int, etag: str) -> None:
        self.answer, self.status, self.etag = answer, status, etag


def prefers_english(accepted: str) -> bool:
    """By the weights of `Accept-Language` (RFC 9110, section 12.5.4): Chinese, unless English weighs more."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        if found := LANGUAGE.fullmatch(part.strip()):
            main, weight = found["main"], float(found["weight"] or 1)
            weights[main] = max(weight, weights.get(main, 0.0))
    other = weights.get("*", 0.0)
    return weights.get("en", other) > weights.get("zh", other)


def refusal(
    request: Request, error: No, errors: Iterable[tuple[str, Words]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The problem document. `errors`: what is wrong with which field."""
    english = prefers_english(request.headers.get("accept-language", ""))
    fields = list(errors)
    if not fields and error.refusal.field:
        fields = [(error.refusal.field, error.said)]
    portal = request.scope.get("state", {}).get("public_url", "")
    problem = Problem(
        type=f"{portal}/problems/{error.code}", title=error.title[english], status=error.status,
        code=error.code, detail=error.said[english], request=request_id(request),
        errors=[FieldError(where=where, problem=words[english]) for where, words in fields],
    )  # fmt: skip
    sent = {**(headers or {}), "Content-Language": "en" if english else "zh-CN", "Vary": "Accept-Language",
            "Cache-Control": "no-store"}  # fmt: skip
    if isinstance(error, Unknown) or error.status == 503:
        sent["Retry-After"] = "1"
    if isinstance(error, TooMany):
        sent["Retry-After"] = str(error.values["seconds"])
    if isinstance(error, Unauthorized):
        sent["WWW-Authenticate"] = "Bearer"
    return Response(problem.model_dump_json(exclude_none=True), error.status, headers=sent, media_type=MEDIA_TYPE)


def request_id(request: Request) -> str:
    found: str = request.scope.get("state", {}).get("request_id", "-")
    return found


def where(error: Mapping[str, Any]) -> str:
    """The path of the field; of unreadable JSON the whole body, as its place in the text is no field."""
    path = error["loc"][:1] if error["type"] == "json_invalid" else error["loc"]
    return ".".join(str(part) for part in path)


def malformed(request: Request, found: Sequence[Mapping[str, Any]]) -> Response:
    """For errors that pydantic found."""
    errors = [(where(error), sentence(error)) for error in found]
    some = errors[:SHOWN]
    said = Words("；".join(f"{at}：{w.zh}" for at, w in some), "; ".join(f"{at}: {w.en}" for at, w in some))
    return refusal(request, refusals.MALFORMED(problems=said), errors)


async def unforeseen(request: Request, error: Exception) -> Response:
    """Without details."""
    log.error("request.failed", exc_info=error)
    return refusal(request, refusals.INTERNAL())


async def no(request: Request, error: No) -> Response:
    return refusal(request, error)


async def by_pydantic(request: Request, error: RequestValidationError) -> Response:
    return malformed(request, error.errors())


async def by_framework(request: Request, error: HTTPException) -> Response:
    known = HTTP.get(error.status_code)
    if known is None:
        return await unforeseen(request, error)
    if known is refusals.MALFORMED:
        return refusal(request, known(problems=refusals.UNREADABLE), [("body", refusals.UNREADABLE)])
    return refusal(request, known(**dict.fromkeys(known.names, error.detail)), headers=error.headers)


async def by_twice(request: Request, error: Twice) -> Response:
    said = Wrong("同一项填写了两次，请只留一个。", "It stands twice. Leave one of them.")
    return malformed(request, [{"type": "value_error", "loc": (error.where, error.key), "ctx": {"error": said}}])


async def by_unasked(request: Request, error: Unasked) -> Response:
    zh, en = "、".join(error.known) or "无", ", ".join(error.known) or "none"
    said = Wrong(f"没有这个参数。可用：{zh}。", f"No such parameter. There are: {en}.")
    return malformed(request, [{"type": "value_error", "loc": ("query", error.name[:100]), "ctx": {"error": said}}])


async def by_database(request: Request, error: PyMongoError) -> Response:
    """A question outside a transaction failed: 503 if the database does not answer (ask again), else 500."""
    if not is_away(error):
        return await unforeseen(request, error)
    log.warning("database.away", error=f"{type(error).__name__}: {error}"[:500])
    return refusal(request, not_answering(error))


async def before(_: Request, error: AnsweredBefore) -> Response:
    headers = {"ETag": error.etag, "Idempotent-Replayed": "true"}
    return Response(error.answer, error.status, headers=headers, media_type="application/json")


HANDLERS: Mapping[type[Exception], Any] = {
    No: no, RequestValidationError: by_pydantic, Twice: by_twice, Unasked: by_unasked, HTTPException: by_framework,
    PyMongoError: by_database, AnsweredBefore: before, Exception: unforeseen,
}  # fmt: skip

Says = Mapping[str, Sequence[Refusal]]
"""By `METHOD /path`: what a route may answer of its own."""


def said_by(route: str, says: Says, *, guarded: bool) -> Sequence[Refusal]:
    """All that a route may answer."""
    writing = refusals.WRITING if guarded and not route.startswith("GET ") else ()
    return [*refusals.EVERYWHERE, *(refusals.GUARDED if guarded else ()), *writing, *says.get(route, ())]


def as_problems(document: dict[str, Any], says: Says, roles: Rights | None) -> dict[str, Any]:
    """An OpenAPI document with every problem that each route may answer, by status and code, and who may call it."""
    shapes = document.setdefault("components", {}).setdefault("schemas", {})
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    shapes |= {"Problem": shape, **shape.pop("$defs", {})}
    for unused in ("HTTPValidationError", "ValidationError"):
        shapes.pop(unused, None)
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            said["responses"].pop("422", None)
            for each in said_by(f"{method.upper()} {path}", says, guarded=roles is not None):
                add(said["responses"], each)
    return described(document, roles or {})


def add(responses: dict[str, Any], each: Refusal) -> None:
    found = responses.setdefault(str(each.no.status), {"description": each.no.title.en})
    if MEDIA_TYPE not in found.get("content", {}):
        codes: dict[str, Any] = {"properties": {"code": {"enum": []}}}
        shape = {"allOf": [{"$ref": "#/components/schemas/Problem"}, codes]}
        found["content"] = {**found.get("content", {}), MEDIA_TYPE: {"schema": shape, "examples": {}}}
    content = found["content"][MEDIA_TYPE]
    known = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
    if each.code not in known:
        known.append(each.code)
        value = {"type": f"/problems/{each.code}", "title": each.no.title.zh, "status": each.no.status,
                 "code": each.code, "detail": each.zh}  # fmt: skip
        content["examples"][each.code] = {"summary": each.en, "value": value}


def install(app: FastAPI, says: Says = MappingProxyType({}), roles: Rights | None = None) -> None:
    """Send every error of the app as a problem document. `says`: what its routes may answer, for its documentation.

    `roles`: who may call which of them, with a token; None: everybody, without one.
    """
    usual = app.openapi
    app.openapi = lambda: as_problems(usual(), says, roles)  # type: ignore[method-assign]  # FastAPI's way
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
