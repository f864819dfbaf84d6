"""A city's record of facts, as large as wanted, written as scoring records it."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count, islice
from typing import Any

from pymongo import InsertOne

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.contracts.publishing import Activity
from services.kernel.domain.calendar import month_span
from services.kernel.storage.mongo import Database

DEPARTMENTS, COLUMNS = 30, 300
PORTION = 10_000
LIFE = 8  # facts of an item, a letter and a duty together


def told(type_: str, subject: str, sequence: int, at: datetime, **fields: Any) -> dict[str, Any]:
    """A fact without its position."""
    event = EXAMPLES[type_].model_dump(mode="json") | {"at": at.isoformat()} | fields
    return {
        "type": type_, "subject": subject, "sequence": sequence, "time": at, "source": type(EXAMPLES[type_]).SOURCE,
        "event_id": f"{subject}#{sequence}", "value": json.dumps(event, ensure_ascii=False).encode(),
    }  # fmt: skip


def code(n: int) -> str:
    return f"d{n % DEPARTMENTS:02}"


def standing(at: datetime) -> Iterator[dict[str, Any]]:
    """Departments, and columns with their first period."""
    for n in range(DEPARTMENTS):
        yield told("department.registered", f"department/{code(n)}", 1, at, code=code(n), name=f"市{code(n)}局")
    for n in range(COLUMNS):
        fields = {"column_id": f"c{n}", "owner": code(n)}
        yield told("column.opened", f"column/c{n}", 1, at, **fields, cadence=Cadence.NEWS.value, path=f"c{n}")
        yield refreshed(n, 1, at, Activity.OPENED)


def refreshed(column: int, sequence: int, at: datetime, because: Activity) -> dict[str, Any]:
    due = (at + timedelta(days=7)).isoformat()
    fields = {"column_id": f"c{column}", "owner": code(column), "because": because.value, "due_at": due}
    return told("duty.refreshed", f"duty/c{column}", sequence, at, **fields, due_soon_at=due)


def month(name: str, facts: int, numbers: Iterator[int], sequences: dict[int, int]) -> Iterator[dict[str, Any]]:
    """So many facts of one month, in order of time: items, duties and letters, of which each hundredth stays open."""
    start, end = month_span(name)
    step = (end - start) / (facts // LIFE + 2)
    for k in range(facts // LIFE):
        n, at = next(numbers), start + step * k
        column, own = n % COLUMNS, {"item_id": f"i{n}", "department": code(n), "column_id": f"c{n % COLUMNS}"}
        yield told("item.published", f"item/i{n}", 1, at, **own)
        sequences[column] = sequences.get(column, 1) + 1
        yield refreshed(column, sequences[column], at, Activity.PUBLISHED)
        yield told("item.revised", f"item/i{n}", 2, at, **own)
        letter = {"letter_id": f"L{n}", "department": code(n)}
        due = (at + step).isoformat()
        yield told("letter.received", f"letter/L{n}", 1, at, **letter, due_at=due)
        yield told("letter.accepted", f"letter/L{n}", 2, at, **letter)
        if n % 100:
            yield told("letter.answered", f"letter/L{n}", 3, at + step / 2, **letter, due_at=due)
            yield told("letter.rated", f"letter/L{n}", 4, at + step / 2, **letter)
            yield told("letter.closed", f"letter/L{n}", 5, at + step / 2, **letter)


async def record(db: Database, months: Sequence[str], facts: int) -> int:
    """Facts of all these months together. Returns how many there are."""
    numbers, positions = count(1), count(1)
    sequences: dict[int, int] = {}
    opened = month_span(months[0])[0] - timedelta(days=30)

    def every() -> Iterator[dict[str, Any]]:
        yield from standing(opened)
        for name in months:
            yield from month(name, facts // len(months), numbers, sequences)

    rest = every()
    last = 0
    while some := list(islice(rest, PORTION)):
        writes = [InsertOne({"_id": str(n), "position": n, **one}) for n, one in zip(positions, some, strict=False)]
        last += len(some)
        await db["fact"].bulk_write(writes, ordered=False)
    return last
