"""Readable by everyone: axe finds nothing on any kind of page, in any state, at the widths of a desk and of phones."""

import shutil
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tests.gateway.conftest import Portal
from tests.gateway.support.mailbox import CODE, RECEIPT
from tests.gateway.support.pages import PAGES

pytestmark = [pytest.mark.servers, pytest.mark.browser]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDTHS = (1280, 390, 320)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield made
        await made.close()


@pytest.fixture(params=WIDTHS)
async def page(request: pytest.FixtureRequest, browser: Browser, whole_portal: Portal) -> AsyncIterator[Page]:
    size = ViewportSize(width=request.param, height=900)
    address = whole_portal.gateway.settings.public_url
    context = await browser.new_context(viewport=size, base_url=address, locale="zh-CN")
    yield await context.new_page()
    await context.close()


async def barriers(page: Page) -> list[str]:
    """What axe finds, and that the page is wider than its window; the state in which it stands now."""
    found = (await Axe().run(page)).response["violations"]
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    said = [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]
    return [f"{page.url}: {each}" for each in said + ["is wider than its window"] * wide]


@pytest.mark.parametrize("state", PAGES)
async def test_no_page_has_a_barrier(page: Page, state: str) -> None:
    found = []
    for path in PAGES[state]:
        await page.goto(path)
        found += await barriers(page)

    assert found == []


async def test_no_form_has_a_barrier_wrong_or_right(page: Page) -> None:
    await page.goto("/letters/new")
    await page.evaluate("document.querySelector('main form').noValidate = true")
    await page.locator("main form button").click()
    found = await barriers(page)
    await page.locator("[name=kind][value=complaint]").check(force=True)
    await page.locator("[name=mailbox]").select_option("mayor")
    for name, value in {"title": "路灯不亮", "text": "坏了三天。", "name": "欧阳明月", "phone": "13912345678"}.items():
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("main form button").click()
    await page.locator("#receipt").wait_for()

    assert found + await barriers(page) == []


async def test_after_an_error_the_focus_is_on_the_summary_whose_links_reach_the_fields(page: Page) -> None:
    await page.goto("/letters/new")
    await page.evaluate("document.querySelector('main form').noValidate = true")
    await page.locator("main form button").click()

    assert await page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    links = await page.locator("[role=alert] a").all()
    assert len(links) == await page.locator("[aria-invalid=true]").count() >= 5
    for link in links:
        await link.click()
        reached = page.locator(":focus, [role=radiogroup]:has(:focus)")
        field = page.locator((await link.get_attribute("href")) or "")
        assert await field.evaluate("at => at === document.activeElement || at.matches(':target')")
        told = reached.and_(page.locator("[aria-invalid=true]"))
        error = page.locator(f"#{await told.first.get_attribute('aria-describedby')}".split(" ")[0])
        assert await error.inner_text() == await link.inner_text()


async def test_no_answer_to_its_writer_has_a_barrier(page: Page) -> None:
    await page.goto("/letters/status")
    await page.locator("[name=receipt]").fill(RECEIPT)
    await page.locator("[name=code]").fill("1" * 10)
    await page.locator("main form button").click()
    found = await barriers(page)
    await page.locator("[name=code]").fill(CODE)
    await page.locator("main form button").click()
    await page.get_by_text("已经答复。").wait_for()

    assert found + await barriers(page) == []
