"""Readable by everyone: axe finds nothing on any kind of page, in any state, at the widths of a desk and of phones."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from tests.gateway.conftest import Portal
from tests.gateway.support.mailbox import CODE, RECEIPT
from tests.gateway.support.pages import PAGES
from tests.support.browser import WIDTHS, barriers, page_of

pytestmark = [pytest.mark.servers, pytest.mark.browser]


@pytest.fixture(params=WIDTHS)
async def page(request: pytest.FixtureRequest, browser: Browser, whole_portal: Portal) -> AsyncIterator[Page]:
    async with page_of(browser, whole_portal.gateway.settings.public_url, width=request.param) as made:
        yield made


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
