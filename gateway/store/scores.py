"""The monthly assessment: months, a month as a table, a department's month line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, TypeAdapter

from gateway import refusals
from gateway.projections import Assessment, Card, Letter, Scheme
from gateway.store.reading import Reading
from gateway.views import (
    AssessmentView,
    FactsView,
    FactView,
    LineHead,
    LineView,
    MonthBrief,
    MonthRow,
    MonthView,
    SchemesView,
    SchemeView,
    ScoreBrief,
    ScoresView,
)
from services.kernel.contracts.scoring import FactCited
from services.kernel.domain.decision import Copied
from services.kernel.domain.figures import scaling
from services.kernel.http.listing import Listing, Portion
from services.kernel.storage.mongo import read

MONTHS_OF_TREND = 12
SHOWN = 100  # facts of a line that stand on the page where they are too many for the event
CITED = TypeAdapter(Mapping[str, Sequence[FactCited]])


class Points(BaseModel):
    """A line without its reasons."""

    indicator: str
    name: str
    points: Decimal | None
    maximum: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Copied):
    """What the table shows of an assessment."""

    KIND: ClassVar[str] = Assessment.KIND

    month: str
    department: str
    scheme: str
    score: Decimal | None
    rank: int | None
    computed_as_of: datetime
    published_at: datetime
    lines: tuple[Points, ...] = ()


async def months(reading: Reading) -> ScoresView:
    """Index: month, rank."""
    reading.basis.on("scores")
    found = reading.read.documents(Assessment).aggregate(
        [{"$match": {"month": {"$gt": ""}}}, {"$group": {"_id": "$month", "n": {"$sum": 1}}}]
    )
    counts = {month["_id"]: month["n"] for month in await found.to_list(None)}
    return ScoresView(months=[MonthBrief(month=m, departments=counts[m]) for m in sorted(counts, reverse=True)])


async def schemes(reading: Reading) -> SchemesView:
    """They are few: one is made in years."""
    reading.basis.on("schemes")
    found = await reading.read.find(Scheme, {}, sort="_id", limit=0)
    newest_first = sorted(found, key=lambda scheme: (scheme.content.effective, scheme.id), reverse=True)
    return SchemesView(schemes=[_scheme(each) for each in newest_first])


async def scheme(reading: Reading, version: str) -> SchemeView:
    """`Missing` for a version that was never adopted."""
    reading.basis.on("schemes")
    found = await reading.read.look(Scheme, version)
    if found is None:
        raise refusals.NO_SCHEME(scheme=version)
    return _scheme(found)


def _scheme(found: Scheme) -> SchemeView:
    return SchemeView(version=found.id, **found.content.model_dump())


async def newest(reading: Reading) -> str | None:
    reading.basis.on("scores")
    found = await reading.read.documents(Assessment).find({"month": {"$gt": ""}}).sort("month", -1).limit(1).to_list(1)
    return found[0]["month"] if found else None


async def results(reading: Reading, where: dict[str, Any], *, lines: bool) -> list[Result]:
    without = {"lines.facts": 0} if lines else {"lines": 0}
    found = reading.read.documents(Assessment).find(where, without)
    return [read(Result, document) for document in await found.to_list(None)]


def score(reading: Reading, found: Result) -> ScoreBrief:
    name = reading.few.department(found.department)
    return ScoreBrief(month=found.month, department=name, score=found.score, rank=found.rank)


def by_rank(result: Result) -> tuple[int, str]:
    """Those without a rank come last."""
    return (result.rank if result.rank is not None else 1_000_000, result.department)


async def ranking(reading: Reading, month: str) -> list[ScoreBrief]:
    reading.basis.on(f"scores:{month}")
    found = await results(reading, {"month": month}, lines=False)
    return [score(reading, result) for result in sorted(found, key=by_rank)]


async def month(reading: Reading, month: str) -> MonthView:
    """`Missing` for a month of which nothing is published."""
    reading.basis.on(f"scores:{month}")
    found = sorted(await results(reading, {"month": month}, lines=True), key=by_rank)
    if not found:
        raise refusals.NO_MONTH(month=month)
    heads: dict[str, LineHead] = {}
    for line in (line for result in found for line in result.lines):
        heads.setdefault(line.indicator, LineHead(indicator=line.indicator, name=line.name, maximum=line.maximum))
    return MonthView(
        month=month, scheme=found[0].scheme, published_at=max(r.published_at for r in found),
        computed_as_of=max(r.computed_as_of for r in found), heads=list(heads.values()),
        rows=[_row(reading, result) for result in found],
    )  # fmt: skip


def _row(reading: Reading, found: Result) -> MonthRow:
    base = score(reading, found)
    points = {line.indicator: line.points for line in found.lines}
    return MonthRow(month=base.month, department=base.department, score=base.score, rank=base.rank, points=points)


async def trend(reading: Reading, department: str) -> list[ScoreBrief]:
    """The last twelve published months, the oldest first. Index: department, month."""
    reading.basis.on(f"department:{department}")
    found = reading.read.documents(Assessment).find({"department": department}, {"lines": 0}).sort("month", -1)
    newest = [read(Result, document) for document in await found.limit(MONTHS_OF_TREND).to_list(None)]
    return [score(reading, result) for result in reversed(newest)]


async def published(reading: Reading, month: str, department: str) -> Assessment:
    """With all its facts, wherever they lie. `Missing` if nothing is published of it."""
    reading.basis.on(f"scores:{month}")
    found = await reading.read.look(Assessment, f"{month}/{department}")
    if found is None:
        raise refusals.NO_ASSESSMENT(department=department, month=month)
    content = await reading.kept.files.look(found.cited.sha256) if found.cited else None
    if content is None:
        return found
    facts = CITED.validate_json(b"".join([part async for part in content.read()]))
    lines = (line.model_copy(update={"facts": tuple(facts.get(line.indicator, ()))}) for line in found.lines)
    return replace(found, lines=tuple(lines))


async def facts(reading: Reading, month: str, department: str, indicator: str, portion: Portion) -> FactsView:
    """The facts of one line. `Missing` if there is no such line."""
    found = await published(reading, month, department)
    line = next((line for line in found.lines if line.indicator == indicator), None)
    if line is None:
        raise refusals.NO_INDICATOR(department=department, month=month, indicator=indicator)
    shown, more = portion.of_all(line.facts)
    known = await _known(reading, shown)
    return FactsView(
        month=month, department=reading.few.department(department), indicator=indicator, name=line.name,
        formula=line.formula,
        facts=Listing(items=[_fact(fact, known) for fact in shown], next=more),
    )  # fmt: skip


async def assessment(reading: Reading, month: str, department: str) -> AssessmentView:
    found = await published(reading, month, department)
    most = SHOWN if found.cited else None
    known = await _known(reading, [fact for line in found.lines for fact in line.facts[:most]])
    return AssessmentView(
        month=month, department=reading.few.department(department), score=found.score, rank=found.rank,
        scheme=found.scheme, position=found.position, calendar=found.calendar, computed_as_of=found.computed_as_of,
        published_at=found.published_at, lines=[
            LineView(
                indicator=line.indicator, name=line.name, measure=line.measure, points=line.points,
                maximum=line.maximum, formula=line.formula,
                cited=len(line.facts), facts=[_fact(fact, known) for fact in line.facts[:most]],
            )
            for line in found.lines
        ],
        formula=scaling([(line.points, line.maximum) for line in found.lines])[1],
        trend=await trend(reading, department),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """What a fact speaks of, as the public knows it: its title, and its page if there is one."""

    title: str
    page: str | None


def _fact(fact: FactCited, known: Mapping[str, Named]) -> FactView:
    named = known.get(fact.subject)
    return FactView(
        position=fact.position, type=fact.type, subject=fact.subject, at=fact.at, remark=fact.remark,
        title=named.title if named else None, page=named.page if named else None,
    )  # fmt: skip


async def _known(reading: Reading, facts: Sequence[FactCited]) -> dict[str, Named]:
    """By subject. An item that was withdrawn goes by its number: its title is no longer public."""
    subjects = {fact.subject for fact in facts}
    of = {kind: [s.partition("/")[2] for s in subjects if s.startswith(f"{kind}/")] for kind in ("item", "letter")}
    cards = reading.read.documents(Card).find({"_id": {"$in": of["item"]}})
    public = {"_id": {"$in": of["letter"]}, "extract": {"$type": "string"}}
    letters = await reading.read.documents(Letter).find(public, {"_id": 1}).to_list(None)
    disclosed = {letter["_id"] for letter in letters}
    found = {f"letter/{id}": Named(id, f"/letters/{id}" if id in disclosed else None) for id in of["letter"]}
    for card in [read(Card, document) for document in await cards.to_list(None)]:
        reading.basis.on(f"department:{card.department}")
        found[f"item/{card.id}"] = Named(card.title or card.index_number or card.id, f"/items/{card.id}")
    for subject in subjects:
        kind, _, id = subject.partition("/")
        if kind in ("duty", "column") and (column := reading.few.column(id)).path:
            found[subject] = Named(column.name, f"/columns/{column.path}")
        if kind == "department" and id in reading.few.departments:
            found[subject] = Named(reading.few.department(id).name, f"/departments/{id}")
    return found
