"""Readable by everyone: axe finds nothing on any kind of page, in any state, at the widths of a desk and of phones."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from tests.gateway.conftest import Portal
from tests.gateway.support.mailbox import CODE, RECEIPT
from tests.gateway.support.pages import PAGES
from tests.support.browser import WINDOWS, barriers, page_of

pytestmark = [pytest.mark.servers, pytest.mark.browser]


@pytest.fixture(params=WINDOWS)
async def page(request: pytest.FixtureRequest, browser: Browser, whole_portal: Portal) -> AsyncIterator[Page]:
    width, address = request.param, whole_portal.gateway.settings.public_url
    async with page_of(browser, address, width=width, colours=WINDOWS[width]) as made:
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

    await page.locator("[role=alert]:focus").wait_for()
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


RINGS = """() => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => channels(colour).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = at => !at ? "rgb(255, 255, 255)" : (channels(getComputedStyle(at).backgroundColor)[3] ?? 1) === 1
    ? getComputedStyle(at).backgroundColor : ground(at.parentElement);
  const found = [];
  const reached = "a, button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  for (const at of document.querySelectorAll(reached)) {
    if (!at.checkVisibility()) continue;
    at.focus({focusVisible: true});
    const ring = getComputedStyle(at), inside = parseFloat(ring.outlineOffset) < 0;
    const [a, b] = [light(ring.outlineColor), light(ground(inside ? at : at.parentElement))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ring.outlineStyle !== "solid" || parseFloat(ring.outlineWidth) < 2 || ratio < 3)
      found.push(`${location.pathname} ${ratio.toFixed(2)} ${ring.outlineStyle} ${at.outerHTML.slice(0, 120)}`);
  }
  return found;
}"""
"""What can have the focus and does not show it by a ring of at least 3 : 1 against its ground (WCAG 2.4.13)."""


async def test_wherever_the_focus_is_a_ring_shows_it_on_every_ground(page: Page) -> None:
    found = []
    for path in ("/", "/columns/news", "/items/item-0", "/letters/new", "/scores/2026-10/finance", "/nothing"):
        await page.goto(path)
        found += await page.evaluate(RINGS)

    assert found == []


async def test_what_is_folded_is_printed_with_the_page_s_address(page: Page) -> None:
    await page.goto("/scores/2026-10/finance")
    await page.emulate_media(media="print")

    assert await page.locator("details").count() > 0
    for fact in await page.locator("details table").all():
        assert await fact.evaluate("at => at.checkVisibility({contentVisibilityAuto: true}) && at.offsetHeight > 0")
    assert page.url in await page.locator(".printed").inner_text()
    assert not await page.locator(".top nav").is_visible()


async def test_on_a_phone_each_fact_is_a_card_whose_words_stand_in_whole_lines(page: Page) -> None:
    await page.goto("/scores/2026-10/finance/facts?indicator=quantity")
    boxes = [await cell.bounding_box() for cell in await page.locator(".sheet tbody tr:first-child > *").all()]

    wide = await page.evaluate("innerWidth >= 1280")
    assert len({box["x"] for box in boxes if box}) == (5 if wide else 1)
    assert min(box["width"] if box else 0 for box in boxes) >= 60
