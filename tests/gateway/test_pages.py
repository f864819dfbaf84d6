"""Pages as readers and machines find them: a branch's items, times, one page for one address."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.contracts import columns as c
from services.kernel.contracts import publishing as p
from services.kernel.domain.clock import now
from tests.gateway.conftest import Portal
from tests.gateway.support import city
from tests.gateway.support import events as e
from tests.gateway.test_portal import PAGES

pytestmark = pytest.mark.servers


async def test_a_parent_column_shows_what_its_branch_holds(portal_at: Portal) -> None:
    await portal_at.hears(
        e.department(),
        e.column("c-top", "top", "政务公开"),
        e.column("c-mid", "top/mid", "财政信息", parent_id="c-top", level=2),
        e.column("c-leaf", "top/mid/leaf", "预算", parent_id="c-mid", level=3),
        e.column("c-mail", "top/mail", "信箱", parent_id="c-top", level=2, kind=c.ColumnKind.INTERACTION),
        e.column("c-empty", "top/empty", "空栏目", parent_id="c-top", level=2),
        e.published(column_id="c-leaf", title="市级预算"),
    )

    top, mid = await portal_at.get("/columns/top"), await portal_at.get("/columns/top/mid")

    for page in (top, mid):
        assert "市级预算" in page.text
    assert top.text.count("暂无信息") == 1  # of the column that is empty, and of no other
    assert "暂无信息" not in mid.text
    view = (await portal_at.get("/api/v1/columns/top")).json()
    assert [item["id"] for item in view["items"]["items"]] == ["i1"]
    assert {child["path"]: [item["id"] for item in child["latest"]] for child in view["children"]} == {
        "top/mid": ["i1"], "top/mail": [], "top/empty": [],
    }  # fmt: skip

    await portal_at.hears(e.published("i2", column_id="c-leaf", title="市级决算"))
    assert "市级决算" in (await portal_at.get("/columns/top")).text


async def test_a_text_that_nobody_here_made_keeps_nobody_waiting(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published(body="<div>" * 100_000))

    page = await portal_at.get("/items/i1")

    assert page.status_code == 200
    assert "&lt;div&gt;&lt;div&gt;" in page.text


async def test_every_time_on_a_page_is_one_that_machines_can_read(portal_at: Portal) -> None:
    portal_at.mailbox.content = city.contents()
    await portal_at.hears(*city.everything(now()))

    for path in (path for path in PAGES if not path.startswith("/api")):
        page = (await portal_at.get(path)).text
        times = re.findall(r'<time datetime="\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d\+08:00)?">', page)
        assert page.count("<time") == len(times), path


async def test_a_page_is_one_page_whatever_a_stranger_writes_behind_it(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column())
    plain = await portal_at.get("/columns/news")
    made, kept = portal_at.gateway.shelf.made, len(portal_at.gateway.shelf.pages)

    for query in ("?x=1", "?x=2", "?utm_source=a&utm_source=b", "?&&", "?%ff=%00"):
        answer = await portal_at.get(f"/columns/news{query}")
        assert (answer.status_code, answer.headers["etag"]) == (200, plain.headers["etag"]), query

    assert (portal_at.gateway.shelf.made, len(portal_at.gateway.shelf.pages)) == (made, kept)


async def test_a_large_branch_lists_its_items_by_time_and_each_once(
    portal_at: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.columns.MERGED", 2)  # columns that are asked of together
    columns = [e.column(f"c-{n}", f"top/{n}", f"栏目{n}", parent_id="c-top", level=2) for n in range(7)]
    items = [
        e.published(f"i{n}", column_id=f"c-{n % 7}", published_at=e.AT + timedelta(minutes=n * 37 % 23))
        for n in range(20)
    ]
    await portal_at.hears(e.department(), e.column("c-top", "top"), *columns, *items)

    found: list[str] = []
    query: dict[str, Any] = {"limit": 6}
    while True:
        portion = (await portal_at.browser.get("/api/v1/columns/top", params=query)).json()["items"]
        found += [item["id"] for item in portion["items"]]
        if portion["next"] is None:
            break
        query["cursor"] = portion["next"]

    assert found == [x.item_id for x in sorted(items, key=lambda x: (x.published_at, x.item_id), reverse=True)]


async def test_facts_of_a_score_go_by_the_title_of_what_they_speak_of_as_far_as_it_is_public(portal_at: Portal) -> None:
    await portal_at.hears(
        e.department(), e.column(), e.published(title="预算公开"), e.assessed(), e.refreshed(),
        e.assessed("2026-01", lines=(e.line("item/i1", "duty/c-news", "department/finance", "letter/L1", "item/i9"),)),
    )  # fmt: skip
    view = (await portal_at.get("/api/v1/scores/2026-01/finance")).json()
    assert [(fact["title"], fact["page"]) for fact in view["lines"][0]["facts"]] == [
        ("预算公开", "/items/i1"), ("政务要闻", "/columns/news"), ("市财政局", "/departments/finance"), ("L1", None),
        (None, None),
    ]  # fmt: skip
    assert ">预算公开</a>" in (await portal_at.get("/scores/2026-02/finance")).text

    await portal_at.hears(e.withdrawn())

    for path in ("/scores/2026-02/finance", "/scores/2026-02/finance/facts?indicator=quantity"):
        page = (await portal_at.get(path)).text
        assert "预算公开" not in page
        assert '<a href="/items/i1">finance-G07-2026-0001</a>' in page


async def test_an_item_leads_to_its_ledger_and_that_says_whether_it_is_whole(portal_at: Portal) -> None:
    entry = p.LedgerEntry(position=7, previous="a" * 64, hash="b" * 64, loaded=False)
    await portal_at.hears(e.department(), e.column(), e.published(ledger=entry))

    item = (await portal_at.get("/items/i1")).text
    assert [each for each in ("第 7 条", 'href="/ledger/finance"', "a" * 64, "b" * 64) if each not in item] == []
    assert "台账完整：3 条记录" in (await portal_at.get("/ledger/finance")).text
    view = (await portal_at.get("/api/v1/ledger/finance/verification")).json()
    assert (view["intact"], view["length"], view["department"]["name"]) == (True, 3, "市财政局")

    portal_at.mailbox.broken = {"finance"}
    portal_at.gateway.shelf.fall_all()
    assert "第 2 条与写入时不符" in (await portal_at.get("/ledger/finance")).text


async def test_the_rules_of_a_score_are_explained_one_step_from_it(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.assessed(scheme="qingyuan-2008/2"))
    assert "尚未公布考评方案" in (await portal_at.get("/scores/schemes")).text

    await portal_at.hears(e.adopted("qingyuan-2008/1", effective="2008-09-01", ranked_from="0"), e.adopted())

    for path in ("/scores/2026-02", "/scores/2026-02/finance", "/scores/schemes"):
        assert 'href="/scores/schemes/qingyuan-2008/2"' in (await portal_at.get(path)).text
    page = (await portal_at.get("/scores/schemes/qingyuan-2008/2")).text
    assert "审查完整的比例。" in page
    assert "不足全部满分的 60% 的，只计分，不参加排名" in page
    assert "不参加排名" not in (await portal_at.get("/scores/schemes/qingyuan-2008/1")).text
    listed = (await portal_at.get("/api/v1/scores/schemes")).json()["schemes"]
    assert [scheme["version"] for scheme in listed] == ["qingyuan-2008/2", "qingyuan-2008/1"]
    assert (await portal_at.get("/api/v1/scores/schemes/qingyuan-2008/1")).json()["indicators"][0]["maximum"] == "5"


async def test_departments_stand_in_the_order_of_their_sounds(portal_at: Portal) -> None:
    names = ["市财政局", "市档案局", "市教育局", "市卫生局", "市自然资源局"]
    codes = ["e", "d", "c", "b", "a"]
    await portal_at.hears(*(e.department(code, name) for code, name in zip(codes, names, strict=True)))

    page = (await portal_at.get("/departments")).text
    assert sorted(names, key=page.index) == names


async def test_a_fault_s_page_keeps_the_columns_at_its_foot(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column())
    await portal_at.get("/")
    assert 'href="/columns/news">政务要闻' in (await portal_at.get("/nothing")).text

    await portal_at.hears(e.column("c-notices", "notices", "通知公告"))
    await portal_at.get("/")
    assert 'href="/columns/notices">通知公告' in (await portal_at.get("/nothing")).text
