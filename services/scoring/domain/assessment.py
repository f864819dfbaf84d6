"""The life of a month: running, closed, confirmed, published. Each department has an assessment of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from pydantic import TypeAdapter

from services.kernel.contracts.scoring import AssessmentClosed, AssessmentPublished, FactCited
from services.kernel.domain.calendar import month_span
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import DescribedEnum, Fact
from services.kernel.domain.person import Person, Role
from services.scoring.domain import refusals
from services.scoring.domain.noticed import Noticed
from services.scoring.domain.score import Inputs, Scored, sha256

LARGEST = 256_000  # bytes of facts that stand in an assessment and in its event
FEW = 500  # facts that have less than that
CITED = TypeAdapter(Mapping[str, Sequence[FactCited]])


class MonthState(DescribedEnum):
    """Where a month's assessment stands."""

    RUNNING = "running", "provisional: computed at each look and never stored"
    CLOSED = "closed", "fixed by the office, from the facts heard until then"
    CONFIRMED = "confirmed", "the leading group stands by it"
    PUBLISHED = "published", "the public reads it on the portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Month(Aggregate):
    """A closed month, with everything its scores follow from. `sha256`: of the canonical bytes of its scores.

    `noticed`: for whoever confirms it; no part of those bytes.
    """

    KIND: ClassVar[str] = "month"

    state: MonthState
    inputs: Inputs
    departments: tuple[str, ...]
    sha256: str
    noticed: tuple[Noticed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(Aggregate):
    """A department's month (月度考评), fixed when the month is closed. `id`: `{month}/{department}`.

    `cited`: where the facts lie if they are too many to stand in the lines (`facts_apart`).
    """

    KIND: ClassVar[str] = "assessment"

    month: str
    published: bool
    scored: Scored
    cited: ClaimCheck | None = None


class MonthClosed(Fact):
    """Kept only."""

    TYPE: ClassVar[str] = "month.closed"

    month: str
    position: int
    sha256: str


class MonthConfirmed(Fact):
    """Kept only: the leading group (领导小组) stands by the scores."""

    TYPE: ClassVar[str] = "month.confirmed"

    month: str


class MonthPublished(Fact):
    """Kept only; the public hears each assessment."""

    TYPE: ClassVar[str] = "month.published"

    month: str


def key(month: str, department: str) -> str:
    return f"{month}/{department}"


def must_have_begun(month: str, *, at: datetime) -> None:
    if at < month_span(month)[0]:
        raise refusals.NOT_BEGUN(month=month)


def must_be_over(month: str, *, at: datetime) -> None:
    must_have_begun(month, at=at)
    if at < month_span(month)[1]:
        raise refusals.NOT_OVER(month=month)


def must_be_open(found: Month | None, month: str) -> None:
    if found is not None:
        raise refusals.CLOSED(month=month)


def may_see(by: Person, department: str, state: MonthState) -> bool:
    """Everybody sees every published month.

    Before that, people see their own department; office, leading group and IT bureau see all.
    """
    return state is MonthState.PUBLISHED or supervises(by) or department in by.departments


def supervises(by: Person) -> bool:
    return by.is_any(Role.OFFICE, Role.LEADING_GROUP, Role.IT_BUREAU)


def must_see(by: Person, department: str, state: MonthState) -> None:
    if not may_see(by, department, state):
        raise refusals.FOREIGN()


@dataclass(frozen=True, slots=True)
class Fixed:
    """A department's month that is closed. `facts`: as JSON, if they are kept apart."""

    decision: Decision[Assessment]
    facts: bytes | None


def close(
    before: Month | None,
    inputs: Inputs,
    all_scored: Sequence[Scored],
    *,
    noticed: Sequence[Noticed] = (),
    at: datetime,
) -> tuple[Decision[Month], tuple[Fixed, ...]]:
    """Fix the computed scores. A month is closed once; a later fact enters only by restatement."""
    must_be_open(before, inputs.month)
    must_be_over(inputs.month, at=at)
    if not all_scored:
        raise refusals.EMPTY(month=inputs.month)
    digest = sha256(all_scored, inputs)
    told = MonthClosed(at=at, month=inputs.month, position=inputs.position, sha256=digest)
    month = Month(
        id=inputs.month,
        state=MonthState.CLOSED,
        inputs=inputs,
        departments=tuple(each.department for each in all_scored),
        sha256=digest,
        noticed=tuple(noticed),
    )
    return Decision(month, (told,)), tuple(fixed(inputs, each, at=at) for each in all_scored)


def fixed(inputs: Inputs, scored: Scored, *, at: datetime) -> Fixed:
    id = key(inputs.month, scored.department)
    scored, facts = facts_apart(scored)
    cited = None if facts is None else ClaimCheck.of(facts, "application/json")
    told = AssessmentClosed(
        at=at, assessment_id=id, month=inputs.month, department=scored.department, scheme=inputs.scheme,
        position=inputs.position, score=scored.score,
    )  # fmt: skip
    assessment = Assessment(id=id, month=inputs.month, published=False, scored=scored, cited=cited)
    return Fixed(Decision(assessment, (told,)), facts)


def facts_apart(scored: Scored) -> tuple[Scored, bytes | None]:
    """If its facts have more than 256 kB: the result with empty lines, and the facts by indicator as JSON."""
    if sum(len(line.facts) for line in scored.lines) < FEW:
        return scored, None
    facts = CITED.dump_json({line.indicator: line.facts for line in scored.lines})
    if len(facts) <= LARGEST:
        return scored, None
    return replace(scored, lines=tuple(line.model_copy(update={"facts": ()}) for line in scored.lines)), facts


def confirm(month: Month, *, at: datetime) -> Decision[Month]:
    """The leading group stands by the scores. Confirming again changes nothing."""
    match month.state:
        case MonthState.CONFIRMED:
            return Decision(month)
        case MonthState.CLOSED:
            told = MonthConfirmed(at=at, month=month.id)
            return Decision(replace(month, state=MonthState.CONFIRMED), (told,))
        case MonthState.RUNNING | MonthState.PUBLISHED:
            raise refusals.PUBLISHED(month=month.id)


def publish(month: Month, *, at: datetime) -> Decision[Month]:
    """Let the public know. Publishing again changes nothing."""
    match month.state:
        case MonthState.PUBLISHED:
            return Decision(month)
        case MonthState.CONFIRMED:
            told = MonthPublished(at=at, month=month.id)
            return Decision(replace(month, state=MonthState.PUBLISHED), (told,))
        case MonthState.RUNNING | MonthState.CLOSED:
            raise refusals.UNCONFIRMED(month=month.id)


def show(assessment: Assessment, inputs: Inputs, *, at: datetime) -> Decision[Assessment]:
    """One department's part of a publication, with every line. Showing it again changes nothing."""
    if assessment.published:
        return Decision(assessment)
    scored = assessment.scored
    told = AssessmentPublished(
        at=at, assessment_id=assessment.id, month=assessment.month, department=scored.department,
        scheme=inputs.scheme, department_name=scored.name, score=scored.score, rank=scored.rank, lines=scored.lines,
        position=inputs.position, calendar=inputs.calendar, computed_as_of=inputs.as_of, cited=assessment.cited,
    )  # fmt: skip
    return Decision(replace(assessment, published=True), (told,))
