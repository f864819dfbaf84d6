"""Errors as RFC 9457 problem documents with stable codes, made in one place."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException

from services.kernel.domain.decision import No, Unknown
from services.kernel.storage.mongo import is_away, not_answering
from services.kernel.telemetry import log

MEDIA_TYPE = "application/problem+json"
CODES = {
    400: "request.malformed",
    404: "route.missing",
    405: "method.not_allowed",
    413: "request.too_large",
    416: "range.outside",
    503: "request.timeout",
}


class FieldError(BaseModel):
    """What is wrong with one field. `where`: its path, like `body.title`."""

    where: str
    problem: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable and for programs, `detail` is for people, `request` finds it in the log."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request: str | None = None
    errors: Sequence[FieldError] = ()


SAID = {
    401: "nobody known is calling", 403: "not for this caller", 404: "there is none",
    409: "its state does not allow it", 410: "it was erased", 412: "it changed since it was read",
    422: "it cannot be understood",
    503: "not available just now",
}  # fmt: skip
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": f"A problem: {said}", "model": Problem} for status, said in SAID.items()
}
"""The errors of every route that needs a token, for its OpenAPI document."""


class AnsweredBefore(Exception):
    """The same `Idempotency-Key` came before with the same body, and gets the same answer."""

    def __init__(self, answer: bytes, status: int, etag: str) -> None:
        self.answer, self.status, self.etag = answer, status, etag


class Malformed(No):
    """The request cannot be understood."""

    status, title = 422, "Malformed request"


def response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, problem.status, headers=headers, media_type=MEDIA_TYPE)


def refusal(request: Request, error: No) -> Response:
    problem = Problem(
        title=error.title, status=error.status, code=error.code, detail=error.detail, request=request_id(request)
    )
    headers = {"Retry-After": "1"} if isinstance(error, Unknown) or error.status == 503 else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return response(problem, headers)


def request_id(request: Request) -> str:
    found: str = request.scope.get("state", {}).get("request_id", "-")
    return found


def described(error: dict[str, Any]) -> FieldError:
    return FieldError(where=".".join(str(part) for part in error["loc"]), problem=str(error["msg"]))


def as_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Give errors in an OpenAPI document their media type, and describe FastAPI's own 422 as `Problem`."""
    for said in (said for path in document["paths"].values() for said in path.values()):
        for answer in said["responses"].values():
            content = answer.get("content", {})
            shape = content.get("application/json", {}).get("schema", {}).get("$ref", "")
            if shape.endswith(("/Problem", "/HTTPValidationError")):
                del content["application/json"]
                content[MEDIA_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return document


def install(app: FastAPI) -> None:
    """Send every error of the app as a problem document. An unforeseen error is a 500 without details."""
    usual = app.openapi
    app.openapi = lambda: as_problems(usual())  # type: ignore[method-assign]  # FastAPI's way to extend it

    @app.exception_handler(No)
    async def no(request: Request, error: No) -> Response:
        return refusal(request, error)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        errors = [described(e) for e in error.errors()]
        detail = "; ".join(f"{e.where}: {e.problem}" for e in errors[:5])
        return response(
            Problem(
                title=Malformed.title, status=422, code="request.malformed", detail=detail,
                request=request_id(request), errors=errors,
            )
        )  # fmt: skip

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code = CODES.get(error.status_code, f"http.{error.status_code}")
        detail = str(error.detail)
        problem = Problem(title=detail, status=error.status_code, code=code, detail=detail, request=request_id(request))
        return response(problem, dict(error.headers or {}))

    @app.exception_handler(PyMongoError)
    async def database(request: Request, error: PyMongoError) -> Response:
        """A question outside a transaction failed: 503 if the database does not answer (ask again), else 500."""
        if not is_away(error):
            return await unforeseen(request, error)
        log.warning("database.away", error=f"{type(error).__name__}: {error}"[:500])
        return refusal(request, not_answering(error))

    @app.exception_handler(AnsweredBefore)
    async def before(_: Request, error: AnsweredBefore) -> Response:
        headers = {"ETag": error.etag, "Idempotent-Replayed": "true"}
        return Response(error.answer, error.status, headers=headers, media_type="application/json")

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        log.error("request.failed", exc_info=error)
        detail = "Something went wrong on our side. The request number finds it in our log."
        return response(
            Problem(title="Internal error", status=500, code="internal", detail=detail, request=request_id(request))
        )
