"""What the portal says of itself, and of all its pages, to people and to machines."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest

from deploy.local.stack import Servers
from services.kernel.domain.clock import now
from tests.gateway.conftest import Portal, of_a_module
from tests.gateway.support import city
from tests.gateway.support import events as e

pytestmark = pytest.mark.servers
AT = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)  # 2026 has just begun in Asia/Shanghai


@pytest.fixture(scope="module")
async def portal(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Portal]:
    """Of a city with everything in it, and a department that published at the turn of a year."""
    async with of_a_module(servers, tmp_path_factory.mktemp("keys")) as made:
        made.mailbox.content = city.contents()
        await made.hears(*city.everything(now()))
        await made.hears(
            e.department("archive", "市档案局"),
            e.published("new-year", department="archive", published_at=AT),
            e.published("old-year", department="archive", published_at=AT - timedelta(seconds=1)),
            e.published("gone", department="archive", published_at=AT), e.withdrawn("gone", department="archive"),
        )  # fmt: skip
        yield made


async def located(portal: Portal, path: str) -> list[str]:
    """The addresses in a file, without the portal's own."""
    answer = await portal.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    own = portal.gateway.settings.public_url
    found = [loc.text or "" for loc in ElementTree.fromstring(answer.content).findall(".//{*}loc")]
    assert [url for url in found if not url.startswith(f"{own}/")] == []
    return [url.removeprefix(own) for url in found]


async def test_search_engines_are_led_to_every_public_page_and_each_is_there(portal: Portal) -> None:
    files = await located(portal, "/sitemap.xml")
    found = [path for file in files for path in await located(portal, file)]

    assert len(found) == len(set(found))
    assert {"/", "/columns/open/budget", "/items/item-0", "/letters/20261000-7K3M9Q", "/scores/2026-10"} <= set(found)
    for path in found:
        assert (await portal.get(path)).status_code == 200, path


async def test_items_are_listed_with_the_year_of_asia_shanghai_and_withdrawn_ones_nowhere(portal: Portal) -> None:
    files = [file for file in await located(portal, "/sitemap.xml") if "archive" in file]

    assert files == ["/sitemaps/archive/2026.xml", "/sitemaps/archive/2025.xml"]
    assert [await located(portal, file) for file in files] == [["/items/new-year"], ["/items/old-year"]]


@pytest.mark.parametrize("path", ["/sitemaps/archive/1999.xml", "/sitemaps/nobody/2026.xml", "/sitemaps/archive/x.xml"])
async def test_a_file_of_nothing_is_none(portal: Portal, path: str) -> None:
    assert (await portal.get(path)).status_code in (404, 422)


async def test_robots_may_read_all_but_a_writer_s_own_and_find_the_site_map(portal: Portal) -> None:
    rules = RobotFileParser()
    rules.parse((await portal.get("/robots.txt")).text.splitlines())

    assert rules.can_fetch("anybody", "/items/item-0")
    assert not rules.can_fetch("anybody", "/letters/status")
    assert rules.site_maps() == [f"{portal.gateway.settings.public_url}/sitemap.xml"]


async def test_who_found_a_hole_is_told_where_to_say_so_and_until_when_that_holds(portal: Portal) -> None:
    answer = await portal.get("/.well-known/security.txt")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    said = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert set(said) == {"Contact", "Expires", "Preferred-Languages", "Canonical"}
    assert urlsplit(said["Contact"]).path == "/letters/new"
    assert timedelta(days=100) < datetime.fromisoformat(said["Expires"]) - now() < timedelta(days=365)


async def test_the_map_for_people_leads_to_every_column_and_department(portal: Portal) -> None:
    links = set(re.findall(r'href="(/[^"]*)"', (await portal.get("/sitemap")).text))

    assert {f"/columns/{path}" for path, *_ in city.COLUMNS} <= links
    assert {f"/departments/{code}" for code in city.DEPARTMENTS} <= links
    assert {"/letters/new", "/scores/schemes", "/privacy", "/accessibility", "/api/docs"} <= links


@pytest.mark.parametrize("path", ["/", "/items/item-0", "/letters/new", "/nothing", "/problems/item.empty"])
async def test_from_every_page_the_map_and_the_statements_are_one_step_away(portal: Portal, path: str) -> None:
    links = set(re.findall(r'href="(/[^"]*)"', (await portal.get(path)).text))

    assert {"/sitemap", "/privacy", "/accessibility"} <= links


async def test_a_page_names_its_one_address_whatever_a_stranger_wrote_behind_it(portal: Portal) -> None:
    own = portal.gateway.settings.public_url
    for path, one in {
        "/items/item-0?utm=x": "/items/item-0",
        "/items/item-0?revision=1": "/items/item-0?revision=1",
    }.items():
        assert f'<link rel="canonical" href="{own}{one}">' in (await portal.get(path)).text
