"""Letters: statistics, and the extracts that people made for the public."""

import json
from datetime import datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ValidationError

from gateway.projections import Letter
from gateway.store.reading import Reading
from gateway.views import ExtractView, KindCount, LettersView, Statistics
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import day_of, start_of
from services.kernel.domain.decision import Missing
from services.kernel.http.listing import Listing, Portion
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
    found = await reading.read.find(Letter, PUBLIC, sort=NEWEST, limit=portion.limit, after=portion.after)
    shown = Listing[ExtractView](items=await _extracts(reading, found), next=portion.next(found, sort=NEWEST))
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
        raise Missing("letter.not_public", "There is no public letter with this receipt number.")
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
        to_mayor=letter.mailbox == "mayor", received_at=letter.received_at, answered_at=letter.answered_at,
        in_time=letter.in_time, title=extract.title, question=extract.question, answer=extract.answer,
        stars=letter.stars,
    )  # fmt: skip


async def statistics(reading: Reading) -> Statistics:
    """Of the letters received this year in Asia/Shanghai. Index: received_at and all that is counted."""
    reading.basis.on("letters")
    first = day_of(reading.at).replace(month=1, day=1)
    since, next_year = start_of(first), start_of(first + relativedelta(years=1))
    reading.basis.expires(next_year)
    found = reading.read.db[Letter.KIND].aggregate(
        [{"$match": {"received_at": {"$gte": since, "$lt": next_year}}}, {"$group": {"_id": "$kind", **COUNTED}}]
    )
    return _added(await found.to_list(None), since=since, until=reading.at)


def _has(field: str) -> dict[str, Any]:
    """Neither null nor missing."""
    return {"$gt": [f"${field}", None]}


def _count(condition: dict[str, Any]) -> dict[str, Any]:
    return {"$sum": {"$cond": [condition, 1, 0]}}


OPEN = {"$not": [{"$or": [_has("answered_at"), _has("closed_at")]}]}
COUNTED = {
    "received": {"$sum": 1},
    "answered": _count(_has("answered_at")),
    "in_time": _count({"$eq": ["$in_time", True]}),
    "open": _count(OPEN),
    "overdue": _count({"$and": [OPEN, _has("overdue_at")]}),
    "ratings": _count(_has("stars")),
    "stars": {"$sum": "$stars"},
}


def _added(rows: list[dict[str, Any]], *, since: datetime, until: datetime) -> Statistics:
    total = {name: sum(row[name] for row in rows) for name in COUNTED}
    kinds = [
        KindCount(kind=LetterKind(row["_id"]), received=row["received"], answered=row["answered"])
        for row in sorted(rows, key=lambda row: -row["received"])
    ]
    mean = round(total["stars"] / total["ratings"], 2) if total["ratings"] else None
    return Statistics(
        since=since, until=until, received=total["received"], answered=total["answered"], in_time=total["in_time"],
        open=total["open"], overdue=total["overdue"], ratings=total["ratings"], mean_stars=mean, by_kind=kinds,
    )  # fmt: skip
