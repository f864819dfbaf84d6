"""The score: a pure function of facts, scheme, calendar, month and moment; ranks; the bytes that prove it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.kernel.contracts.scoring import FactCited, Line
from services.kernel.domain.calendar import day_of
from services.kernel.domain.figures import scaling
from services.scoring.domain.evidence import Evidence, dated, gather, must_be_registered
from services.scoring.domain.facts import Department, Piece
from services.scoring.domain.held import Kept
from services.scoring.domain.measures import MEASURES, added, cited, counts, line, of_sums
from services.scoring.domain.scheme import Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The five things that a score follows from. The same five give the same bytes.

    `position`: of the last fact that counts; `scheme`, `calendar`: versions; `as_of`: the moment of computing.
    """

    position: int
    scheme: str
    calendar: str
    month: str
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A department's month. `score`: of 100, None without any duty. `rank`: 1 is best; equal scores share one.

    It is None for whoever is judged on too few lines to be compared.
    """

    department: str
    name: str
    score: Decimal | None
    rank: int | None
    lines: tuple[Line, ...]


def compute(pieces: Iterable[Piece], inputs: Inputs, scheme: Scheme) -> tuple[Scored, ...]:
    """Every department's month, sorted by code. Raises `Unknown` if facts that a line needs are missing."""
    if scheme.version != inputs.scheme:
        raise ValueError(f"{inputs.month} is scored by {inputs.scheme}, not by {scheme.version}")
    heard = (piece for piece in pieces if piece.fact.position <= inputs.position)
    found = gather(heard, month=inputs.month, as_of=inputs.as_of)
    return ranked([scored(found, department, scheme) for department in judged(found, scheme)], scheme)


def judged(found: Evidence, scheme: Scheme) -> Iterator[Department]:
    """The departments that are scored, by code."""
    first = day_of(found.start)
    for code, department in sorted(found.departments.items()):
        if not scheme.whole_months or day_of(dated(found.begun[code])) <= first:
            yield department


def scored(found: Evidence, department: Department, scheme: Scheme) -> Scored:
    counted = counts(found, department.code)
    return with_facts(result(department, [line(each, counted, department) for each in scheme.indicators]), found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a month adds up to, by department: items and answered letters by name, columns, letters overdue."""

    of: Mapping[str, Mapping[str, int]]
    kept: Mapping[str, Sequence[Kept]]
    overdue: Mapping[str, int]

    def mentions(self, code: str) -> int:
        """How many items and answered letters count for a department."""
        of = self.of.get(code, {})
        return sum(of.get(name, 0) for name in ("shown", "withdrawn", "answered"))


def summed(found: Evidence, sums: Sums, scheme: Scheme) -> tuple[Scored, ...]:
    """Every department's month without its facts, sorted by code. `found`: at least the departments.

    Raises `Unknown` if facts that a line needs are missing.
    """
    must_be_registered(found, *(code for code, of in sums.of.items() if any(of.values())), *sums.kept, *sums.overdue)
    made = []
    for department in judged(found, scheme):
        code = department.code
        days = added(column.days(found, of_month) for column, of_month in sums.kept.get(code, ()))
        counted = of_sums(sums.of.get(code, {}), over=found.over, days=days, overdue=sums.overdue.get(code, 0))
        made.append(result(department, [line(indicator, counted, department) for indicator in scheme.indicators]))
    return ranked(made, scheme)


def with_facts(scored: Scored, found: Evidence) -> Scored:
    """The same with the facts of each line."""
    department = found.departments[scored.department]
    lines = (each.model_copy(update={"facts": facts_of(each, found, department)}) for each in scored.lines)
    return replace(scored, lines=tuple(lines))


def result(department: Department, lines: Sequence[Line]) -> Scored:
    """Not ranked yet."""
    return Scored(department=department.code, name=department.name, score=total(lines), rank=None, lines=tuple(lines))


def facts_of(line: Line, found: Evidence, department: Department) -> tuple[FactCited, ...]:
    """The facts that a line rests on, by time."""
    return cited(MEASURES[line.measure].cites(found, department))


def total(lines: Sequence[Line]) -> Decimal | None:
    """The sum of the points as shown ÷ the maxima of the lines that apply × 100, rounded half up to hundredths."""
    return scaling([(line.points, line.maximum) for line in lines])[0]


def scaled(lines: Sequence[Line]) -> str:
    """How the score follows from its lines, in words with its numbers. It stands outside the bytes that are proven."""
    return scaling([(line.points, line.maximum) for line in lines])[1]


def ranked(all_scored: Sequence[Scored], scheme: Scheme) -> tuple[Scored, ...]:
    """A rank is one more than the number of those with a higher score, among those who are judged on enough."""
    compared = {each.department: each.score for each in all_scored if each.score is not None and ranks(each, scheme)}
    scores = list(compared.values())
    rank = {score: 1 + sum(other > score for other in scores) for score in set(scores)}
    return tuple(
        replace(each, rank=rank[compared[each.department]] if each.department in compared else None)
        for each in all_scored
    )


def ranks(scored: Scored, scheme: Scheme) -> bool:
    return scheme.ranks(sum(line.maximum for line in scored.lines if line.points is not None))


def canonical(all_scored: Iterable[Scored], inputs: Inputs) -> bytes:
    """The result as bytes. They leave out positions, so they do not depend on the order in which facts arrived."""
    said = {
        "month": inputs.month,
        "scheme": inputs.scheme,
        "calendar": inputs.calendar,
        "as_of": stamp(inputs.as_of),
        "departments": [said_of(each) for each in sorted(all_scored, key=lambda each: each.department)],
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(all_scored: Iterable[Scored], inputs: Inputs) -> str:
    return hashlib.sha256(canonical(all_scored, inputs)).hexdigest()


def said_of(each: Scored) -> dict[str, object]:
    lines = [
        {
            "indicator": line.indicator,
            "name": line.name,
            "measure": line.measure,
            "points": text(line.points),
            "maximum": text(line.maximum),
            "formula": line.formula,
            "facts": [said_of_fact(fact) for fact in line.facts],
        }
        for line in each.lines
    ]
    return {
        "department": each.department, "name": each.name, "score": text(each.score), "rank": each.rank, "lines": lines
    }  # fmt: skip


def said_of_fact(fact: FactCited) -> dict[str, str]:
    return {"type": fact.type, "subject": fact.subject, "at": stamp(fact.at), "remark": fact.remark}


def text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
