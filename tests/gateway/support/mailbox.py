"""A stand-in for mailbox at the gateway's back door: what the gateway asks of it, and nothing more.

`tests/contracts/test_mailbox_as_the_gateway_sees_it.py` asks the same of it and of the real one.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Header, Path, Response

from services.kernel.contracts.mailbox import NewLetter
from services.kernel.domain import refusals
from services.kernel.http import problem
from services.mailbox.api.bodies import Id, NewRating, Proof
from services.mailbox.domain import refusals as theirs

GATEWAY, HANDLER = "Bearer of-the-gateway", "Bearer of-a-handler"
CODE, RECEIPT = "0123456789", "20261123-STANDN"  # of the letter that is there and answered from the beginning
ANSWERED = {
    "kind": "help", "mailbox": "finance", "title": "路灯", "text": "坏了",
    "contact": {"name": "欧阳明月", "phone": "13912345678"}, "consent": True,
}  # fmt: skip
RECEIVED_AT, ANSWERED_AT, DUE_AT = "2026-11-20T01:00:00Z", "2026-11-21T01:00:00Z", "2026-12-14T16:00:00Z"
FIRST = {
    "mayor": "office",
    "any": "office",
    "finance": "finance",
    "archive": None,
}  # by mailbox, who gets it; None: answers no letters
INTACT = {"intact": True, "length": 3, "head": "5" * 64, "broken_at": None, "fault": None}
BROKEN = {"intact": False, "length": 3, "head": "5" * 64, "broken_at": 2, "fault": "its content is another"}
"""What publishing may say of a ledger: it is asked at the same door here."""


T = TypeVar("T")
Hash = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@dataclass
class Letter:
    """What was handed in, its code, and what became of it."""

    body: dict[str, Any]
    code: str
    answer: str | None = None
    rating: dict[str, Any] | None = None

    def shown(self, receipt: str) -> dict[str, Any]:
        """As its writer sees it."""
        department = FIRST[self.body["mailbox"]]
        steps = [(RECEIVED_AT, "received"), (ANSWERED_AT, "answered")][: 2 if self.answer else 1]
        return {name: self.body[name] for name in ("kind", "title", "text")} | {
            "version": len(steps), "receipt": receipt, "state": steps[-1][1], "department": department,
            "received_at": RECEIVED_AT, "due_at": DUE_AT, "last_day": DUE_AT[:10], "provisional": False,
            "answer": self.answer, "answered_at": ANSWERED_AT if self.answer else None, "rating": self.rating,
            "steps": [{"at": at, "state": state, "department": department} for at, state in steps],
        }  # fmt: skip


@dataclass
class Mailbox:
    """`letters`: by receipt. `kept`: answers by path and `Idempotency-Key`. `away`: answer nothing but 503.

    `provisional`: deadlines of new letters are.
    """

    content: dict[str, bytes] = field(default_factory=dict)
    letters: dict[str, Letter] = field(default_factory=lambda: {RECEIPT: Letter(ANSWERED, CODE, "已经答复。")})
    kept: dict[tuple[str, str], tuple[Any, Any]] = field(default_factory=dict)
    wrong_codes: Counter[str] = field(default_factory=Counter)
    fetched: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    trusted: str = GATEWAY
    away: bool = False
    provisional: bool = False
    broken: set[str] = field(default_factory=set)  # departments whose ledger is not as it was written

    @property
    def written(self) -> list[dict[str, Any]]:
        """What was handed in here, in order."""
        return [letter.body for receipt, letter in self.letters.items() if receipt != RECEIPT]

    def open_for(self, authorization: str | None = Header(None)) -> None:
        self.authorizations.add(authorization or "")
        if self.away:
            raise refusals.DATABASE_AWAY()
        if not authorization:
            raise refusals.TOKEN_MISSING()
        if authorization == HANDLER:
            raise refusals.ROLE_NOT_ALLOWED(route="this", roles="service")
        if authorization != self.trusted:
            raise refusals.TOKEN_MALFORMED()

    def once(self, path: str, key: str | None, body: Any, act: Callable[[], T]) -> T:
        """The same key with the same body gives the same answer; with another it is refused."""
        if key is None:
            return act()
        if (path, key) in self.kept:
            first, answer = self.kept[path, key]
            if first != body:
                raise refusals.KEY_REUSED()
            raise problem.AnsweredBefore(json.dumps(answer).encode(), 201 if path == "/letters" else 200, '"1"')
        made = act()
        self.kept[path, key] = body, made
        return made

    def receive(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["mailbox"] not in FIRST:
            raise refusals.UNKNOWN_YET(kind=refusals.called("department"), id=body["mailbox"])
        if FIRST[body["mailbox"]] is None:
            raise theirs.NO_MAILBOX(department=body["mailbox"])
        receipt, code = f"20261124-{len(self.letters):06}", f"{len(self.letters):010}"
        self.letters[receipt] = Letter(body, code)
        return {"version": 1, "receipt": receipt, "code": code, "due_at": DUE_AT, "last_day": DUE_AT[:10],
                "provisional": self.provisional}  # fmt: skip

    def proven(self, receipt: str, code: str) -> Letter:
        """An unknown receipt and a wrong code are answered and counted alike."""
        if self.wrong_codes[receipt] >= 10:
            raise theirs.TOO_MANY_CODES(seconds=600)
        found = self.letters.get(receipt)
        if found is None or found.code != code:
            self.wrong_codes[receipt] += 1
            raise theirs.NO_SUCH_RECEIPT()
        return found

    def rate(self, receipt: str, stars: int, solved: bool) -> dict[str, Any]:
        letter, rating = self.letters[receipt], {"stars": stars, "solved": solved}
        if letter.rating not in (None, rating):
            raise theirs.RATED()
        if letter.answer is None:
            raise theirs.NOT_RATEABLE()
        letter.rating = rating
        return {"version": 3, "receipt": receipt}

    def publish(self, data: bytes) -> str:
        """Content that an event may name from now on; its hash."""
        hash = sha256(data).hexdigest()
        self.content[hash] = data
        return hash


def app(mailbox: Mailbox) -> FastAPI:
    made = FastAPI(dependencies=[Depends(mailbox.open_for)])
    problem.install(made)

    @made.get("/content/{sha256}")
    async def content(sha256: Hash) -> Response:
        mailbox.fetched.append(sha256)
        if sha256 not in mailbox.content:
            raise refusals.CONTENT_MISSING()
        return Response(mailbox.content[sha256], media_type="application/json")

    @made.get("/ledger/{department}/verification")
    async def verification(department: str) -> Any:
        return {"department": department, **(BROKEN if department in mailbox.broken else INTACT)}

    @made.post("/letters", status_code=201)
    async def write(body: NewLetter, idempotency_key: str | None = Header(None)) -> Any:
        said = body.model_dump(mode="json", exclude_none=True)
        return mailbox.once("/letters", idempotency_key, said, lambda: mailbox.receive(said))

    @made.post("/letters/{receipt}/status")
    async def status(receipt: Id, body: Proof) -> Any:
        return mailbox.proven(receipt, body.code).shown(receipt)

    @made.post("/letters/{receipt}/rating")
    async def rating(receipt: Id, body: NewRating, idempotency_key: str | None = Header(None)) -> Any:
        mailbox.proven(receipt, body.code)
        path, said = f"/letters/{receipt}/rating", body.model_dump()
        return mailbox.once(path, idempotency_key, said, lambda: mailbox.rate(receipt, body.stars, body.solved))

    return made
