"""Evidence: how facts are added to it as they are heard, and what a month is read from."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.kernel.domain.decision import Reader
from services.kernel.storage.mongo import Index, MongoReader
from services.kernel.storage.unit import MongoUnit
from services.scoring.domain import held
from services.scoring.domain.evidence import Column, Evidence, Overdue, grouped, span
from services.scoring.domain.facts import Refreshed, Shown, Withdrawn
from services.scoring.domain.held import Body, Mark, Matter, Mention, Sheaf, Sum, Tended, Upkeep
from services.scoring.store import fact

INDEXES = [
    Index(of=Upkeep, keys=("month",)),
    Index(of=Mention, keys=("month", "department")),
    Index(of=Matter, keys=("done_at", "due_at")),
    Index(of=Matter, keys=("done_at",)),
    Index(of=Matter, keys=("counted.month", "counted.department")),
    Index(of=Sum, keys=("month",)),
]
WINDOW = 400  # positions whose facts are added in one transaction
UNUSED = timedelta(days=1)  # how long the evidence of another version of the code is kept for its replicas


async def reached(read: Reader) -> int:
    """The position up to which facts are added; 0 before the first."""
    there = await read.look(Mark, held.version())
    return there.position if there else 0


async def behind(read: Reader) -> int:
    """How many facts were heard that are not added yet."""
    return await fact.position(read) - await reached(read)


async def add(unit: MongoUnit, *, at: datetime) -> int:
    """Add the facts of the next positions. Returns up to which they are added now."""
    begun = await reached(unit)
    upto = min(begun + WINDOW, await fact.position(unit))
    sheaf = Sheaf()
    pieces = await fact.heard(unit, begun, upto)
    for kind, ids in held.wanted(pieces).items():
        for state in await unit.find(kind, {"_id": {"$in": sorted(ids)}}, sort="_id", limit=0):
            sheaf.states[kind, state.id] = state
    for piece in pieces:
        held.fold(sheaf, piece)
    for column in sorted(sheaf.disordered):
        told = [piece for piece in await fact.of(unit, f"duty/{column}", upto) if isinstance(piece, Refreshed)]
        for upkeep in held.upkeeps(column, told):
            sheaf.put(upkeep)
    for key in sheaf.changed:
        unit.keep(sheaf.states[key])
    await sum_up(unit, sheaf)
    unit.keep(Mark(id=held.version(), position=upto, at=at))
    return upto


async def sum_up(unit: MongoUnit, sheaf: Sheaf) -> None:
    added = {f"{month}/{department}": (month, department, of) for month, department, of in held.by_month(sheaf.sums)}
    for known in await unit.find(Sum, {"_id": {"$in": sorted(added)}}, sort="_id", limit=0):
        month, department, of = added[known.id]
        names = known.of.keys() | of.keys()
        added[known.id] = (month, department, {name: known.of.get(name, 0) + of.get(name, 0) for name in names})
    for id, (month, department, of) in added.items():
        unit.keep(Sum(id=id, month=month, department=department, of=of))


async def carried(read: Reader, month: str, as_of: datetime, *, position: int) -> Evidence:
    """What changes with time alone: departments, columns with their periods, letters open and due.

    Items and answered letters are left out: they are counted (`sums`), and read for one department at a time.
    """
    start, end, until = span(month, as_of)
    bodies = [body.as_of(until) for body in await read.find(Body, {}, sort="_id", limit=0)]
    columns = [column async for column in tended(read, month, as_of, position=position)]
    return Evidence(
        start=start, end=end, until=until,
        departments={body.code: body for body in bodies if body},
        shown={}, withdrawn={}, answered={},
        columns=grouped((column.opened.owner, column) for column in columns),
        overdue=grouped((letter.held.department, letter) for letter in await overdue(read, until)),
    )  # fmt: skip


async def tended(read: Reader, month: str, as_of: datetime, *, position: int) -> AsyncIterator[Column]:
    """The columns that were open before the month's end, with the periods that may be in force in it.

    Where none began in the month, the one in force is the latest, unless others began since: then the record tells.
    """
    start, _, until = span(month, as_of)
    here = {upkeep.column: upkeep.periods for upkeep in await read.find(Upkeep, {"month": month}, sort="_id", limit=0)}
    for column in await read.find(Tended, {}, sort="_id", limit=0):
        if column.opened is None or column.opened.fact.at >= until:
            continue
        periods: Sequence[Refreshed] = here.get(column.id, (column.last,) if column.last else ())
        if column.id not in here and column.latest and column.latest >= start:
            told = await fact.of(read, f"duty/{column.id}", position)
            periods = [period for period in told if isinstance(period, Refreshed)]
        retired = column.retired if column.retired and column.retired.fact.at < until else None
        yield Column(column.opened, retired, [period for period in periods if period.fact.at < until])


async def overdue(read: Reader, until: datetime) -> list[Overdue]:
    """The letters that were open at a moment and due by then, by receipt. Index: done_at, due_at; done_at."""
    due = {"due_at": {"$lte": until}}
    found = await read.find(Matter, {"done_at": None, **due}, sort="due_at", limit=0)
    found += await read.find(Matter, {"done_at": {"$gte": until}, **due}, sort="done_at", limit=0)
    return [letter for matter in sorted(found, key=lambda each: each.id) if (letter := matter.overdue(until))]


async def sums(read: Reader, month: str) -> Mapping[str, Mapping[str, int]]:
    """What items and answered letters add up to, by department. Index: month."""
    return {each.department: each.of for each in await read.find(Sum, {"month": month}, sort="_id", limit=0)}


async def many(read: Reader, month: str, code: str, *, more_than: int) -> bool:
    """Whether more items and answered letters count for a department than that."""
    found = await read.look(Sum, f"{month}/{code}")
    return found is not None and sum(found.of.get(name, 0) for name in ("shown", "withdrawn", "answered")) > more_than


async def of_department(read: Reader, found: Evidence, month: str, code: str) -> Evidence:
    """The evidence with the items and the answered letters of one department."""
    mentioned = await read.find(Mention, {"month": month, "department": code}, sort="_id", limit=0)
    pieces = sorted((m.piece for m in mentioned if m.fact.at < found.until), key=lambda piece: piece.fact.order)
    answered = {"counted": {"$elemMatch": {"month": month, "department": code}}}
    letters = await read.find(Matter, answered, sort="_id", limit=0)
    return replace(
        found,
        shown={code: [piece for piece in pieces if isinstance(piece, Shown)]},
        withdrawn={code: [piece for piece in pieces if isinstance(piece, Withdrawn)]},
        answered={code: [a for x in letters if (a := x.answer(month, found.until)) and a.department == code]},
    )


async def forget(read: MongoReader, *, at: datetime) -> list[str]:
    """Drop the evidence of versions of the code that no replica has used for a day. Returns them."""
    old = await read.find(Mark, {"_id": {"$ne": held.version()}, "at": {"$lt": at - UNUSED}}, sort="_id", limit=0)
    for gone in old:
        for name in await read.db.list_collection_names(filter={"name": {"$regex": f"^evidence-{gone.id}-"}}):
            await read.db.drop_collection(name)
        await read.documents(Mark).delete_one({"_id": gone.id})
    return [gone.id for gone in old]
