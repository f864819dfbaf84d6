"""What the portal says of itself: to everybody, to search engines, and to those who found a hole."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from gateway.answer import public, site_of
from gateway.pages.render import page, rendered
from gateway.site import Site
from gateway.store import Reading, columns, sitemap
from gateway.store.sitemap import Listed
from services.kernel.domain.calendar import day_of, start_of

router = APIRouter()
TEXT, XML = "text/plain; charset=utf-8", "application/xml"
HOLDS = timedelta(days=180)  # a security.txt; RFC 9116, 2.5.5, wants less than a year

Code = Annotated[str, Path(min_length=1, max_length=200)]
Year = Annotated[int, Path(ge=1, le=9998)]


@router.get("/sitemap")
async def site_map(request: Request) -> Response:
    async def ask(reading: Reading) -> object:
        return {"columns": columns.branches(reading), "departments": columns.departments(reading)}

    return await page(request, ask, "sitemap.html")


@router.get("/privacy")
async def privacy(request: Request) -> Response:
    return await page(request, nothing, "privacy.html")


@router.get("/accessibility")
async def accessibility(request: Request) -> Response:
    return await page(request, nothing, "accessibility.html")


async def nothing(_: Reading) -> None:
    """A statement rests on nothing but the site."""


@router.get("/sitemap.xml")
async def index(request: Request) -> Response:
    return await listed(request, sitemap.files, "sitemap_index.xml")


@router.get("/sitemaps/pages.xml")
async def pages(request: Request) -> Response:
    return await listed(request, sitemap.pages, "sitemap_urls.xml")


@router.get("/sitemaps/letters.xml")
async def letters(request: Request) -> Response:
    return await listed(request, sitemap.public_letters, "sitemap_urls.xml")


@router.get("/sitemaps/{department}/{year}.xml")
async def items(request: Request, department: Code, year: Year) -> Response:
    async def ask(reading: Reading) -> Sequence[Listed]:
        return await sitemap.items_of(reading, department, year)

    return await listed(request, ask, "sitemap_urls.xml")


async def listed(request: Request, ask: Callable[[Reading], Awaitable[Sequence[Listed]]], template: str) -> Response:
    def show(found: Sequence[Listed], reading: Reading) -> tuple[bytes, int]:
        return rendered(site_of(request), template, reading.few, found=found), 200

    return await public(request, ask, show, media_type=XML)


@router.get("/robots.txt")
async def robots(request: Request) -> Response:
    """RFC 9309. What only a letter's writer sees is nothing to look for."""
    return await said(request, rules)


def rules(site: Site, _: Reading) -> str:
    return f"User-agent: *\nDisallow: /letters/status\n\nSitemap: {site.address}/sitemap.xml\n"


@router.get("/.well-known/security.txt")
async def security(request: Request) -> Response:
    """RFC 9116. It is made anew long before it ends."""
    return await said(request, contacts)


def contacts(site: Site, reading: Reading) -> str:
    reading.basis.expires(reading.at + HOLDS / 6)
    ends = start_of(day_of(reading.at + HOLDS))
    lines = {
        "Contact": site.security, "Expires": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages": "zh, en",
        "Canonical": f"{site.address}/.well-known/security.txt",
    }  # fmt: skip
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


async def said(request: Request, text: Callable[[Site, Reading], str]) -> Response:
    def show(_: None, reading: Reading) -> tuple[bytes, int]:
        return text(site_of(request), reading).encode(), 200

    return await public(request, nothing, show, media_type=TEXT)
