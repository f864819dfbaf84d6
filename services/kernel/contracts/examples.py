"""One curated example of each event, as a city would say it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from services.kernel.contracts import columns as c
from services.kernel.contracts import gateway as g
from services.kernel.contracts import mailbox as m
from services.kernel.contracts import publishing as p
from services.kernel.contracts import scoring as s
from services.kernel.domain.calendars import DayOff
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.event import Event

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
DUE = datetime(2026, 3, 23, 16, 0, tzinfo=UTC)
FROM = datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def department(kind: type[c.DepartmentEvent]) -> Event:
    return kind(
        at=AT, code="finance", name="市财政局", kind=c.DepartmentKind.GOVERNMENT, department_class=c.DepartmentClass.I,
        service_duties=True, letter_duties=True, phone="0763-3300001", address="清远市新城",
    )  # fmt: skip


def column(kind: type[c.ColumnDescribed]) -> Event:
    return kind(
        at=AT, column_id="c-news", path="news", tree_version=3, name="新闻动态", parent_id=None, level=1, position=2,
        kind=c.ColumnKind.DISCLOSURE, cadence=c.Cadence.NEWS, owner="office", publishers=c.Publishers.OWNER,
        classes=("G15",),
    )  # fmt: skip


REVIEWED = s.IndicatorTold(
    code="review", name="审查", maximum=Decimal(5), measure="review/2", explained="审查完整的比例。"
)
REVIEW = p.ReviewRecord(reviewed_at=AT, sealed_to=SHA, by_another=True, grounds_answered=tuple(p.Ground))
ITEM = {"at": AT, "item_id": "i1", "revision": 1, "column_id": "c-news", "department": "finance"}
SHOWN = ITEM | {
    "index_number": "finance-G07-2026-0001", "kind": p.ItemKind.DOCUMENT, "title": "2026年市级预算",
    "summary": "摘要",
    "body": "<p>正文</p>", "disclosure_class": "G07", "document_number": "清财〔2026〕1号",
    "made_on": date(2026, 2, 27),
    "keywords": ("预算",), "published_at": AT, "content_hash": SHA, "review": REVIEW,
    "hash_version": 2, "ledger": p.LedgerEntry(position=12, previous=SHA, hash=SHA, loaded=False),
}  # fmt: skip
DUTY = {
    "at": AT, "column_id": "c-news", "owner": "office", "cadence": c.Cadence.NEWS, "due_at": DUE, "rule": "cadences/1",
}  # fmt: skip
LETTER = {"at": AT, "letter_id": "20260302-7K3M9Q", "department": "finance"}
MONTH = {
    "at": AT, "assessment_id": "2026-02/finance", "month": "2026-02", "department": "finance",
    "scheme": "qingyuan-2008/1",
}  # fmt: skip
LINE = s.Line(
    indicator="quantity", name="发布数量", measure="quantity/1", points=Decimal("15.00"), maximum=Decimal(20),
    formula="本月发布 9 条 ÷ 应发布 12 条 × 20 分 = 15.00 分",
    facts=(s.FactCited(position=7, type="item.published", subject="item/i1", at=AT, remark="发布一条"),),
)  # fmt: skip

ALL: list[Event] = [
    g.PortalObserved(
        at=AT, portal_id="2026-03-02T00Z", since=datetime(2026, 3, 2, 0, 0, tzinfo=UTC),
        until=datetime(2026, 3, 2, 1, 0, tzinfo=UTC), visits=1_204, slow=1, failed=0, renewed_at=AT,
    ),
    department(c.DepartmentRegistered),
    department(c.DepartmentChanged),
    c.DepartmentMerged(
        at=AT, code="trade", successor="commerce", effective_at=FROM, reason="机构改革：并入市商务局"
    ),
    c.DepartmentAbolished(
        at=AT, code="grain", successor="commerce", effective_at=FROM, reason="机构改革：撤销，职责由市商务局承担"
    ),
    column(c.ColumnProposed),
    column(c.ColumnOpened),
    column(c.ColumnChanged),
    c.ColumnMoved(
        at=AT, column_id="c-x", path="news/x", tree_version=4, from_path="x", parent_id="c-news", level=2, position=1
    ),
    c.ColumnRefused(at=AT, column_id="c-x", path="x", tree_version=4, reason="与现有栏目重复"),
    c.ColumnRetired(at=AT, column_id="c-x", path="x", tree_version=5, successor_id="c-news", reason="合并"),
    p.ItemSubmitted(**ITEM),
    p.ItemReturned(**ITEM),
    p.ItemReleased(**ITEM, review=REVIEW),
    p.ItemWithheld(**ITEM, ground=p.Ground.UNDER_DISCUSSION),
    p.ItemPublished(**SHOWN),
    p.ItemRevised(**(SHOWN | {"revision": 2}), change_note="更正附表"),
    p.ItemWithdrawn(**ITEM, reason="内容有误", ground=None),
    p.DutyRefreshed(**DUTY, because=p.Activity.PUBLISHED, due_soon_at=AT),
    p.DutyDueSoon(**DUTY),
    p.DutyStale(**DUTY),
    m.LetterReceived(
        **LETTER, kind=m.LetterKind.COMPLAINT, mailbox="mayor", due_at=DUE, rule="letters/1", provisional=False
    ),
    m.LetterAccepted(**LETTER),
    m.LetterTransferred(**LETTER, from_department="office"),
    m.LetterRedated(**LETTER, due_at=DUE, due_before=AT, calendar="calendar-2", provisional=False),
    m.LetterDueSoon(**LETTER, due_at=DUE),
    m.LetterOverdue(**LETTER, due_at=DUE, rule="letters/1"),
    m.LetterAnswered(**LETTER, due_at=DUE),
    m.LetterRated(**LETTER, stars=5, solved=True),
    m.LetterClosed(**LETTER),
    m.LetterHidden(**LETTER),
    m.LetterDisclosed(**LETTER, extract=ClaimCheck(sha256=SHA, size=4, media_type="application/json")),
    m.CalendarChanged(
        at=AT, year=2026, version=2, off=(DayOff(date(2026, 1, 1), "元旦"),), make_up=(date(2026, 1, 4),),
        source="国办发明电〔2025〕7号",
    ),
    s.SchemeAdopted(
        at=AT, scheme_id="qingyuan-2008/2", name="清远市政府网站内容保障月度考评（四项）",
        source="清府办〔2008〕55号第十四条", interpreter="清远市人民政府办公室", effective=date(2026, 1, 1),
        whole_months=True, ranked_from=Decimal("0.60"), indicators=(REVIEWED,),
    ),
    s.AssessmentClosed(**MONTH, position=120, score=Decimal("87.50")),
    s.AssessmentPublished(
        **MONTH, department_name="市财政局", score=Decimal("87.50"), rank=3, lines=(LINE,), position=120,
        calendar="chinesecalendar-1.11.0", computed_as_of=AT,
    ),
]  # fmt: skip
EXAMPLES = {event.TYPE: event for event in ALL}
