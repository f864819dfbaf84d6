"""The questions mailbox asks, each with its index; the policies."""

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from time import monotonic

from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain.calendar import Limit, TimeUnit, day_of
from services.kernel.domain.calendars import Newest, name
from services.kernel.domain.decision import After, Reader
from services.kernel.storage.mongo import Database, Index
from services.mailbox.domain import Guesses, Letter, LetterState, Policy
from services.mailbox.domain.calendar import Year
from services.mailbox.domain.reception import Reception, reception
from services.mailbox.domain.rules import ALL, Rules

INDEXES = [
    Index(of=Letter, keys=("wakes_at",), where={"wakes_at": {"$type": "date"}}),
    Index(of=Letter, keys=("department", "state", "clock.due_at")),
    Index(of=Letter, keys=("department", "clock.due_at")),
    Index(of=Letter, keys=("state", "clock.due_at")),
    Index(of=Letter, keys=("clock.due_at",)),
    Index(of=Letter, keys=("state", "clock.calendar")),
    Index(of=Letter, keys=("state", "clock.provisional")),
    Index(of=Newest, keys=("number",)),
    Index(of=Guesses, keys=("until",), expires=0),
]


FRESH = 1.0  # seconds for which what was read is at hand
OPEN = {"$in": [LetterState.RECEIVED, LetterState.ACCEPTED]}


@cache
def first_policies() -> tuple[Policy, ...]:
    """Those that mailbox begins with, from data."""
    found = json.loads((Path(__file__).parent / "data" / "policies.json").read_text("utf-8"))
    return tuple(
        Policy(
            version=version["version"],
            effective=date.fromisoformat(version["effective"]),
            source=version["source"],
            limits={
                LetterKind[kind.upper()]: Limit(amount=limit["amount"], unit=TimeUnit(limit["unit"]))
                for kind, limit in version["limits"].items()
            },
            due_soon_working_days=version["due_soon_working_days"],
            mayor_department=version["mayor_department"],
            wrong_codes=version["wrong_codes"],
            wrong_codes_within=timedelta(minutes=version["wrong_codes_within_minutes"]),
        )
        for version in found["versions"]
    )


async def letters_to_wake(read: Reader, moment: datetime, *, limit: int) -> list[str]:
    """Ids of letters to which time has done something, soonest first. Index: wakes_at."""
    where = {"wakes_at": {"$type": "date", "$lte": moment}}
    return await read.ids(Letter, where, sort="wakes_at", limit=limit)


class AtHand:
    """What has to be known of mailboxes, as this process read it at most a second ago, on the same day.

    Limits and mergers take effect at midnight. A letter that comes in is spared the questions (decision 18).
    """

    def __init__(self) -> None:
        self.known: dict[str, Reception] = {}
        self.day, self.until = date.min, 0.0

    async def __call__(self, read: Reader, mailbox: str, *, at: datetime) -> Reception:
        if self.day != day_of(at) or monotonic() >= self.until:
            self.known, self.day, self.until = {}, day_of(at), monotonic() + FRESH
        if mailbox not in self.known:
            self.known[mailbox] = await reception(read, mailbox, at=at)
        return self.known[mailbox]


async def letters_to_redate(read: Reader, moment: datetime, *, limit: int) -> list[str]:
    """Ids of open letters whose clock was reckoned with another calendar than is in force. Index: clock.calendar."""
    found = await read.look(Rules, ALL)
    if found is None:
        return []
    where = {"state": OPEN, "clock.calendar": {"$ne": name(found.number)}}
    return await read.ids(Letter, where, sort="clock.calendar", limit=limit)


async def provisional(read: Reader) -> int:
    """How many open letters have a deadline that is not certain yet. Index: clock.provisional."""
    return await read.count(Letter, {"state": OPEN, "clock.provisional": True})


async def years(read: Reader) -> list[Year]:
    """All that have a calendar."""
    return await read.find(Year, {}, sort="_id", limit=0)


async def queue(
    read: Reader,
    *,
    departments: Collection[str] | None,
    states: Collection[LetterState],
    due_before: datetime | None,
    limit: int,
    after: After | None,
) -> list[Letter]:
    """Letters of these departments, or of all, in these states, or in any; soonest due first.

    Index: those of department and state that are given, then clock.due_at.
    """
    where: dict[str, object] = {}
    if departments is not None:
        where["department"] = {"$in": sorted(departments)}
    if states:
        where["state"] = {"$in": sorted(states)}
    if due_before is not None:
        where["clock.due_at"] = {"$lt": due_before}
    return await read.find(Letter, where, sort="clock.due_at", limit=limit, after=after)


async def count_wrong_code(db: Database, tries: Iterable[str], policy: Policy, *, at: datetime) -> None:
    """One more wrong code for each of these; the first begins a span, and one after its end begins another."""
    going_on = {"$gt": ["$until", at]}
    counted = {
        "wrong": {"$cond": [going_on, {"$add": ["$wrong", 1]}, 1]},
        "until": {"$cond": [going_on, "$until", at + policy.wrong_codes_within]},
    }
    for id in tries:
        await db[Guesses.KIND].update_one({"_id": id}, [{"$set": counted}], upsert=True)
