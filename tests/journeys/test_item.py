"""An item from its draft to the portal, to its next revision, to its tombstone."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.kernel.domain.person import Role
from tests.support.city import GROUNDS, draft, ok, published, release
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


def test_a_published_item_is_on_the_portal_and_proves_that_it_was_seen(running: Suite) -> None:
    item = published(
        running, running.columns["news"], title="市级预算公开", body=r"正文 \<script>alert(1)\</script> **重点**"
    )
    gateway = running.client("gateway")

    page = until(lambda: (p := gateway.get(f"/items/{item['id']}")).status_code == 200 and p)

    assert "市级预算公开" in page.text
    assert "<strong>重点</strong>" in page.text
    assert "<script>" not in page.text
    assert item["shown"]["index_number"] in page.text
    seen = until(lambda: gateway.get(f"/api/v1/items/{item['id']}").json().get("seen_at"))
    assert seen >= item["shown"]["published_at"]
    assert "市级预算公开" in gateway.get("/columns/news").text
    assert "市级预算公开" in gateway.get("/").text


def test_everybody_can_have_the_ledger_verified_that_an_item_stands_in(running: Suite) -> None:
    item = published(running, running.columns["news"], title="台账可以核验")
    gateway = running.client("gateway")
    page = until(lambda: (p := gateway.get(f"/items/{item['id']}")).status_code == 200 and p)
    assert 'href="/ledger/finance"' in page.text

    found = ok(gateway.get("/api/v1/ledger/finance/verification"))

    entry = ok(gateway.get(f"/api/v1/items/{item['id']}"))["ledger"]
    assert (found["intact"], found["length"] >= entry["position"] >= 1) == (True, True)
    assert "台账完整" in gateway.get("/ledger/finance").text


def test_an_edit_after_the_release_voids_it(running: Suite) -> None:
    released = release(running, draft(running, running.columns["news"]))
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    content = {k: v for k, v in released["content"].items() if k not in ("body", "keywords")}
    ok(editor.put(f"/items/{released['id']}", json=content | {"body": "另一个正文", "keywords": []}))

    answer = editor.post(f"/items/{released['id']}/publication")

    assert (answer.status_code, answer.json()["code"]) == (409, "item.draft")


def test_nobody_reviews_their_own_work(running: Suite) -> None:
    item = draft(running, running.columns["news"])
    both = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    submitted = ok(both.post(f"/items/{item['id']}/submission"))
    same = running.client("publishing", Role.REVIEWER, department="finance", sub="editor-1")

    answer = same.post(
        f"/items/{item['id']}/review",
        json={"decision": "release", "grounds": GROUNDS, "content_hash": submitted["content_hash"]},
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "review.own")


def test_a_revision_takes_the_place_of_the_first_which_stays_readable(running: Suite) -> None:
    item = published(running, running.columns["notices"], title="原来的标题")
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    gateway = running.client("gateway")
    content = {k: v for k, v in item["content"].items() if k not in ("title", "body", "keywords")}
    edited = ok(
        editor.put(
            f"/items/{item['id']}",
            json=content | {"title": "更正后的标题", "body": "更正。", "keywords": [], "change_note": "更正标题"},
        )
    )
    until(lambda: "原来的标题" in gateway.get(f"/items/{item['id']}").text)
    release(running, edited)
    ok(editor.post(f"/items/{item['id']}/publication"))

    page = until(lambda: "更正后的标题" in (p := gateway.get(f"/items/{item['id']}")).text and p)

    assert "更正标题" in page.text
    assert "原来的标题" in gateway.get(f"/items/{item['id']}?revision=1").text


def test_a_withdrawn_item_leaves_a_tombstone(running: Suite) -> None:
    item = published(running, running.columns["news"], title="将被撤回的信息")
    gateway = running.client("gateway")
    until(lambda: gateway.get(f"/items/{item['id']}").status_code == 200)
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    ok(editor.post(f"/items/{item['id']}/withdrawal", json={"reason": "内容有误", "ground": "E2"}))

    page = until(lambda: (p := gateway.get(f"/items/{item['id']}")).status_code == 410 and p)

    assert "内容有误" in page.text
    assert "将被撤回的信息" not in gateway.get("/").text
    assert gateway.get(f"/api/v1/items/{item['id']}").status_code == 410


def test_the_ledger_of_a_department_holds(running: Suite) -> None:
    published(running, running.columns["news"])
    office = running.client("publishing", Role.OFFICE)

    verified = ok(office.get("/ledger/finance/verification"))

    assert verified["intact"]
    assert verified["length"] >= 1


def test_anyone_can_recompute_the_ledger_from_what_the_public_gets(running: Suite) -> None:
    """As docs/ledger.md says, from the portal's JSON alone."""
    first = published(running, running.columns["news"], title="预算", body="**提示：**五月起\n<https://www.gov.cn/>")
    second = published(
        running, running.columns["news"], title="决算", body="<p class=MsoNormal>面积 100m<sup>2</sup></p>"
    )
    gateway = running.client("gateway")

    def shown(item_id: str) -> dict[str, Any]:
        return until(lambda: (a := gateway.get(f"/api/v1/items/{item_id}")).status_code == 200 and a.json())

    before, view = shown(first["id"]), shown(second["id"])

    said = {
        "version": view["hash_version"], "kind": view["kind"], "column": view["column"]["id"], "title": view["title"],
        "summary": view["summary"], "body": view["body"], "class": view["disclosure_class"],
        "document_number": view["document_number"], "made_on": view["made_on"], "keywords": view["keywords"],
    }  # fmt: skip
    assert digest(said) == view["content_hash"]
    entry = {
        "department": view["department"]["code"], "position": view["ledger"]["position"], "item": view["id"],
        "revision": view["revision"], "index_number": view["index_number"], "content_hash": view["content_hash"],
        "at": datetime.fromisoformat(view["updated_at"]).astimezone(UTC).isoformat(timespec="milliseconds"),
        "loaded": view["ledger"]["loaded"], "previous": view["ledger"]["previous"],
    }  # fmt: skip
    assert digest(entry) == view["ledger"]["hash"]
    assert view["ledger"]["position"] > before["ledger"]["position"]
    if view["ledger"]["position"] == before["ledger"]["position"] + 1:
        assert view["ledger"]["previous"] == before["ledger"]["hash"]


def digest(said: dict[str, Any]) -> str:
    canonical = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
