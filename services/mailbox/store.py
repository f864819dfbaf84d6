"""The questions mailbox asks, each with its index; the policies."""

import json
from datetime import date, datetime
from functools import cache
from pathlib import Path

from services.kernel.calendar import Limit, TimeUnit
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.decision import After, Reader
from services.kernel.mongo import Index
from services.mailbox.domain import Letter, LetterState, Policy

INDEXES = [
    Index(of=Letter, keys=("wakes_at",), where={"wakes_at": {"$type": "date"}}),
    Index(of=Letter, keys=("department", "state", "clock.due_at")),
    Index(of=Letter, keys=("clock.due_at",)),
]


@cache
def policies() -> tuple[Policy, ...]:
    """All versions, from data."""
    found = json.loads((Path(__file__).parent / "data" / "policies.json").read_text("utf-8"))
    return tuple(
        Policy(
            version=version["version"],
            effective=date.fromisoformat(version["effective"]),
            limits={
                LetterKind(kind): Limit(amount=limit["amount"], unit=TimeUnit(limit["unit"]))
                for kind, limit in version["limits"].items()
            },
            due_soon_days=version["due_soon_days"],
            mayor_department=version["mayor_department"],
            longest_title=version["longest_title"],
            longest_text=version["longest_text"],
        )
        for version in found["versions"]
    )


async def letters_to_wake(read: Reader, moment: datetime, *, limit: int) -> list[str]:
    """Ids of letters to which time has done something, soonest first. Index: wakes_at."""
    where = {"wakes_at": {"$type": "date", "$lte": moment}}
    return await read.ids(Letter, where, sort="wakes_at", limit=limit)


async def queue(
    read: Reader,
    *,
    department: str | None,
    state: LetterState | None,
    due_before: datetime | None,
    limit: int,
    after: After | None,
) -> list[Letter]:
    """Letters, soonest due first. Index: department, state, clock.due_at; clock.due_at for the office's view."""
    where: dict[str, object] = {}
    if department is not None:
        where["department"] = department
    if state is not None:
        where["state"] = state
    if due_before is not None:
        where["clock.due_at"] = {"$lt": due_before}
    return await read.find(Letter, where, sort="clock.due_at", limit=limit, after=after)
