"""A stand-in for mailbox at the gateway's back door: what the gateway asks of it, and nothing more."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse

CODE = "0123456789"
RECEIPT = "20261123-STANDN"


@dataclass
class Mailbox:
    """`letters`: bodies taken in, by key. `away`: answer nothing but 503."""

    content: dict[str, bytes] = field(default_factory=dict)
    letters: dict[str, dict[str, Any]] = field(default_factory=dict)
    ratings: list[dict[str, Any]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    answer: str | None = "已经答复。"
    away: bool = False


def app(mailbox: Mailbox) -> FastAPI:
    made = FastAPI()

    def open_for(request: Request) -> None:
        mailbox.authorizations.add(request.headers.get("authorization", ""))
        if mailbox.away:
            raise HTTPException(503)

    @made.get("/content/{sha256}")
    async def content(sha256: str, request: Request) -> Response:
        open_for(request)
        mailbox.fetched.append(sha256)
        if sha256 not in mailbox.content:
            raise HTTPException(404)
        return Response(mailbox.content[sha256], media_type="application/json")

    @made.post("/letters")
    async def write(request: Request, idempotency_key: str = Header("none")) -> Response:
        open_for(request)
        body = await request.json()
        if mailbox.letters.setdefault(idempotency_key, body) != body:
            return JSONResponse({"code": "idempotency_key.reused"}, 422)
        made = {"version": 1, "receipt": RECEIPT, "code": CODE, "due_at": "2026-12-14T16:00:00Z"}
        return JSONResponse(made, 201)

    @made.post("/letters/{receipt}/status")
    async def status(receipt: str, request: Request) -> Response:
        open_for(request)
        if receipt != RECEIPT or (await request.json())["code"] != CODE:
            return JSONResponse({"code": "letter.missing"}, 404)
        return JSONResponse(
            {
                "version": 2, "receipt": RECEIPT, "kind": "help", "state": "answered", "title": "路灯", "text": "坏了",
                "department": "finance", "received_at": "2026-11-20T01:00:00Z", "due_at": "2026-12-14T16:00:00Z",
                "answered_at": "2026-11-21T01:00:00Z", "answer": mailbox.answer,
                "rating": mailbox.ratings[-1] if mailbox.ratings else None,
                "steps": [{"at": "2026-11-20T01:00:00Z", "state": "received", "department": "finance"}],
            }
        )  # fmt: skip

    @made.post("/letters/{receipt}/rating")
    async def rating(receipt: str, request: Request) -> Response:
        open_for(request)
        mailbox.ratings.append(await request.json())
        return JSONResponse({})

    return made
