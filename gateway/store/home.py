"""The front page."""

from gateway.store import columns, items, letters, scores
from gateway.store.reading import Reading
from gateway.views import HomeView
from services.kernel.contracts.publishing import ItemKind

NEWS, NOTICES, LETTERS, SCORES = 8, 8, 5, 8


async def home(reading: Reading) -> HomeView:
    reading.basis.on("home")
    month = await scores.newest(reading)
    return HomeView(
        news=await items.of_kinds(reading, ItemKind.ARTICLE, limit=NEWS),
        notices=await items.of_kinds(reading, ItemKind.NOTICE, ItemKind.DOCUMENT, ItemKind.GUIDE, limit=NOTICES),
        branches=columns.branches(reading),
        letters=await letters.latest(reading, limit=LETTERS),
        statistics=await letters.statistics(reading),
        month=month,
        scores=(await scores.ranking(reading, month))[:SCORES] if month else [],
    )
