"""A citizen with a browser: writes a letter, follows it by receipt and code, reads the answer."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from services.kernel.domain.person import Role
from tests.support.browser import QUIET
from tests.support.city import CONTACT, ok
from tests.support.programs import Suite

pytestmark = [pytest.mark.servers, pytest.mark.browser]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, running: Suite) -> Iterator[Page]:
    """Without JavaScript, at the width of a phone and of a desk."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        context = browser.new_context(
            viewport=request.param, java_script_enabled=False, base_url=running.address("gateway"), locale="zh-CN"
        )
        yield context.new_page()
        browser.close()


def test_a_citizen_writes_a_letter_and_reads_its_answer(running: Suite, page: Page) -> None:
    page.goto("/letters/new")
    page.locator("[name=kind][value=complaint]").check(force=True)
    page.locator("[name=mailbox]").select_option("finance")
    page.locator("[name=title]").fill("小区路灯不亮")
    page.locator("[name=text]").fill("小区门口的路灯坏了三天，晚上出行不便。")
    page.locator("[name=name]").fill(CONTACT["name"])
    page.locator("[name=phone]").fill(CONTACT["phone"])
    page.locator("main form button").click()
    receipt, code = page.locator("#receipt").inner_text(), page.locator("#code").inner_text()

    handler = running.client("mailbox", Role.HANDLER, department="finance")
    ok(handler.post(f"/letters/{receipt}/answer", json={"text": "路灯已于今日修复，感谢您的来信。"}))
    page.goto("/letters/status")
    page.locator("[name=receipt]").fill(receipt)
    page.locator("[name=code]").fill(code)
    page.locator("main form button").click()

    expect(page.locator("main")).to_contain_text("路灯已于今日修复，感谢您的来信。")
    assert code not in page.url


@pytest.mark.parametrize("path", ["/", "/columns/news", "/departments", "/letters", "/letters/new", "/scores"])
def test_no_page_is_wider_than_its_window(page: Page, path: str) -> None:
    page.goto(path)
    viewport = page.viewport_size
    box = page.locator("body").bounding_box()

    assert viewport
    assert box
    assert box["width"] <= viewport["width"]
