"""Letters: statistics, and the extracts that people made for the public."""

import json
from collections import Counter
from collections.abc import Iterable

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ValidationError

from gateway import refusals
from gateway.projections import Letter
from gateway.store.reading import Reading
from gateway.views import ExtractView, KindCount, LettersView, Statistics
from services.kernel.contracts.mailbox import MAYOR, LetterKind
from services.kernel.domain.calendar import day_of, start_of
from services.kernel.domain.figures import mean
from services.kernel.http.listing import Listing, Portion
from services.kernel.stream.consumer import Count
from services.kernel.stream.tally import tally
from services.kernel.telemetry import log

NEWEST = "-disclosed_at"
PUBLIC = {"extract": {"$type": "string"}}


class Extract(BaseModel):
    """The content that `letter.disclosed` names."""

    title: str
    question: str
    answer: str


async def listing(reading: Reading, portion: Portion) -> LettersView:
    """Index: disclosed_at."""
    reading.basis.on("letters")
    found = await reading.read.find(Letter, PUBLIC, sort=NEWEST, limit=portion.reach, after=portion.after)
    shown = Listing[ExtractView](
        items=await _extracts(reading, portion.shown(found)), next=portion.next(found, sort=NEWEST)
    )
    return LettersView(statistics=await statistics(reading), letters=shown)


async def latest(reading: Reading, *, limit: int, department: str | None = None) -> list[ExtractView]:
    """Index: disclosed_at; department, disclosed_at."""
    reading.basis.on(f"department:{department}" if department else "letters")
    where = {**PUBLIC, "department": department} if department else PUBLIC
    return await _extracts(reading, await reading.read.find(Letter, where, sort=NEWEST, limit=limit))


async def letter(reading: Reading, receipt: str) -> ExtractView:
    """`Missing` unless it is public: whether a private one exists is nobody's business."""
    reading.basis.on(f"letter:{receipt}")
    found = await reading.read.look(Letter, receipt)
    shown = await _extracts(reading, [found]) if found and found.extract else []
    if not shown:
        raise refusals.NOT_PUBLIC()
    return shown[0]


async def _extracts(reading: Reading, letters: list[Letter]) -> list[ExtractView]:
    """Those whose text is here; a text its owner took back leaves no trace."""
    contents = await reading.kept.contents(letter.extract for letter in letters if letter.extract)
    found = []
    for letter in letters:
        extract = _read(letter, contents.get(letter.extract or ""))
        if extract:
            found.append(_view(reading, letter, extract))
    return found


def _read(letter: Letter, data: bytes | None) -> Extract | None:
    if data is None:
        return None
    try:
        return Extract.model_validate(json.loads(data))
    except (ValueError, ValidationError) as error:
        log.error("extract.unreadable", letter=letter.id, error=type(error).__name__)
        return None


def _view(reading: Reading, letter: Letter, extract: Extract) -> ExtractView:
    return ExtractView(
        receipt=letter.id, kind=letter.kind, department=reading.few.department(letter.department),
        to_mayor=letter.mailbox == MAYOR, received_at=letter.received_at, answered_at=letter.answered_at,
        in_time=letter.in_time, title=extract.title, question=extract.question, answer=extract.answer,
        stars=letter.stars,
    )  # fmt: skip


async def statistics(reading: Reading) -> Statistics:
    """What came in and was answered this year in Asia/Shanghai; what is open, whenever it came in.

    As letters were counted when they were heard of.
    """
    reading.basis.on("letters")
    first = day_of(reading.at).replace(month=1, day=1)
    reading.basis.expires(start_of(first + relativedelta(years=1)))
    every = await tally(reading.read, Letter, {"year": {"$lte": first.year}})
    counts = [count for count in every if count.group["year"] == first.year]
    total, ever = added(counts), added(every)
    kinds = [
        KindCount(
            kind=LetterKind(str(c.group["kind"])), received=c.of.get("received", 0), answered=c.of.get("answered", 0)
        )
        for c in sorted(counts, key=lambda count: -count.of.get("received", 0))
    ]
    stars = mean(total["stars"], total["ratings"])
    return Statistics(
        since=start_of(first), until=reading.at, received=total["received"], answered=total["answered"],
        in_time=total["in_time"], open=ever["open"], carried_over=ever["open"] - total["open"],
        overdue=ever["overdue"], ratings=total["ratings"], mean_stars=None if stars is None else float(stars),
        by_kind=kinds,
    )  # fmt: skip


def added(counts: Iterable[Count]) -> Counter[str]:
    return sum((Counter(count.of) for count in counts), Counter())
