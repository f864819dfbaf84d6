"""Months: computed from the evidence or from the record itself, and as they were closed; the schemes."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.kernel.contracts.scoring import Line
from services.kernel.domain.calendars import current
from services.kernel.domain.decision import Reader
from services.kernel.storage.files import Files
from services.kernel.storage.mongo import MongoReader
from services.scoring.domain import refusals
from services.scoring.domain.assessment import CITED, Assessment, Month, key
from services.scoring.domain.evidence import Evidence, must_be_registered
from services.scoring.domain.measures import MEASURES
from services.scoring.domain.noticed import Noticed, noticed
from services.scoring.domain.scheme import Scheme, in_force
from services.scoring.domain.score import Inputs, Scored, Sums, compute, judged, ranked, scored, summed, with_facts
from services.scoring.store import evidence, fact


class Schemes(BaseModel):
    """The file of schemes."""

    model_config = ConfigDict(extra="forbid")

    about: str
    schemes: tuple[Scheme, ...]


@cache
def schemes() -> tuple[Scheme, ...]:
    """All versions; `ValueError` where one names a measure that there is no code for."""
    path = Path(__file__).parents[1] / "data" / "schemes.json"
    found = Schemes.model_validate_json(path.read_bytes()).schemes
    named = {indicator.measure for scheme in found for indicator in scheme.indicators}
    if named - MEASURES.keys():
        raise ValueError(f"Schemes name measures that are not known: {sorted(named - MEASURES.keys())}")
    return found


def scheme(version: str) -> Scheme:
    """The version a month was closed by; `KeyError` where it is gone: a published scheme is never taken out."""
    return {scheme.version: scheme for scheme in schemes()}[version]


async def inputs(read: Reader, month: str, position: int, *, at: datetime) -> Inputs:
    """With the scheme that was in force in the month and the calendar that is in force now, as far as it was heard."""
    scheme, calendar = in_force(schemes(), month), await current(read)
    return Inputs(position=position, scheme=scheme.version, calendar=calendar.version, month=month, as_of=at)


async def replayed(read: Reader, inputs: Inputs) -> tuple[Scored, ...]:
    """Every department's month with its facts, from the record itself.

    It is computed in a thread: a month with many facts would block the event loop.
    """
    return await asyncio.to_thread(compute, await fact.pieces(read, inputs), inputs, scheme(inputs.scheme))


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A month without its facts: who is scored, what it adds up to, and every department's result."""

    found: Evidence
    sums: Sums
    scored: tuple[Scored, ...]


async def look(read: MongoReader, inputs: Inputs) -> Glance:
    """From the evidence."""
    found = await evidence.standing(read, inputs.month, inputs.as_of)
    sums = Sums(
        of=await evidence.sums(read, found, inputs.month),
        kept=await evidence.kept_by(read, found, inputs.month, inputs.position),
        overdue=await evidence.overdue_by(read, found),
    )
    return Glance(found=found, sums=sums, scored=summed(found, sums, scheme(inputs.scheme)))


async def cited(read: MongoReader, inputs: Inputs, standing: Evidence, scored: Scored) -> Scored:
    """A department's month with its facts, from the evidence."""
    found = await evidence.carried(read, standing, inputs.month, position=inputs.position)
    mentioned = await evidence.mentioned_of(read, found, inputs.month, scored.department)
    return with_facts(scored, evidence.with_mentions(found, scored.department, mentioned))


async def whole(read: MongoReader, inputs: Inputs) -> tuple[tuple[Scored, ...], tuple[Noticed, ...]]:
    """Every department's month with its facts, from the evidence; and what whoever confirms it should look at.

    It is computed in a thread, one department after the other: all facts at once would fill the memory.
    """
    standing, by = await evidence.standing(read, inputs.month, inputs.as_of), scheme(inputs.scheme)
    found = await evidence.carried(read, standing, inputs.month, position=inputs.position)
    mentioned = await evidence.mentioned(read, found, inputs.month)
    must_be_registered(found, *mentioned)

    def scores() -> Iterator[Scored]:
        for department in judged(found, by):
            of_one = evidence.with_mentions(found, department.code, mentioned.get(department.code, ()))
            yield scored(of_one, department, by)

    published = evidence.published(found, mentioned)
    all_scored = await asyncio.to_thread(lambda: ranked(tuple(scores()), by))
    return all_scored, tuple(noticed(published, by.bunched, end=found.end)) if by.bunched else ()


async def month(read: Reader, id: str) -> Month:
    """One that was closed. `Missing` before."""
    found = await read.look(Month, id)
    if found is None:
        raise refusals.NOT_CLOSED(month=id)
    return found


async def months(read: Reader) -> list[Month]:
    """All that were closed, oldest first."""
    return await read.find(Month, {}, sort="_id", limit=0)


async def assessments(read: Reader, month: Month) -> list[Assessment]:
    """All of a month, by department. Index: _id."""
    ids = [key(month.id, department) for department in month.departments]
    return await read.find(Assessment, {"_id": {"$in": ids}}, sort="_id", limit=0)


async def lines(read: MongoReader, assessment: Assessment) -> tuple[Line, ...]:
    """Of a closed month, with the facts, wherever they lie."""
    if assessment.cited is None:
        return assessment.scored.lines
    found = await Files(read.db).look(assessment.cited.sha256)
    if found is None:
        raise refusals.FACTS_GONE(assessment=assessment.id)
    facts = CITED.validate_json(b"".join([part async for part in found.read()]))
    return tuple(line.model_copy(update={"facts": tuple(facts[line.indicator])}) for line in assessment.scored.lines)
