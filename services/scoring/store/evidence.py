"""Evidence: how facts are added to it as they are heard, and what a month is read from."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.kernel.domain.decision import Reader
from services.kernel.domain.terms import answers_for
from services.kernel.storage.mongo import Document, Index, MongoReader
from services.kernel.storage.mongo import read as decoded
from services.kernel.storage.unit import MongoUnit
from services.scoring.domain import adding, held
from services.scoring.domain.adding import Sheaf
from services.scoring.domain.evidence import (
    Column,
    Evidence,
    Overdue,
    answering,
    both_ways,
    grouped,
    last_moment,
    span,
    successors_of,
)
from services.scoring.domain.facts import Answered, Refreshed, Shown, Transferred, Withdrawn
from services.scoring.domain.held import (
    Body,
    Counted,
    Days,
    Kept,
    Mark,
    Mention,
    Period,
    Sum,
    Tended,
    Upkeep,
    by_day,
)
from services.scoring.domain.matter import Matter
from services.scoring.store import fact

INDEXES = [
    Index(of=Upkeep, keys=("month",)),
    Index(of=Mention, keys=("month", "department")),
    Index(of=Mention, keys=("month",), where={"moved": {"$type": "object"}}),
    Index(of=Matter, keys=("open", "due_at", "holder")),
    Index(of=Matter, keys=("open", "due_first")),
    Index(of=Matter, keys=("done_at",)),
    Index(of=Sum, keys=("month",)),
]
WINDOW = 400  # positions whose facts are added in one transaction
PORTION = 5_000  # rows fetched at once
UNUSED = timedelta(days=1)  # how long the evidence of another version of the code is kept for its replicas


async def reached(read: Reader) -> int:
    """The position up to which facts are added; 0 before the first."""
    there = await read.look(Mark, held.version())
    return there.position if there else 0


async def behind(read: Reader) -> int:
    """How many facts were heard that are not added yet."""
    return await fact.position(read) - await reached(read)


async def add(unit: MongoUnit, *, at: datetime) -> int:
    """Add the facts of the next positions. Returns how many positions."""
    begun = await reached(unit)
    upto = min(begun + WINDOW, await fact.position(unit))
    sheaf = Sheaf()
    pieces = await fact.heard(unit, begun, upto)
    for kind, ids in adding.wanted(pieces).items():
        for state in await unit.find(kind, {"_id": {"$in": sorted(ids)}}, sort="_id", limit=0):
            sheaf.states[kind, state.id] = state
    for piece in pieces:
        adding.fold(sheaf, piece)
    for column in sorted(sheaf.disordered):
        for upkeep in adding.upkeeps(column, await all_periods(unit, column, upto)):
            sheaf.put(upkeep)
    for key in sheaf.changed:
        unit.keep(sheaf.states[key])
    await sum_up(unit, sheaf)
    unit.keep(Mark(id=held.version(), position=upto, at=at))
    return upto - begun


async def sum_up(unit: MongoUnit, sheaf: Sheaf) -> None:
    added = {f"{month}/{department}": (month, department, of) for month, department, of in adding.by_month(sheaf.sums)}
    for known in await unit.find(Sum, {"_id": {"$in": sorted(added)}}, sort="_id", limit=0):
        month, department, of = added[known.id]
        names = known.of.keys() | of.keys()
        added[known.id] = (month, department, {name: known.of.get(name, 0) + of.get(name, 0) for name in names})
    for id, (month, department, of) in added.items():
        unit.keep(Sum(id=id, month=month, department=department, of=of))


async def standing(read: Reader, month: str, as_of: datetime) -> Evidence:
    """The departments of a month, who answers for which, and nothing else."""
    start, end, until = span(month, as_of)
    bodies = await read.find(Body, {}, sort="_id", limit=0)
    successors = successors_of(ended for body in bodies for ended in body.ended if ended.fact.at < until)
    stand = [body for body in bodies if answering(body.id, successors, until) == body.id]
    departments = {body.id: said for body in stand if (said := body.as_of(until))}
    begun = {body.id: first for body in stand if (first := body.first(until))}
    return Evidence(
        start=start, end=end, until=until, departments=departments, begun=begun, successors=successors, shown={},
        withdrawn={}, columns={}, answered={}, overdue={}, moved={},
    )  # fmt: skip


async def carried(read: Reader, found: Evidence, month: str, *, position: int) -> Evidence:
    """The same with what carries over from month to month: columns with their periods, letters open and due.

    And with the transfers of letters, which concern more than the department that answered.
    """
    columns = [column async for column in tended(read, found, month, position)]
    late = await overdue(read, found.until)
    moves = await moved(read, found, month) + [move for x in late for move in x.moved]
    return replace(
        found, columns=grouped((found.answering(column.opened.owner), column) for column in columns),
        overdue=grouped((found.answering(x.held.department), x) for x in late),
        moved=both_ways(moves, found.answering),
    )  # fmt: skip


async def moved(read: Reader, found: Evidence, month: str) -> list[Transferred]:
    """Of the letters answered in a month, the transfers told before the answer. Index: month, of those moved."""
    answered = await read.find(Mention, {"month": month, "moved": {"$type": "object"}}, sort="_id", limit=0)
    return [
        move for mention in answered if mention.at < found.until for move in mention.moved if move.fact.at < found.until
    ]


async def tended(read: Reader, found: Evidence, month: str, position: int) -> AsyncIterator[Column]:
    """The columns that were open before the month's end, with the periods that may be in force in it."""
    here = {upkeep.column: upkeep.periods for upkeep in await read.find(Upkeep, {"month": month}, sort="_id", limit=0)}
    for column in await read.find(Tended, {}, sort="_id", limit=0):
        if column.opened and column.opened.fact.at < found.until:
            periods = here.get(column.id) or await before(read, column, found, position)
            retired = column.retired if column.retired and column.retired.fact.at < found.until else None
            told = [period.piece(column.id) for period in periods if period.at < found.until]
            yield Column(column.opened, retired, told)


async def before(read: Reader, column: Tended, found: Evidence, position: int) -> Sequence[Period]:
    """The periods of a column of which none began in the month: the latest, unless others began since.

    Then the record tells.
    """
    if column.latest is None or column.latest < found.start:
        return (column.last,) if column.last else ()
    return [period for period in await all_periods(read, column.id, position) if period.at < found.until]


async def all_periods(read: Reader, column: str, upto: int) -> list[Period]:
    """In the order told."""
    told = await fact.of(read, f"duty/{column}", upto)
    return [Period.of(piece) for piece in told if isinstance(piece, Refreshed)]


async def overdue(read: Reader, until: datetime) -> list[Overdue]:
    """The letters that were open at a moment and due by then, by receipt. Index: open, due_first; done_at."""
    due = {"due_first": {"$lte": until}}
    found = await read.find(Matter, {"open": True, **due}, sort="due_first", limit=0)
    found += await read.find(Matter, {"done_at": {"$gte": until}, **due}, sort="done_at", limit=0)
    return [letter for matter in sorted(found, key=lambda each: each.id) if (letter := matter.overdue(until))]


async def kept_by(read: MongoReader, found: Evidence, month: str, position: int) -> Mapping[str, Sequence[Kept]]:
    """By owner, the columns that were open before the month's end, with the days inside their windows."""
    fields = {"column": 1, "month": 1, "first": 1, "inside": 1}
    here = read.documents(Days).find({"month": month}, fields, session=read.session)
    known = {each["column"]: (each["first"], each["inside"]) for each in await here.to_list(None)}
    columns = []
    for column in await read.find(Tended, {}, sort="_id", limit=0):
        if column.opened and column.opened.fact.at < found.until:
            of_month = known.get(column.id)
            if of_month is None and (periods := await before(read, column, found, position)):
                of_month = by_day(periods, month)
            columns.append((found.answering(column.opened.owner), (column, of_month)))
    return grouped(columns)


async def overdue_by(read: MongoReader, found: Evidence) -> Mapping[str, int]:
    """How many letters were open and due, by who had them: while a month runs, as they lie now.

    Index: open, due_at, holder.
    """
    if found.over:
        return Counter(found.answering(letter.held.department) for letter in await overdue(read, found.until))
    due: list[Document] = [
        {"$match": {"open": True, "due_at": {"$lte": found.until}}},
        {"$group": {"_id": "$holder", "n": {"$sum": 1}}},
    ]
    counted = await read.documents(Matter).aggregate(due, session=read.session).to_list(None)
    by_answering: Counter[str] = Counter()
    for each in counted:
        by_answering[found.answering(each["_id"])] += each["n"]
    return by_answering


async def sums(read: Reader, found: Evidence, month: str) -> Mapping[str, Mapping[str, int]]:
    """What items and answered letters add up to, by the department that answers for them. Index: month."""
    added: dict[str, Counter[str]] = {}
    for each in await read.find(Sum, {"month": month}, sort="_id", limit=0):
        added.setdefault(found.answering(each.department), Counter()).update(each.of)
    return added


async def mentioned(read: MongoReader, found: Evidence, month: str) -> Mapping[str, Sequence[Mention]]:
    """What counts in a month, by the department that answers for it. Index: month, department."""
    mentions = await mentions_where(read, {"month": month})
    return grouped((found.answering(each.department), each) for each in mentions)


async def mentioned_of(read: MongoReader, found: Evidence, month: str, code: str) -> Sequence[Mention]:
    """What counts in a month for one department. Index: month, department."""
    codes = answers_for({code}, found.successors, at=last_moment(found.until))
    return await mentions_where(read, {"month": month, "department": {"$in": sorted(codes)}})


async def mentions_where(read: MongoReader, where: Document) -> Sequence[Mention]:
    there = read.documents(Mention).find(where, session=read.session).batch_size(PORTION)
    return sorted([decoded(Mention, each) for each in await there.to_list(None)], key=order)


def published(found: Evidence, mentioned: Mapping[str, Sequence[Mention]]) -> Mapping[str, Sequence[datetime]]:
    """The moments of publications in order, by department; those without any are left out."""
    by = {
        code: sorted(x.at for x in mentions if x.counted is Counted.PUBLISHED and x.at < found.until)
        for code, mentions in mentioned.items()
    }
    return {code: moments for code, moments in by.items() if moments}


def order(mention: Mention) -> tuple[str, int]:
    """In which its aggregate told it."""
    subject, _, sequence = mention.id.rpartition("#")
    return subject, int(sequence)


def with_mentions(found: Evidence, code: str, mentions: Sequence[Mention]) -> Evidence:
    """The evidence with the items and the answered letters of one department."""
    pieces = [mention.piece for mention in mentions if mention.at < found.until]
    return replace(
        found,
        shown={code: [piece for piece in pieces if isinstance(piece, Shown)]},
        withdrawn={code: [piece for piece in pieces if isinstance(piece, Withdrawn)]},
        answered={code: [piece for piece in pieces if isinstance(piece, Answered)]},
    )


async def forget(read: MongoReader, *, at: datetime) -> list[str]:
    """Drop the evidence of versions of the code that no replica has used for a day. Returns them."""
    old = await read.find(Mark, {"_id": {"$ne": held.version()}, "at": {"$lt": at - UNUSED}}, sort="_id", limit=0)
    for gone in old:
        for name in await read.db.list_collection_names(filter={"name": {"$regex": f"^evidence-{gone.id}-"}}):
            await read.db.drop_collection(name)
        await read.documents(Mark).delete_one({"_id": gone.id})
    return [gone.id for gone in old]
