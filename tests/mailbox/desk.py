"""A citizen's way through the gateway, and a handler's through the API."""

from typing import Any

import httpx

from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from tests.mailbox.examples import NEW
from tests.support.services import Bearer

Json = dict[str, Any]
WRONG, NOWHERE = "0000000000", "20260101-AAAAAA"  # a code nobody has, a receipt of no letter
EXTRACT = {"title": "小区路灯维修", "question": "路灯坏了。", "answer": "已修复。"}


class Desk:
    """What a citizen and a handler of one department do."""

    def __init__(self, client: httpx.AsyncClient, bearer: Bearer) -> None:
        self.client, self.bearer = client, bearer
        self.gateway, self.handler, self.office = bearer(Role.SERVICE), bearer(Role.HANDLER), bearer(Role.OFFICE)

    async def hand_in(self, *, key: str | None = None, **different: Any) -> httpx.Response:
        headers = self.gateway | ({"Idempotency-Key": key} if key else {})
        return await self.client.post("/letters", json=NEW | different, headers=headers)

    async def write(self, **different: Any) -> Json:
        """The receipt, with the code."""
        return done(await self.hand_in(**different), 201)

    async def letter(self, receipt: str) -> Json:
        return done(await self.client.get(f"/letters/{receipt}", headers=self.office))

    async def step(self, receipt: str, step: str, body: Json | None = None, **headers: str) -> httpx.Response:
        return await self.client.post(f"/letters/{receipt}/{step}", json=body, headers=self.handler | headers)

    async def ask(self, receipt: str, code: str) -> httpx.Response:
        """As its writer."""
        return await self.client.post(f"/letters/{receipt}/status", json={"code": code}, headers=self.gateway)

    async def rate(self, receipt: str, code: str, stars: object = 5) -> httpx.Response:
        body = {"code": code, "stars": stars, "solved": True}
        return await self.client.post(f"/letters/{receipt}/rating", json=body, headers=self.gateway)

    async def answered(self, **different: Any) -> Json:
        """The receipt of a letter that has been answered."""
        written = await self.write(**different)
        done(await self.step(written["receipt"], "acceptance"))
        done(await self.step(written["receipt"], "answer", {"text": "路灯已于今日修复。"}))
        return written


def done(answer: httpx.Response, status: int = 200) -> Json:
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


def expect_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def journal(program: Program, receipt: str) -> list[Json]:
    """All records of a letter, in order."""
    found = program.db["journal"].find({"subject": f"letter/{receipt}"}).sort([("version", 1), ("n", 1)])
    return await found.to_list(None)


def another(code: str) -> str:
    """A code that is not this one."""
    return WRONG if code != WRONG else "1111111111"
