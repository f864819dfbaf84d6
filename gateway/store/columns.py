"""The tree: a column with its items, a retired one with where its readers go, departments with what is theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway import refusals
from gateway.projections import Column, Department, Duty
from gateway.store import items, letters, scores
from gateway.store.reading import Reading
from gateway.views import (
    Branch,
    ColumnBrief,
    ColumnView,
    DepartmentBrief,
    DepartmentName,
    DepartmentView,
    DutyView,
    Mark,
    Retired,
)
from services.kernel.domain.calendar import last_day
from services.kernel.domain.terms import answers_for
from services.kernel.http.listing import Portion

LATEST = 5
MERGED = 100  # columns whose items MongoDB merges by time; of more than 200 it would sort all


async def column(reading: Reading, path: str, portion: Portion) -> ColumnView | Retired:
    """The column at a path, or that moved from there. `Missing` for a path under which no column ever was."""
    found = reading.few.found(path)
    if found is None:
        raise refusals.NO_COLUMN(path=path)
    if not found.is_live:
        return _retired(reading, found)
    below = reading.few.children.get(found.id, [])
    duties = await _duties(reading, [found, *below])
    children = []
    for child in below:
        latest = await items.latest(reading, *of_branch(reading, child.id), limit=LATEST)
        children.append(brief(reading, child, duties[child.id]).model_copy(update={"latest": latest}))
    own = brief(reading, found, duties[found.id])
    return ColumnView(
        id=own.id, name=own.name, path=own.path, level=own.level, kind=own.kind, cadence=own.cadence,
        owner=own.owner, duty=own.duty, classes=found.classes, trail=reading.few.trail(found.id), children=children,
        items=await items.listing(reading, *of_branch(reading, found.id), portion=portion),
    )  # fmt: skip


def of_branch(reading: Reading, id: str) -> Sequence[Mapping[str, Any]]:
    """Filters for the items of a column and of all below it; the page rests on each of these."""
    ids = reading.few.branch(id)
    reading.basis.on(*(f"column:{each}" for each in ids))
    return [{"column_id": {"$in": ids[n : n + MERGED]}} for n in range(0, len(ids), MERGED)]


def _retired(reading: Reading, column: Column) -> Retired:
    assert column.retired_at
    successor = reading.few.successor(column)
    return Retired(
        id=column.id, name=column.name or "", retired_at=column.retired_at, reason=column.retired_because or "",
        successor=reading.few.column(successor.id) if successor else None,
    )  # fmt: skip


def brief(reading: Reading, column: Column, duty: DutyView) -> ColumnBrief:
    return ColumnBrief(
        id=column.id, name=column.name or "", path=reading.few.path[column.id], level=reading.few.level(column.id),
        kind=column.kind, cadence=column.cadence, owner=owner(reading, column), duty=duty,
    )  # fmt: skip


def owner(reading: Reading, column: Column) -> DepartmentName | None:
    """Who answers for it now."""
    return reading.few.department(reading.answering(column.owner)) if column.owner else None


async def _duties(reading: Reading, columns: list[Column]) -> dict[str, DutyView]:
    """How each stands now; the page lasts no longer than until the next of them changes by time alone."""
    ids = [column.id for column in columns]
    reading.basis.on(*(f"column:{id}" for id in ids))
    found = await reading.read.find(Duty, {"_id": {"$in": ids}, "due_at": {"$exists": True}}, sort="_id", limit=0)
    return dict.fromkeys(ids, DutyView()) | {duty.id: _standing(reading, duty) for duty in found}


def _standing(reading: Reading, duty: Duty) -> DutyView:
    mark = Mark.CURRENT
    for moment, then in ((duty.due_soon_at, Mark.DUE_SOON), (duty.due_at, Mark.STALE)):
        if moment is not None and reading.at >= moment:
            mark = then
        else:
            reading.basis.expires(moment)
    return DutyView(
        mark=mark, last_at=duty.last_at, because=duty.because, due_at=duty.due_at, last_day=last_day(duty.due_at)
    )


def branches(reading: Reading, parent: str | None = None) -> list[Branch]:
    """The live tree, siblings by their position."""
    return [
        Branch(
            id=column.id, name=column.name or "", path=reading.few.path[column.id], kind=column.kind,
            cadence=column.cadence, owner=owner(reading, column), children=branches(reading, column.id),
        )
        for column in reading.few.children.get(parent, [])
    ]  # fmt: skip


def departments(reading: Reading) -> list[DepartmentBrief]:
    return [_department(reading, found) for found in reading.few.departments.values()]


def _department(reading: Reading, found: Department) -> DepartmentBrief:
    answering = reading.answering(found.id)
    return DepartmentBrief(
        **found.profile.model_dump(exclude={"service_duties", "letter_duties"}), code=found.id,
        successor=reading.few.department(answering) if answering != found.id else None,
    )  # fmt: skip


async def department(reading: Reading, code: str, portion: Portion) -> DepartmentView:
    reading.basis.on(f"department:{code}")
    known = reading.few.departments.get(code)
    if known is None:
        raise refusals.NO_DEPARTMENT(code=code)
    codes = answers_for({code}, reading.few.successors, at=reading.at)
    own = [c for below in reading.few.children.values() for c in below if c.owner in codes]
    duties = await _duties(reading, own)
    base = _department(reading, known)
    term = known.successors.term(reading.at)
    return DepartmentView(
        **dict(base), ended_at=term.since if term and base.successor else None,
        succeeds=[reading.few.department(each) for each in sorted(codes - {code})],
        columns=[brief(reading, c, duties[c.id]) for c in own],
        items=await items.listing(reading, {"department": code}, portion=portion),
        letters=await letters.latest(reading, limit=LATEST, department=code),
        scores=await scores.trend(reading, code),
    )  # fmt: skip
