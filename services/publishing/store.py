"""The questions publishing asks, each with its index; its policies as data."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from services.kernel.contracts.columns import Cadence, referred_to
from services.kernel.domain.calendar import Limit, TimeUnit
from services.kernel.domain.decision import After, Reader
from services.kernel.domain.refusals import missing
from services.kernel.storage.mongo import Index
from services.publishing.domain import (
    Column,
    Department,
    Duty,
    DutyState,
    EachPeriod,
    Item,
    ItemState,
    Ledger,
    Publication,
    Taxonomy,
    Verification,
    Window,
    Windows,
    check,
    conclude,
    refusals,
)

DATA = Path(__file__).parent / "data"
CHAIN = 100  # publications read at a time when a ledger is verified
INDEXES = [
    Index(of=Item, keys=("-changed_at",)),
    Index(of=Item, keys=("state", "-changed_at")),
    Index(of=Item, keys=("department", "-changed_at")),
    Index(of=Item, keys=("department", "state", "-changed_at")),
    Index(of=Publication, keys=("item_id", "revision")),
    Index(of=Publication, keys=("department", "position"), unique=True),
    Index(of=Publication, keys=("department", "position")),  # a rule serves no list; a chain is verified as one
    Index(of=Duty, keys=("wakes_at",), where={"wakes_at": {"$type": "date"}}),
    Index(of=Duty, keys=("state", "due_at")),
    Index(of=Duty, keys=("owner", "state", "due_at")),
]


@cache
def windows() -> Windows:
    """Those of `data/cadences.json`."""
    found = _data("cadences.json")
    return Windows(
        version=found["version"],
        limits={Cadence[c.upper()]: _window(said) for c, said in found["windows"].items()},
        due_soon=Fraction(found["due_soon_in_last"]),
        patience=timedelta(minutes=found["patience_minutes"]),
    )


def _window(said: dict[str, Any]) -> Window:
    return EachPeriod(said["each"]) if "each" in said else Limit(said["amount"], TimeUnit(said["unit"]))


@cache
def taxonomy() -> Taxonomy:
    """That of `data/disclosure.json`."""
    found = _data("disclosure.json")
    return Taxonomy(classes=frozenset(found["classes"]), otherwise=found["otherwise"])


async def item(read: Reader, item_id: str) -> Item:
    """`Missing` if there is none."""
    found = await read.look(Item, item_id)
    if found is None:
        raise missing("item")(id=item_id)
    return found


async def items(
    read: Reader, *, departments: Collection[str] | None, states: Collection[ItemState], limit: int, after: After | None
) -> list[Item]:
    """Of these departments, or of all; in these states, or in any; the one changed last first.

    Indexes: department, state, -changed_at.
    """
    where: dict[str, Any] = {}
    if departments is not None:
        where["department"] = {"$in": sorted(departments)}
    if states:
        where["state"] = {"$in": sorted(states)}
    return await read.find(Item, where, sort="-changed_at", limit=limit, after=after)


async def publications(read: Reader, item_id: str) -> list[Publication]:
    """An item's revisions that were made public, oldest first; their ids name both. Index: item_id, revision."""
    return await read.find(Publication, {"item_id": item_id}, sort="revision", limit=0)


async def publication(read: Reader, item_id: str, revision: int) -> Publication:
    """`Missing` if that revision was never public."""
    found = await read.look(Publication, f"{item_id}.{revision}")
    if found is None:
        raise refusals.PUBLICATION_MISSING(item=item_id, revision=revision)
    return found


async def verification(read: Reader, department: str) -> Verification:
    """The department's chain recomputed up to its head as it is now. Index: department, position."""
    await read.known(Department, department)
    ledger = await read.look(Ledger, department) or Ledger(id=department)
    where = {"department": department, "position": {"$lte": ledger.length}}
    found, after = Verification(department=department), None
    while True:
        part = await read.find(Publication, where, sort="position", limit=CHAIN, after=after)
        for each in part:
            found = check(found, each)
        if len(part) < CHAIN:
            return conclude(found, ledger)
        after = After(part[-1].position, part[-1].id)


async def versions(read: Reader) -> dict[str, int]:
    """Of all items, by id. All are read. Index: -changed_at."""
    return {found.id: found.version for found in await read.find(Item, {}, sort="-changed_at", limit=0)}


async def columns(read: Reader) -> dict[str, Column]:
    """All columns that are known here, by id. Index: _id."""
    return {found.id: found for found in await read.find(Column, {}, sort="_id", limit=0)}


async def referred(read: Reader, reference: str) -> str:
    """The id of the column that people name by its id or by its path. Index: _id."""
    if await read.look(Column, reference) is not None:
        return reference
    known = await columns(read)
    return referred_to(reference, {id: column for id, column in known.items() if column.successor_id is None})


async def know(read: Reader, departments: Collection[str]) -> bool:
    """Whether all these departments have been heard of. Index: their ids."""
    where = {"_id": {"$in": sorted(departments)}}
    return await read.count(Department, where) == len(set(departments))


async def columns_above(read: Reader, column_ids: Collection[str]) -> dict[str, Column]:
    """These columns and all above them, as far as they are known here, by id. A question per level. Index: _id."""
    known: dict[str, Column] = {}
    wanted = set(column_ids)
    while wanted:
        where = {"_id": {"$in": sorted(wanted)}}
        found = await read.find(Column, where, sort="_id", limit=0)
        known |= {column.id: column for column in found}
        wanted = {column.parent_id for column in found if column.parent_id} - known.keys()
    return known


async def duties(
    read: Reader, *, owners: Collection[str] | None, states: Collection[DutyState], limit: int, after: After | None
) -> list[Duty]:
    """Of these owners, or of all; soonest due first. Indexes: owner, state, due_at; state, due_at."""
    where: dict[str, Any] = {"state": {"$in": sorted(states)}}
    if owners is not None:
        where["owner"] = {"$in": sorted(owners)}
    return await read.find(Duty, where, sort="due_at", limit=limit, after=after)


async def duties_to_wake(read: Reader, moment: datetime, *, limit: int) -> list[str]:
    """Ids of duties to which time has done something, soonest first. Index: wakes_at, partial."""
    return await read.ids(Duty, {"wakes_at": {"$type": "date", "$lte": moment}}, sort="wakes_at", limit=limit)


async def duties_passed(read: Reader, moment: datetime, *, limit: int) -> list[str]:
    """The same at a moment of the past, patience or not. Index: state, due_at."""
    soon = {"state": DutyState.CURRENT, "due_soon_at": {"$lte": moment}}
    due = {"state": DutyState.DUE_SOON, "due_at": {"$lte": moment}}
    return await read.ids(Duty, {"$or": [soon, due]}, sort="due_at", limit=limit)


def _data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / name).read_text("utf-8"))
    return found
