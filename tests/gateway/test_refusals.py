"""Each way in which the portal's JSON says no, met at its routes; what mailbox says passes through as it is."""

from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.mailbox import CODE, RECEIPT

pytestmark = pytest.mark.servers
API = "/api/v1"
LETTER = {
    "kind": "help", "mailbox": "mayor", "title": "求助", "text": "求助的内容", "consent": False,
    "contact": {"name": "欧阳明月", "phone": "13912345678"},
}  # fmt: skip
ENGLISH = {"Accept-Language": "en"}
PROVEN = {"code": CODE}
WAYS: dict[str, dict[str, Any]] = {
    "/letters": LETTER,
    f"/letters/{RECEIPT}/status": PROVEN,
    f"/letters/{RECEIPT}/rating": PROVEN | {"stars": 5, "solved": True},
}


@pytest.fixture
async def filled(portal_at: Portal) -> Portal:
    """With an item, and a month's scores."""
    await portal_at.hears(e.department(), e.column(), e.published(), e.assessed())
    return portal_at


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/columns/nowhere", 404, "column.missing"), ("/columns/news?cursor=x", 422, "cursor.malformed"),
        ("/items/none", 404, "item.missing"), ("/items/i1?revision=9", 404, "item.revision_missing"),
        ("/departments/none", 404, "department.missing"), ("/departments/finance?cursor=x", 422, "cursor.malformed"),
        ("/letters?cursor=x", 422, "cursor.malformed"), (f"/letters/{RECEIPT}", 404, "letter.not_public"),
        ("/ledger/none/verification", 404, "department.missing"), ("/scores/schemes/none/1", 404, "scheme.missing"),
        ("/scores/2020-01", 404, "month.missing"), ("/scores/2026-02/none", 404, "assessment.missing"),
        ("/scores/2026-02/none/facts?indicator=quantity", 404, "assessment.missing"),
        ("/scores/2026-02/finance/facts?indicator=none", 404, "indicator.missing"),
        ("/scores/2026-02/finance/facts?indicator=quantity&cursor=x", 422, "cursor.malformed"),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_refused_by_a_code_that_its_route_lists(
    filled: Portal, path: str, status: int, code: str
) -> None:
    answer = await filled.get(f"{API}{path}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def sent(portal: Portal, path: str, **headers: str) -> httpx.Response:
    return await portal.browser.post(f"{API}{path}", json=WAYS[path], headers=headers)


@pytest.mark.parametrize("path", WAYS)
async def test_whoever_asks_too_often_is_told_to_wait(portal_at: Portal, path: str) -> None:
    while (answer := await sent(portal_at, path)).status_code != 429:
        assert answer.status_code in (200, 201)

    assert answer.json()["code"] == "rate.exceeded"


@pytest.mark.parametrize("path", WAYS)
async def test_while_mailbox_is_away_each_way_to_it_says_so_and_when_to_come_back(portal_at: Portal, path: str) -> None:
    portal_at.mailbox.away = True

    answer = await sent(portal_at, path)

    assert (answer.status_code, answer.json()["code"]) == (503, "mailbox.away")
    assert answer.headers["retry-after"]


async def test_while_publishing_is_away_a_ledger_cannot_be_verified_and_that_is_not_kept(filled: Portal) -> None:
    filled.mailbox.away = True
    answer = await filled.get(f"{API}/ledger/finance/verification")

    assert (answer.status_code, answer.json()["code"]) == (503, "publishing.away")
    assert answer.headers["retry-after"]
    filled.mailbox.away = False
    assert (await filled.get(f"{API}/ledger/finance/verification")).status_code == 200


async def test_what_mailbox_refuses_comes_in_the_language_of_who_asked(portal_at: Portal) -> None:
    wrong = {"code": "0" * 10}
    chinese = await portal_at.browser.post(f"{API}/letters/{RECEIPT}/status", json=wrong)
    english = await portal_at.browser.post(f"{API}/letters/{RECEIPT}/status", json=wrong, headers=ENGLISH)

    assert chinese.json()["detail"].startswith("没有与这个受理编号和查询码相符的来信")
    assert english.json()["detail"].startswith("No letter has this receipt number")
    assert [answer.headers["content-language"] for answer in (chinese, english)] == ["zh-CN", "en"]


async def test_openapi_lists_what_mailbox_refuses_beside_the_portals_own(portal_at: Portal) -> None:
    paths = (await portal_at.get("/api/openapi.json")).json()["paths"]

    said = paths[f"{API}/letters/{{receipt}}/rating"]["post"]["responses"]
    codes = {code for each in said.values() for content in each.get("content", {}).values()
             for code in content.get("examples", {})}  # fmt: skip
    assert {"letter.rated", "letter.no_such_receipt", "idempotency_key.reused", "rate.exceeded"} <= codes
    assert "token.missing" not in codes
