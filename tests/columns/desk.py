"""What people do to departments and columns through the API, and that it succeeded."""

from typing import Any

import httpx

from services.kernel.domain.person import Role
from tests.support.services import Bearer

FINANCE = {
    "code": "finance", "name": "市财政局", "kind": "government", "department_class": "I", "service_duties": True,
    "letter_duties": True, "phone": "0763-3300001", "address": "清远市新城",
}  # fmt: skip
NEWS = {"slug": "news", "name": "新闻动态", "kind": "disclosure", "cadence": "news", "owner": "finance"}


class Desk:
    """What the IT bureau, an editor and the leading group do, and that it succeeded."""

    def __init__(self, client: httpx.AsyncClient, bearer: Bearer) -> None:
        self.client = client
        self.bureau, self.leaders = bearer(Role.IT_BUREAU), bearer(Role.LEADING_GROUP)
        self.editor = bearer(Role.EDITOR)

    async def propose(self, **different: Any) -> dict[str, Any]:
        return done(await self.client.post("/columns", json=NEWS | different, headers=self.bureau), 201)

    async def approve(self, column: dict[str, Any]) -> dict[str, Any]:
        said = {"decision": "approve"}
        return done(await self.client.post(f"/columns/{column['id']}/decision", json=said, headers=self.leaders), 200)

    async def open(self, **different: Any) -> dict[str, Any]:
        return await self.approve(await self.propose(**different))


def done(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def expect_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
