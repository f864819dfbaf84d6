"""Pages as readers and machines find them: a branch's items, times, one page for one address."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.kernel.contracts import columns as c
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
