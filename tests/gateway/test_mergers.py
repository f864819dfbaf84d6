"""What the portal shows of departments that merge and of columns that change and move."""

from datetime import timedelta

import pytest

from gateway.projections import Column
from gateway.store.few import Few
from services.kernel.contracts import columns as c
from services.kernel.domain.clock import now
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.test_projections import folded
from tests.support.waiting import eventually

servers = pytest.mark.servers
HEALTH = e.department("health", "市卫生局")


def merged(code: str = "finance", successor: str = "health", **other: object) -> c.DepartmentMerged:
    said = {"at": e.AT, "code": code, "successor": successor, "effective_at": e.AT, "reason": "机构改革"}
    return c.DepartmentMerged.model_validate(said | other)


def moved(id: str, path: str, was: str, parent: str | None) -> c.ColumnMoved:
    return c.ColumnMoved(
        at=e.AT, column_id=id, path=path, tree_version=2, from_path=was, parent_id=parent,
        level=path.count("/") + 1, position=1,
    )  # fmt: skip


@servers
async def test_the_page_of_a_merged_department_says_where_its_matters_went(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), HEALTH, e.column(), e.published())
    assert "市卫生局" not in (await portal_at.get("/departments/finance")).text

    await portal_at.hears(merged())

    page = (await portal_at.get("/departments/finance")).text
    assert "撤并" in page
    assert '<a href="/departments/health">市卫生局</a>' in page
    assert "2026年市级预算公开" in page, "what was published with its name stays"
    found = (await portal_at.get("/api/v1/departments/finance")).json()
    assert (found["successor"], found["columns"]) == ({"code": "health", "name": "市卫生局"}, [])
    assert "现由市卫生局办理" in (await portal_at.get("/departments")).text
    item = (await portal_at.get("/api/v1/items/i1")).json()
    assert item["department"]["code"] == "finance"


@servers
async def test_the_successor_answers_for_the_columns_and_names_what_it_took_over(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), HEALTH, e.column(), merged())

    found = (await portal_at.get("/api/v1/departments/health")).json()

    assert [column["id"] for column in found["columns"]] == ["c-news"]
    assert [department["code"] for department in found["succeeds"]] == ["finance"]
    assert (await portal_at.get("/api/v1/columns/news")).json()["owner"]["code"] == "health"
    assert '<a href="/departments/health">市卫生局</a>' in (await portal_at.get("/columns/news")).text
    form = (await portal_at.get("/letters/new")).text
    assert 'value="health"' in form
    assert 'value="finance"' not in form


@servers
async def test_a_merger_that_lies_ahead_shows_when_its_moment_comes_and_not_before(portal_at: Portal) -> None:
    at = now() + timedelta(seconds=3)
    await portal_at.hears(e.department(), HEALTH, e.column(), merged(effective_at=at))
    assert "市卫生局" not in (await portal_at.get("/columns/news")).text

    async def shown() -> bool:
        return "市卫生局" in (await portal_at.get("/columns/news")).text

    await eventually(shown, seconds=6)
    assert now() >= at


@servers
async def test_a_column_that_is_described_anew_shows_so(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), HEALTH, e.column())
    assert "政务要闻" in (await portal_at.get("/columns/news")).text

    said = e.column(name="要闻", owner="health", cadence=c.Cadence.DYNAMIC).model_dump()
    await portal_at.hears(c.ColumnChanged.model_validate(said))

    column = (await portal_at.get("/api/v1/columns/news")).json()
    assert (column["name"], column["owner"]["code"], column["cadence"]) == ("要闻", "health", "dynamic")


@servers
async def test_readers_follow_a_column_that_moved_and_those_below_it(portal_at: Portal) -> None:
    await portal_at.hears(
        e.department(), e.column(), e.column("c-open", "open", "信息公开"),
        e.column("c-budget", "open/budget", "预算", parent_id="c-open", level=2),
        e.column("c-year", "open/budget/year", "年度", parent_id="c-budget", level=3),
        e.published(column_id="c-year"),
    )  # fmt: skip
    assert (await portal_at.get("/columns/open/budget/year")).status_code == 200

    await portal_at.hears(moved("c-budget", "news/money", "open/budget", "c-news"))

    year = await portal_at.get("/api/v1/columns/news/money/year")
    assert [step["path"] for step in year.json()["trail"]] == ["news", "news/money", "news/money/year"]
    assert year.json()["level"] == 3
    for was, is_now in (("open/budget", "news/money"), ("open/budget/year", "news/money/year")):
        sent = await portal_at.get(f"/columns/{was}")
        assert (sent.status_code, sent.headers["location"]) == (301, f"/columns/{is_now}")
        assert (await portal_at.get(f"/api/v1/columns/{was}")).json()["path"] == is_now
    assert (await portal_at.get("/columns/open/other")).status_code == 404
    assert (await portal_at.get("/api/v1/items/i1")).json()["column"]["path"] == "news/money/year"


def few(*columns: Column) -> Few:
    return Few.of([], columns)


def test_what_came_to_stand_where_a_column_left_is_found_there() -> None:
    left: Column = folded(e.column("c-x", "a"), moved("c-x", "b", "a", None))
    below: Column = folded(e.column("c-k", "b/k", parent_id="c-x"))
    came: Column = folded(e.column("c-y", "a"))

    found, alone = few(left, below, came), few(left, below)

    assert (alone.found("a"), alone.found("a/k")) == (left, below)
    assert (found.found("a"), found.found("b"), found.found("a/k")) == (came, left, None)


def test_columns_that_changed_places_or_came_back_send_nobody_round() -> None:
    first: Column = folded(e.column("c-x", "a"), moved("c-x", "b", "a", None))
    second: Column = folded(e.column("c-y", "b"), moved("c-y", "a", "b", None))
    back: Column = folded(e.column("c-z", "z"), moved("c-z", "y", "z", None), moved("c-z", "z", "y", None))

    found = few(first, second, back)

    assert [found.found(path) for path in ("a", "b", "z", "y", "a/k", "b/k", "y/k")] == [
        second, first, back, back, None, None, None,
    ]  # fmt: skip


def test_those_whose_parents_make_a_ring_or_are_unknown_keep_the_path_that_was_told() -> None:
    ring = [folded(e.column("c-x", "y/x", parent_id="c-y")), folded(e.column("c-y", "x/y", parent_id="c-x"))]
    orphan: Column = folded(e.column("c-o", "nowhere/o", parent_id="c-nowhere"))

    assert few(*ring, orphan).path == {"c-x": "y/x", "c-y": "x/y", "c-o": "nowhere/o"}


def test_a_retired_column_stays_at_the_path_it_had_when_its_parent_moves() -> None:
    parent: Column = folded(e.column("c-x", "a"), moved("c-x", "b", "a", None))
    retired: Column = folded(e.column("c-k", "a/k", parent_id="c-x"), e.retired("c-k", "a/k"))

    assert few(parent, retired).found("a/k") == retired
