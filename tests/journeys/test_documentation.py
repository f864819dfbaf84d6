"""A developer of a department has nothing but `/docs`: no barrier stands there, whatever is unfolded."""

import pytest
from playwright.async_api import Browser

from deploy.local.places import PROGRAMS
from tests.support.browser import barriers, page_of
from tests.support.programs import Suite

pytestmark = [pytest.mark.servers, pytest.mark.browser]


@pytest.mark.parametrize("service", [program for program in PROGRAMS if program != "gateway"])
async def test_the_documentation_of_a_service_has_no_barrier(running: Suite, browser: Browser, service: str) -> None:
    found = []
    async with page_of(browser, running.address(service), width=1280) as page:
        await page.goto("/docs")
        await page.locator(".opblock-summary-post").first.click()
        await page.locator(".try-out__btn").click()
        await page.locator(".execute").wait_for()
        for width in (1280, 320):
            await page.set_viewport_size({"width": width, "height": 900})
            found += await barriers(page)
        await page.locator(".btn.authorize").first.click()
        await page.locator(".modal-ux").wait_for()
        found += await barriers(page, within=".dialog-ux")

        assert found == []
        assert (await page.title()).endswith(" - API")
