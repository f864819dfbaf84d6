"""`make pictures`: every kind of page in every state, as a desk and a phone show it, to be looked at."""

import asyncio
import logging
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from playwright.async_api import Browser, Page

from deploy.local.places import LOCAL
from tests.gateway.conftest import Portal, whole
from tests.gateway.support.mailbox import CODE, RECEIPT
from tests.gateway.support.pages import PAGES
from tests.support.browser import Colours, browsing, page_of
from tests.support.servers import running

FOLDER = LOCAL / "pictures"
WIDTHS = (1280, 390)
COLOURS: tuple[Colours, ...] = ("light", "dark")


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    with running() as servers, tempfile.TemporaryDirectory() as keys:
        async with whole(servers, Path(keys)) as portal, browsing() as browser:
            for width in WIDTHS:
                await taken(browser, portal, width)
    print(f"{len(list(FOLDER.rglob('*.png')))} pictures in {FOLDER}")


async def taken(browser: Browser, portal: Portal, width: int) -> None:
    """Each page by day, and a phone's by night too."""
    for colours in COLOURS[: 2 if width < 600 else 1]:
        async with page_of(browser, portal.gateway.settings.public_url, width=width, colours=colours) as page:
            async for name in shown(page):
                await page.screenshot(path=FOLDER / f"{width}-{colours}" / f"{name}.png", full_page=True)


async def shown(page: Page) -> AsyncIterator[str]:
    """A name for each state in which the page stands by then."""
    for state, paths in PAGES.items():
        for path in paths:
            await page.goto(path)
            yield f"{state.replace(' ', '-')}{re.sub(r'[^0-9a-z]+', '-', path.lower())}"
    await page.goto("/scores/2026-10/finance")
    await page.locator("summary").first.click()
    yield "a-score-unfolded"
    await page.goto("/letters/new")
    await page.evaluate("document.querySelector('main form').noValidate = true")
    await page.locator("main form button").click()
    yield "a-letter-with-errors"
    await page.locator("[name=kind][value=complaint]").check()
    await page.locator("[name=mailbox]").select_option("any")
    for name, value in {"title": "路灯不亮", "text": "坏了三天。", "name": "欧阳明月", "phone": "13912345678"}.items():
        await page.locator(f"[name={name}]").fill(value)
    await page.locator("[name=consent]").check()
    await page.locator("main form button").click()
    await page.locator("#receipt").wait_for()
    yield "a-letter-sent"
    await page.emulate_media(media="print")
    yield "a-letter-sent-printed"
    await page.emulate_media(media="screen")
    await page.goto("/letters/status")
    await page.locator("[name=receipt]").fill(RECEIPT)
    await page.locator("[name=code]").fill(CODE)
    await page.locator("main form button").click()
    await page.get_by_text("已经答复。").wait_for()
    yield "one-s-own-letter"


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    sys.exit(asyncio.run(main()))
