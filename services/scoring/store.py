"""The questions scoring asks, each with its index; the schemes."""

import asyncio
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.kernel.domain.calendar import month_span
from services.kernel.domain.decision import After, Missing, Reader
from services.kernel.storage.mongo import Index
from services.kernel.stream.consumer import Kept
from services.scoring.domain.assessment import Assessment, Month, key
from services.scoring.domain.facts import ALL_BEFORE, MEASURED, WITHIN, Piece, taken
from services.scoring.domain.measures import MEASURES
from services.scoring.domain.scheme import Scheme
from services.scoring.domain.score import Inputs, Scored, compute

INDEXES = [
    Index(of=Kept, keys=("position",)),
    Index(of=Kept, keys=("type", "time", "_id", "position")),  # the position last: what was late is told without a look
]
PART = 500  # facts read at once: an item's may weigh a quarter of a megabyte


class Schemes(BaseModel):
    """The file of schemes."""

    model_config = ConfigDict(extra="forbid")

    about: str
    schemes: tuple[Scheme, ...]


@cache
def schemes() -> tuple[Scheme, ...]:
    """All versions; `ValueError` where one names a measure that there is no code for."""
    found = Schemes.model_validate_json((Path(__file__).parent / "data" / "schemes.json").read_bytes()).schemes
    named = {indicator.measure for scheme in found for indicator in scheme.indicators}
    if named - MEASURES.keys():
        raise ValueError(f"Schemes name measures that are not known: {sorted(named - MEASURES.keys())}")
    return found


def scheme(version: str) -> Scheme:
    """The version a month was closed by; `KeyError` where it is gone: a published scheme is never taken out."""
    return {scheme.version: scheme for scheme in schemes()}[version]


async def position(read: Reader) -> int:
    """Of the last fact heard; 0 before the first. Index: position."""
    last = await read.find(Kept, {}, sort="-position", limit=1)
    return last[0].position if last else 0


async def pieces(read: Reader, inputs: Inputs) -> list[Piece]:
    """What measures take of the facts up to a position. Facts never change, so that no transaction is needed."""
    start, end = month_span(inputs.month)
    until = min(end, inputs.as_of)
    spans = {event.TYPE: {"$lt": until} for event in ALL_BEFORE}
    spans |= {event.TYPE: {"$gte": start, "$lt": until} for event in WITHIN}
    found = []
    for type_, span in spans.items():
        async for kept in facts(read, {"type": type_, "time": span, "position": {"$lte": inputs.position}}):
            if piece := taken(kept):
                found.append(piece)
    return found


async def facts(read: Reader, where: dict[str, Any]) -> AsyncIterator[Kept]:
    """Of one type, in order of time, a part at a time. Index: type, time."""
    after: After | None = None
    while True:
        found = await read.find(Kept, where, sort="time", limit=PART, after=after)
        for kept in found:
            yield kept
        if len(found) < PART:
            return
        after = After(found[-1].time, found[-1].id)


async def score(read: Reader, inputs: Inputs) -> tuple[Scored, ...]:
    """Compute in a thread: a month with many facts would block the event loop."""
    return await asyncio.to_thread(compute, await pieces(read, inputs), inputs, scheme(inputs.scheme))


async def month(read: Reader, id: str) -> Month:
    """One that was closed. `Missing` before."""
    found = await read.look(Month, id)
    if found is None:
        raise Missing("month.missing", f"{id} is not closed.")
    return found


def late(month: Month) -> dict[str, Any]:
    """The filter for facts that belong to a closed month and were heard after its close. Index: type, time."""
    start, end = month_span(month.id)
    return {
        "type": {"$in": list(MEASURED)},
        "time": {"$gte": start, "$lt": end},
        "position": {"$gt": month.inputs.position},
    }


async def late_facts(read: Reader, month: Month, *, limit: int) -> list[Kept]:
    """Those that came late, in order of time: by position, all that was heard since the close would be walked."""
    return await read.find(Kept, late(month), sort="time", limit=limit)


async def late_count(read: Reader, month: Month) -> int:
    return await read.count(Kept, late(month))


async def months(read: Reader) -> list[Month]:
    """All that were closed, oldest first."""
    return await read.find(Month, {}, sort="_id", limit=0)


async def assessments(read: Reader, month: Month) -> list[Assessment]:
    """All of a month, by department. Index: _id."""
    ids = [key(month.id, department) for department in month.departments]
    return await read.find(Assessment, {"_id": {"$in": ids}}, sort="_id", limit=0)
