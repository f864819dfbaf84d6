"""A real browser, and what axe finds in it."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
Colours = Literal["light", "dark"]
WINDOWS: dict[int, Colours] = {1280: "light", 390: "dark", 320: "light"}
"""The width, and which colours are preferred there."""


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield made
        await made.close()


@asynccontextmanager
async def page_of(browser: Browser, address: str, *, width: int, colours: Colours = "light") -> AsyncIterator[Page]:
    """With addresses that begin there."""
    size = ViewportSize(width=width, height=900)
    context = await browser.new_context(viewport=size, base_url=address, locale="zh-CN", color_scheme=colours)
    yield await context.new_page()
    await context.close()


async def barriers(page: Page, *, within: str | None = None) -> list[str]:
    """What axe finds, and that the page is wider than its window; the state in which it stands now.

    `within`: a selector of the part that axe looks at.
    """
    found = (await Axe().run(page, context=within)).response["violations"]
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    said = [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]
    return [f"{page.url}: {each}" for each in said + ["is wider than its window"] * wide]
