"""Every public page, for search engines (sitemaps.org, 0.9): fixed pages and the tree, items by department and year."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from gateway import refusals
from gateway.store import letters, scores
from gateway.store.reading import Reading
from services.kernel.domain.calendar import day_of, start_of
from services.kernel.domain.decision import After

MOST = 50_000  # addresses in one file
OURS = (
    "/",
    "/columns",
    "/departments",
    "/letters",
    "/letters/new",
    "/scores",
    "/sitemap",
    "/privacy",
    "/accessibility",
)


class Listed(NamedTuple):
    """A page, and when it last changed as far as that is known."""

    path: str
    at: datetime | None = None


async def files(reading: Reading) -> Sequence[Listed]:
    """All files with addresses, made anew within the hour."""
    reading.basis.expires(reading.at + relativedelta(hours=1))
    items = [f"/sitemaps/{code}/{year}.xml" for code in reading.few.departments for year in await years(reading, code)]
    return [Listed(path) for path in ("/sitemaps/pages.xml", "/sitemaps/letters.xml", *items)]


async def years(reading: Reading, department: str) -> Sequence[int]:
    """In which it published what is still public, the latest first. Index: department, live, published_at."""
    found, before = list[int](), None
    while newest := await reading.cards({"department": department}, limit=1, after=before):
        assert newest[0].published_at
        first = date(day_of(newest[0].published_at).year, 1, 1)
        found.append(first.year)
        before = After(start_of(first), "")
    return found


async def pages(reading: Reading) -> Sequence[Listed]:
    live = [f"/columns/{reading.few.path[c.id]}" for below in reading.few.children.values() for c in below]
    months = [f"/scores/{found.month}" for found in (await scores.months(reading)).months]
    departments = [f"/departments/{code}" for code in reading.few.departments]
    return [Listed(path) for path in (*OURS, *live, *departments, *months)]


async def public_letters(reading: Reading) -> Sequence[Listed]:
    found = await letters.latest(reading, limit=MOST)
    return [Listed(f"/letters/{letter.receipt}", letter.answered_at) for letter in found]


async def items_of(reading: Reading, department: str, year: int) -> Sequence[Listed]:
    """`Missing` where there are none. Index: department, live, published_at."""
    reading.basis.on(f"department:{department}")
    first = date(year, 1, 1)
    within = {"$gte": start_of(first), "$lt": start_of(first + relativedelta(years=1))}
    found = await reading.cards({"department": department, "published_at": within}, limit=MOST)
    if not found:
        raise refusals.NO_DEPARTMENT(code=department)
    return [Listed(f"/items/{card.id}", card.updated_at) for card in found]
