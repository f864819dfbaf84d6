"""Questions to the record of facts. Facts never change, so that no transaction is needed."""

from collections.abc import AsyncIterator
from typing import Any

from services.kernel.domain.calendar import month_span
from services.kernel.domain.decision import After, Reader
from services.kernel.storage.mongo import Index
from services.kernel.stream.consumer import Kept
from services.scoring.domain.assessment import Month
from services.scoring.domain.evidence import span
from services.scoring.domain.facts import ALL_BEFORE, MEASURED, WITHIN, Piece, taken
from services.scoring.domain.score import Inputs

INDEXES = [
    Index(of=Kept, keys=("position",)),
    Index(of=Kept, keys=("type", "time", "_id", "position")),  # the position last: what was late is told without a look
    Index(of=Kept, keys=("subject", "position")),
]
PART = 500  # facts read at once: an item's may weigh a quarter of a megabyte


async def position(read: Reader) -> int:
    """Of the last fact heard; 0 before the first. Index: position."""
    last = await read.ids(Kept, {}, sort="-position", limit=1)
    return int(last[0]) if last else 0


async def pieces(read: Reader, inputs: Inputs) -> list[Piece]:
    """What measures take of the facts up to a position, read from the record itself."""
    start, _, until = span(inputs.month, inputs.as_of)
    times = {event.TYPE: {"$lt": until} for event in ALL_BEFORE}
    times |= {event.TYPE: {"$gte": start, "$lt": until} for event in WITHIN}
    found = []
    for type_, time in times.items():
        async for kept in in_time(read, {"type": type_, "time": time, "position": {"$lte": inputs.position}}):
            if piece := taken(kept):
                found.append(piece)
    return found


async def in_time(read: Reader, where: dict[str, Any]) -> AsyncIterator[Kept]:
    """Of one type, in order of time, a part at a time. Index: type, time."""
    after: After | None = None
    while True:
        found = await read.find(Kept, where, sort="time", limit=PART, after=after)
        for kept in found:
            yield kept
        if len(found) < PART:
            return
        after = After(found[-1].time, found[-1].id)


async def heard(read: Reader, after: int, upto: int) -> list[Piece]:
    """What measures take of the facts heard after one position up to another, in their order. Index: position."""
    return await in_order(read, {"position": {"$gt": after, "$lte": upto}, "type": {"$in": list(MEASURED)}})


async def of(read: Reader, subject: str, upto: int) -> list[Piece]:
    """What measures take of all that was told of one aggregate. Index: subject, position."""
    return await in_order(read, {"subject": subject, "position": {"$lte": upto}})


async def in_order(read: Reader, where: dict[str, Any]) -> list[Piece]:
    return [piece for kept in await read.find(Kept, where, sort="position", limit=0) if (piece := taken(kept))]


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
