"""An editor's and a reviewer's way through the API."""

from typing import Any

import httpx

from services.kernel.domain.person import Role
from tests.support.services import Bearer

ITEM = {
    "kind": "document",
    "column_id": "c-budget",
    "title": "2026年市级预算",
    "summary": "摘要",
    "body": "# 预算\n\n正文。",
    "disclosure_class": "G07",
    "document_number": "清财〔2026〕1号",
    "made_on": "2026-02-27",
    "keywords": ["预算"],
}
NO_GROUND = {"E1": False, "E2": False, "E3": False, "E4": False, "E5": False}
Json = dict[str, Any]


class Desk:
    """What an editor and a reviewer of one department do, and that it succeeded."""

    def __init__(self, client: httpx.AsyncClient, bearer: Bearer) -> None:
        self.client = client
        self.editor, self.reviewer = bearer(Role.EDITOR), bearer(Role.REVIEWER)

    async def draft(self, **different: Any) -> Json:
        return done(await self.client.post("/items", json=ITEM | different, headers=self.editor), 201)

    async def step(self, item: Json, step: str, body: Json | None = None, **headers: str) -> httpx.Response:
        who = self.reviewer if step == "review" else self.editor
        return await self.client.post(f"/items/{item['id']}/{step}", json=body, headers=who | headers)

    async def edit(self, item: Json, **different: Any) -> httpx.Response:
        return await self.client.put(f"/items/{item['id']}", json=ITEM | different, headers=self.editor)

    @staticmethod
    def review_of(item: Json, **different: Any) -> Json:
        return {"decision": "release", "grounds": NO_GROUND, "content_hash": item["content_hash"]} | different

    async def released(self, item: Json) -> Json:
        waiting = done(await self.step(item, "submission"))
        return done(await self.step(item, "review", self.review_of(waiting)))

    async def public(self, **different: Any) -> Json:
        item = await self.released(await self.draft(**different))
        return done(await self.step(item, "publication"))


def done(answer: httpx.Response, status: int = 200) -> Json:
    assert answer.status_code == status, answer.text
    found: Json = answer.json()
    return found


def expect_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
