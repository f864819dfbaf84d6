"""Whose portal it is: a city's own names and marks, from its own file."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Servers
from gateway.site import LAWFUL, OURS, read
from services.kernel.stream.bus import Bus
from tests.gateway.conftest import Portal, a_portal
from tests.gateway.support import events as e

NAMES = {
    "name": "临江市人民政府门户网站", "government": "临江市人民政府", "kind": "政府门户网站", "host": "临江市人民政府",
    "operator": "临江市政务服务和数据管理局",
}  # fmt: skip
MARKS = {
    "phone": "0755-12345678", "email": "web@linjiang.example", "identification_code": "4400000000",
    "icp": "粤ICP备00000000号", "police": "粤公网安备 44000000000000号", "report_url": "https://report.example/4400000000",
}  # fmt: skip
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'


def city(folder: Path, **said: Any) -> Path:
    (folder / "mark.svg").write_text(PICTURE, "utf-8")
    (folder / "site.json").write_text(json.dumps(NAMES | said), "utf-8")
    return folder / "site.json"


def test_what_the_law_asks_for_and_the_city_has_not_said_is_named(tmp_path: Path) -> None:
    assert read(city(tmp_path), public_url="https://www.linjiang.example").missing == [*LAWFUL.values()]
    assert read(city(tmp_path, **MARKS), public_url="https://www.linjiang.example").missing == []
    assert read(OURS, public_url="").government == "清远市人民政府"


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"identification_code": "44"}, "identification_code"), ({"icp": "\u200b"}, "icp"), ({"name": ""}, "name"),
        ({"phone": "打我"}, "phone"), ({"email": "a@b"}, "email"), ({"report_url": "javascript:x"}, "report_url"),
        ({"mark": "../mark.svg"}, "mark"), ({"mark": "other.svg"}, "other.svg"), ({"domain": "evil.example"}, "domain"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, said: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read(city(tmp_path, **said), public_url="")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_file_that_is_none_is_refused_by_its_name(tmp_path: Path, data: bytes) -> None:
    path = city(tmp_path)
    path.write_bytes(data)

    with pytest.raises(ValueError, match=r"site\.json"):
        read(path, public_url="")


@pytest.fixture
async def linjiang(servers: Servers, namespace: str, bus: Bus, tmp_path: Path) -> AsyncIterator[Portal]:
    """The portal of another city."""
    async with a_portal(servers, namespace, bus, tmp_path, site=str(city(tmp_path, **MARKS))) as made:
        yield made


@pytest.mark.servers
async def test_another_city_runs_under_its_own_name_and_marks_on_every_page(linjiang: Portal) -> None:
    await linjiang.hears(e.department(name="财政局"), e.column())

    for path in ("/", "/columns", "/columns/news", "/letters/new", "/problems", "/api/docs", "/nothing"):
        text = (await linjiang.get(path)).text
        assert "清远" not in text, path
        assert [mark for mark in (*NAMES.values(), *MARKS.values()) if mark not in text] == [], path
        assert '<meta name="SiteName" content="临江市人民政府门户网站">' in text, path
        assert '<meta name="SiteDomain" content="127.0.0.1">' in text, path
        assert '<meta name="SiteIDCode" content="4400000000">' in text, path


@pytest.mark.servers
async def test_a_citys_own_mark_is_a_file_of_its_portal(linjiang: Portal) -> None:
    home = (await linjiang.get("/")).text
    address = home.partition('<link rel="icon" href="')[2].partition('"')[0]

    assert (await linjiang.get(address)).text == PICTURE


@pytest.mark.servers
async def test_columns_and_items_have_the_names_that_inspectors_look_for(portal_at: Portal) -> None:
    await portal_at.hears(e.department(name="财政局"), e.column(name="政务动态"), e.published(title="关于<预算>的通知"))

    column, item = (await portal_at.get("/columns/news")).text, (await portal_at.get("/items/i1")).text

    for page in (column, item):
        assert '<meta name="ColumnName" content="政务动态">' in page
        assert '<meta name="ColumnType" content="政务公开">' in page
    assert '<meta name="ArticleTitle" content="关于&lt;预算&gt;的通知">' in item
    assert '<meta name="ContentSource" content="财政局">' in item
    assert '<meta name="PubDate" content="' in item
