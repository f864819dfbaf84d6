"""A citizen's own letter, for programs: written, followed and rated through mailbox; nothing of it stays here."""

import re
from typing import Annotated

import httpx
from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import AfterValidator, BaseModel

from gateway import refusals
from gateway.limits import LETTERS, Counted, ask_mailbox, may_ask, may_write
from gateway.upstream import Own, Written
from services.kernel.contracts.describing import Described, Told, example
from services.kernel.contracts.fields import QueryCode, Receipt, Solved, Stars
from services.kernel.contracts.mailbox import NewLetter
from services.kernel.domain.decision import Wrong
from services.kernel.domain.refusals import ANSWER_GONE, KEY_REUSED
from services.kernel.http.once import Route
from services.kernel.http.problem import MEDIA_TYPE, Says
from services.kernel.http.web import Body

router = APIRouter(prefix="/api/v1", route_class=Route)

ReceiptInPath = Annotated[Receipt, Path()]
PASSING = (refusals.TOO_OFTEN, refusals.MAILBOX_AWAY)
SAYS: Says = {
    "POST /api/v1/letters": (*PASSING, KEY_REUSED, ANSWER_GONE, *refusals.passed_on("POST /letters")),
    "POST /api/v1/letters/{receipt}/status": (*PASSING, *refusals.passed_on("POST /letters/{id}/status")),
    "POST /api/v1/letters/{receipt}/rating": (
        *PASSING, KEY_REUSED, ANSWER_GONE, *refusals.passed_on("POST /letters/{id}/rating"),
    ),
}  # fmt: skip
KEY, VARIED = re.compile(r"[A-Za-z0-9_-]{22,255}"), 8  # different characters; a random key has more
OF_MAILBOX = ("content-language", "retry-after", "vary", "idempotent-replayed")
"""Headers of its answers that are passed on."""


class WithCode(Body):
    """What only the writer knows."""

    model_config = example(code="4831957260")

    code: QueryCode


class Rating(WithCode):
    """What the writer thinks of the answer."""

    model_config = example(code="4831957260", stars=5, solved=True)

    stars: Stars
    solved: Solved


class Rated(Described):
    """That the judgement was kept."""

    receipt: Told[Receipt]


def unguessable(key: str) -> str:
    """A public key: whoever has it gets the first answer again, with its code."""
    if not KEY.fullmatch(key) or len(set(key)) < VARIED:
        raise Wrong(
            "请用至少22个随机字符（字母、数字、连字符、下划线）作 Idempotency-Key，例如 UUID。",
            "Send at least 22 random letters, digits, hyphens and underscores as the Idempotency-Key, as a UUID has.",
        )
    return key


Key = Annotated[
    Annotated[str, AfterValidator(unguessable)] | None,
    Header(
        description="At least 22 random characters, as a UUID has: the same key and body within a day get the same "
        "answer, with the code", examples=["0f8fad5b-d9cb-469f-a165-70867728950e"],
    ),
]  # fmt: skip


@router.post(
    "/letters", status_code=201, summary="Write a letter; the receipt and the code are shown once",
    response_model=Written, tags=["letters"],
)  # fmt: skip
async def write(request: Request, body: NewLetter, idempotency_key: Key = None) -> Response:
    """It is confirmed once it is durable, and its clock runs. Keep receipt and code: they are the way back to it."""
    return await _passed_on(request, LETTERS, body, idempotency_key, may_write(request))


@router.post(
    "/letters/{receipt}/status", summary="One's own letter, with its code", response_model=Own, tags=["letters"]
)
async def status(request: Request, receipt: ReceiptInPath, body: WithCode) -> Response:
    """Where it stands, until when it is answered, and the answer. Kept nowhere on the way."""
    return await _passed_on(request, f"/letters/{receipt}/status", body, None, may_ask(request))


@router.post(
    "/letters/{receipt}/rating", summary="Rate the answer, with the letter's code", response_model=Rated,
    tags=["letters"],
)  # fmt: skip
async def rating(request: Request, receipt: ReceiptInPath, body: Rating, idempotency_key: Key = None) -> Response:
    """Once, after the answer. It counts in the statistics of the department."""
    return await _passed_on(request, f"/letters/{receipt}/rating", body, idempotency_key, may_ask(request))


async def _passed_on(request: Request, path: str, body: BaseModel, key: str | None, counted: Counted) -> Response:
    """Mailbox's own answer, its problems too; kept nowhere. A letter counts only once it was taken."""
    said, language = body.model_dump(mode="json", exclude_none=True), request.headers.get("accept-language")
    try:
        answer = await ask_mailbox(request, path, said, counted, key=key, language=language)
    except httpx.TransportError as error:
        raise refusals.MAILBOX_AWAY() from error
    media_type = MEDIA_TYPE if answer.is_error else "application/json"
    headers = {"Cache-Control": "no-store"}
    headers |= {name: answer.headers[name] for name in OF_MAILBOX if name in answer.headers}
    return Response(answer.content, answer.status_code, headers=headers, media_type=media_type)
