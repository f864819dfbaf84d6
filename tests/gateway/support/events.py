"""Events with everything filled in; a test names only what it is about."""

from datetime import UTC, date, datetime
from typing import Any

from services.kernel.contracts import columns as c
from services.kernel.contracts import mailbox as m
from services.kernel.contracts import publishing as p
from services.kernel.contracts import scoring as s

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
DUE = datetime(2026, 3, 23, 16, 0, tzinfo=UTC)
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REVIEW = p.ReviewRecord(reviewed_at=AT, sealed_to=SHA, by_another=True, grounds_answered=tuple(p.Ground))
RECEIPT = "20260302-7K3M9Q"


def department(code: str = "finance", name: str = "市财政局", **other: Any) -> c.DepartmentRegistered:
    said = {
        "at": AT, "code": code, "name": name, "kind": c.DepartmentKind.GOVERNMENT,
        "department_class": c.DepartmentClass.I, "service_duties": True, "letter_duties": True,
        "phone": "0763-3360001", "address": "清远市清城区人民二路1号",
    }  # fmt: skip
    return c.DepartmentRegistered.model_validate(said | other)


def column(id: str = "c-news", path: str = "news", name: str = "政务要闻", **other: Any) -> c.ColumnOpened:
    said = {
        "at": AT, "column_id": id, "path": path, "tree_version": 1, "name": name, "parent_id": None, "level": 1,
        "position": 1, "kind": c.ColumnKind.DISCLOSURE, "cadence": c.Cadence.NEWS, "owner": "finance",
        "publishers": c.Publishers.OWNER, "classes": ("G15",),
    }  # fmt: skip
    return c.ColumnOpened.model_validate(said | other)


def retired(id: str = "c-news", path: str = "news", successor: str = "c-notices") -> c.ColumnRetired:
    return c.ColumnRetired(at=AT, column_id=id, path=path, tree_version=9, successor_id=successor, reason="栏目合并")


def shown(id: str = "i1", **other: Any) -> dict[str, Any]:
    said = {
        "at": AT, "item_id": id, "revision": 1, "column_id": "c-news", "department": "finance",
        "index_number": "finance-G07-2026-0001", "kind": p.ItemKind.ARTICLE, "title": "2026年市级预算公开",
        "summary": "摘要", "body": "<p>正文</p>", "disclosure_class": "G07", "document_number": "清财〔2026〕1号",
        "made_on": date(2026, 2, 27), "keywords": ("预算",), "published_at": AT, "content_hash": SHA,
        "review": REVIEW,
    }  # fmt: skip
    return said | other


def published(id: str = "i1", **other: Any) -> p.ItemPublished:
    return p.ItemPublished.model_validate(shown(id, **other))


def revised(id: str = "i1", revision: int = 2, change_note: str = "更正附表", **other: Any) -> p.ItemRevised:
    return p.ItemRevised.model_validate(shown(id, **other) | {"revision": revision, "change_note": change_note})


def withdrawn(id: str = "i1", **other: Any) -> p.ItemWithdrawn:
    said = {
        "at": DUE, "item_id": id, "revision": 1, "column_id": "c-news", "department": "finance",
        "reason": "内容有误", "ground": None,
    }  # fmt: skip
    return p.ItemWithdrawn.model_validate(said | other)


def refreshed(column: str = "c-news", **other: Any) -> p.DutyRefreshed:
    said = {
        "at": AT, "column_id": column, "owner": "finance", "cadence": c.Cadence.NEWS, "due_at": DUE,
        "rule": "cadences/1", "because": p.Activity.PUBLISHED, "due_soon_at": DUE,
    }  # fmt: skip
    return p.DutyRefreshed.model_validate(said | other)


def received(id: str = RECEIPT, **other: Any) -> m.LetterReceived:
    said = {
        "at": AT, "letter_id": id, "department": "finance", "kind": m.LetterKind.COMPLAINT, "mailbox": "mayor",
        "due_at": DUE, "rule": "letters/1", "provisional": False,
    }  # fmt: skip
    return m.LetterReceived.model_validate(said | other)


def answered(id: str = RECEIPT, **other: Any) -> m.LetterAnswered:
    said = {"at": AT, "letter_id": id, "department": "finance", "due_at": DUE}
    return m.LetterAnswered.model_validate(said | other)


def assessed(month: str = "2026-02", department: str = "finance", **other: Any) -> s.AssessmentPublished:
    said = {
        "at": AT, "assessment_id": f"{month}/{department}", "month": month, "department": department,
        "scheme": "qingyuan-2008/1", "department_name": "市财政局", "score": "87.50", "rank": 1,
        "lines": (LINE,), "position": 120, "calendar": "chinesecalendar-1.11.0", "computed_as_of": AT,
    }  # fmt: skip
    return s.AssessmentPublished.model_validate(said | other)


def adopted(id: str = "qingyuan-2008/2", **other: Any) -> s.SchemeAdopted:
    said = {
        "at": AT, "scheme_id": id, "name": "月度考评", "source": "清府办〔2008〕55号第十四条",
        "interpreter": "市政府办公室",
        "effective": date(2026, 1, 1), "whole_months": True, "ranked_from": "0.60", "indicators": (
            {"code": "review", "name": "公开前审查", "maximum": "5", "measure": "review/2",
             "explained": "审查完整的比例。"},
        ),
    }  # fmt: skip
    return s.SchemeAdopted.model_validate(said | other)


def line(*subjects: str) -> s.Line:
    """One that rests on facts about these."""
    said = [
        {"position": n, "type": "item.published", "subject": subject, "at": AT, "remark": "发布一条"}
        for n, subject in enumerate(subjects, 1)
    ]  # fmt: skip
    return s.Line.model_validate(LINE.model_dump() | {"facts": tuple(said)})


LINE = s.Line.model_validate(
    {
        "indicator": "quantity", "name": "发布数量", "measure": "quantity/1", "points": "15.00", "maximum": "20",
        "formula": "本月发布 9 条 ÷ 应发布 12 条 × 20 分 = 15.00 分",
        "facts": (
            {"position": 7, "type": "item.published", "subject": "item/i1", "at": AT, "remark": "发布一条"},
        ),
    }
)  # fmt: skip
