"""A small city to test with: two departments, two columns, made through the APIs as people would."""

from typing import Any

import httpx

from services.kernel.domain.calendar import day_of
from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from tests.support.programs import Suite
from tests.support.waiting import until

GROUNDS = {"E1": False, "E2": False, "E3": False, "E4": False, "E5": False}
LONG_AGO = 40 * 24 * 3600  # seconds
CONTACT = {"name": "欧阳测试", "phone": "13800009876", "email": "ouyang.test@example.com"}


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url} → {answer.status_code} {answer.text}"
    return answer.json()


def found(suite: Suite) -> dict[str, str]:
    """Departments `office` and `finance`, columns `news` and `notices`, known everywhere. Ids of columns by path.

    The departments were registered before this month began, so that it is scored.
    """
    suite.restart("columns", env={"CITYGATE_CLOCK_SHIFT": str(-LONG_AGO)})
    bureau, group = suite.client("columns", Role.IT_BUREAU), suite.client("columns", Role.LEADING_GROUP)
    for code, name in (("office", "市政府办公室"), ("finance", "市财政局")):
        about = {"kind": "government", "department_class": "III", "service_duties": True, "letter_duties": True}
        ok(
            bureau.post(
                "/departments", json={"code": code, "name": name, "phone": "0763-3300000", "address": "清远市"} | about
            )
        )
    suite.restart("columns")
    ids = {}
    for slug, name, cadence in (("news", "新闻动态", "news"), ("notices", "通知公告", "notice")):
        about = {"kind": "disclosure", "owner": "finance", "publishers": "all", "classes": ["G15"], "parent_id": None}
        column = ok(bureau.post("/columns", json={"slug": slug, "name": name, "cadence": cadence} | about))
        ok(group.post(f"/columns/{column['id']}/decision", json={"decision": "approve"}))
        ids[slug] = column["id"]
    gateway = suite.client("gateway")
    for slug in ids:
        until(lambda slug=slug: gateway.get(f"/api/v1/columns/{slug}").status_code == 200)  # type: ignore[misc]  # bound
    return ids


def draft(suite: Suite, column_id: str, *, title: str = "2026年市级预算公开", body: str = "**预算**正文。") -> Any:
    editor = suite.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    content = {
        "kind": "document",
        "column_id": column_id,
        "title": title,
        "summary": "摘要",
        "body": body,
        "disclosure_class": "G07",
        "made_on": day_of(now()).isoformat(),
        "keywords": ["预算"],
    }

    def accepted() -> Any:
        answer = editor.post("/items", json=content)
        assert answer.status_code != 409 or answer.json()["code"] != "unknown_yet"
        return ok(answer)

    return until(accepted)


def release(suite: Suite, item: Any) -> Any:
    """Submitted by its editor, released by another."""
    editor = suite.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    reviewer = suite.client("publishing", Role.REVIEWER, department="finance", sub="reviewer-1")
    submitted = ok(editor.post(f"/items/{item['id']}/submission"))
    review = {"decision": "release", "grounds": GROUNDS, "content_hash": submitted["content_hash"]}
    return ok(reviewer.post(f"/items/{item['id']}/review", json=review))


def published(suite: Suite, column_id: str, **content: str) -> Any:
    editor = suite.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    released = release(suite, draft(suite, column_id, **content))
    return ok(editor.post(f"/items/{released['id']}/publication"))


def write_letter(suite: Suite, *, title: str = "路灯不亮", consent: bool = True, key: str | None = None) -> Any:
    letter = {
        "kind": "complaint",
        "mailbox": "finance",
        "title": title,
        "text": "小区门口的路灯坏了三天。",
        "contact": CONTACT,
        "consent": consent,
    }
    headers = {"Idempotency-Key": key} if key else {}
    gateway = suite.client("gateway")

    def accepted() -> Any:
        answer = gateway.post("/api/v1/letters", json=letter, headers=headers)
        assert answer.status_code != 409 or answer.json()["code"] != "unknown_yet"
        return ok(answer)

    return until(accepted)
