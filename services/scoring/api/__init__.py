"""HTTP in, HTTP out."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.kernel.contracts.fields import DepartmentCode
from services.kernel.contracts.fields import Month as InMonth
from services.kernel.contracts.scoring import FactCited
from services.kernel.domain import refusals as anywhere
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Reader
from services.kernel.domain.person import EVERYBODY, Person, Role
from services.kernel.http.listing import Listing, Wanted
from services.kernel.http.problem import Says, request_id
from services.kernel.http.tasks import FOLLOWED, Follow
from services.kernel.http.web import Answer, Caller, Door, IfMatch, Read, Snapshot, Table
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.stream.bus import BUS_ERRORS
from services.scoring.actions import begin_closing, begin_publication, confirm_month
from services.scoring.api.views import (
    AssessmentView,
    InputsView,
    LateFact,
    MonthTable,
    MonthView,
    NoticedView,
    Replay,
    ReplayView,
    Row,
)
from services.scoring.domain import refusals
from services.scoring.domain.assessment import (
    Assessment,
    Month,
    MonthState,
    key,
    may_see,
    must_be_over,
    must_have_begun,
    must_see,
    supervises,
)  # fmt: skip
from services.scoring.domain.score import Inputs, Scored, scaled, sha256
from services.scoring.store import evidence, fact
from services.scoring.store import month as months
from services.scoring.store.month import Glance

router = APIRouter(route_class=Door, tags=["assessments"])
MAY = Table(
    {
        "GET /assessments/{month}": EVERYBODY,
        "GET /assessments/{month}/{department}": EVERYBODY,
        "GET /assessments/{month}/{department}/facts": EVERYBODY,
        "POST /assessments/{month}/closing": {Role.OFFICE},
        "POST /assessments/{month}/confirmation": {Role.LEADING_GROUP},
        "POST /assessments/{month}/publication": {Role.OFFICE},
        "POST /replays": {Role.OFFICE, Role.LEADING_GROUP},
    }
)
SAYS: Says = {
    "GET /assessments/{month}": (refusals.BEHIND, refusals.NO_PERIOD, refusals.NOT_BEGUN, refusals.NO_SCHEME),
    "POST /assessments/{month}/closing": (
        refusals.BEHIND,
        refusals.NO_PERIOD,
        refusals.KAFKA_AWAY,
        refusals.CLOSED,
        refusals.EMPTY,
        refusals.NOT_BEGUN,
        refusals.NO_SCHEME,
    ),
    "POST /assessments/{month}/confirmation": (refusals.PUBLISHED, refusals.RUNNING, anywhere.stale("month")),
    "POST /assessments/{month}/publication": (refusals.RUNNING, anywhere.stale("month"), refusals.UNCONFIRMED),
    "GET /assessments/{month}/{department}": (
        refusals.NOT_SCORED,
        refusals.FOREIGN,
        refusals.BEHIND,
        refusals.NO_PERIOD,
        refusals.NOT_BEGUN,
        refusals.NO_SCHEME,
    ),
    "GET /assessments/{month}/{department}/facts": (
        refusals.NOT_SCORED,
        anywhere.CURSOR,
        refusals.FOREIGN,
        refusals.BEHIND,
        refusals.NO_INDICATOR,
        refusals.NOT_BEGUN,
        refusals.NO_SCHEME,
    ),
    "POST /replays": (refusals.RUNNING,),
}
TAGS = {"assessments": "Each department's month (月度考评): every line, its formula, and the facts it rests on."}
LATE_SHOWN = 200
BEHIND = 5_000  # facts that the evidence may lack while a running month is shown
FACTS_SHOWN = 500  # of items and letters, beyond which a running month's lines leave them to their list

MonthInPath = Annotated[InMonth, Path()]
DepartmentInPath = Annotated[DepartmentCode, Path()]


async def inputs_now(read: Reader, month: str, *, at: datetime) -> Inputs:
    """The inputs for a running month: all that is in the evidence by now."""
    if await evidence.behind(read) > BEHIND:
        raise refusals.BEHIND()
    return await months.inputs(read, month, await evidence.reached(read), at=at)


async def must_have_caught_up(program: Program) -> None:
    try:
        caught_up = await program.listener.caught_up()
    except BUS_ERRORS as error:
        raise refusals.KAFKA_AWAY() from error
    if not caught_up:
        raise refusals.BEHIND()


@router.get("/assessments/{month}", summary="All departments' scores; while the month runs, reckoned just now")
async def table(month: MonthInPath, read: Snapshot, by: Caller) -> MonthTable:
    """Before a month is published, a department sees its own row; the office and the leading group see all.

    `late_facts` came after the close and do not count; `noticed` is what to look at before the month is confirmed.
    """
    closed = await read.look(Month, month)
    if closed is None:
        must_have_begun(month, at=now())
        inputs = await inputs_now(read, month, at=now())
        return shown(month, None, inputs, (await months.look(read, inputs)).scored, by)
    fixed = [assessment.scored for assessment in await months.assessments(read, closed)]
    made = shown(month, closed, closed.inputs, fixed, by)
    made.late = await fact.late_count(read, closed)
    if supervises(by):
        made.noticed = [NoticedView.model_validate(each) for each in closed.noticed]
    made.late_facts = [LateFact.model_validate(x) for x in await fact.late_facts(read, closed, limit=LATE_SHOWN)]
    return made


def shown(
    month: str, closed: Month | None, inputs: Inputs, scored: tuple[Scored, ...] | list[Scored], by: Person
) -> MonthTable:
    state = closed.state if closed else MonthState.RUNNING
    return MonthTable(
        month=month,
        state=state,
        provisional=closed is None,
        version=closed.version if closed else 0,
        inputs=InputsView.model_validate(inputs),
        rows=[Row.model_validate(each) for each in scored if may_see(by, each.department, state)],
        late=0,
        late_facts=[],
        noticed=[],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A department's month as somebody looks at it: as it was `fixed`, or at a `glance` while it runs."""

    inputs: Inputs
    state: MonthState
    version: int
    scored: Scored
    fixed: Assessment | None = None
    glance: Glance | None = None

    async def cited(self, read: MongoReader) -> Scored:
        """With its facts, wherever they lie."""
        if self.fixed:
            return replace(self.scored, lines=await months.lines(read, self.fixed))
        assert self.glance
        return await months.cited(read, self.inputs, self.glance.found, self.scored)


async def looked(month: MonthInPath, department: DepartmentInPath, read: Snapshot, by: Caller) -> Looked:
    closed = await read.look(Month, month)
    must_see(by, department, closed.state if closed else MonthState.RUNNING)
    if closed:
        fixed = await read.look(Assessment, key(month, department))
        if fixed is None:
            raise refusals.NOT_SCORED(department=department, month=month)
        return Looked(
            inputs=closed.inputs, state=closed.state, version=closed.version, scored=fixed.scored, fixed=fixed
        )
    must_have_begun(month, at=now())
    inputs = await inputs_now(read, month, at=now())
    glance = await months.look(read, inputs)
    scored = next((each for each in glance.scored if each.department == department), None)
    if scored is None:
        raise refusals.NOT_SCORED(department=department, month=month)
    return Looked(inputs=inputs, state=MonthState.RUNNING, version=0, scored=scored, glance=glance)


LookedAt = Annotated[Looked, Depends(looked)]


@router.get("/assessments/{month}/{department}", summary="A department's month: every line, its formula, its facts")
async def assessment(at: LookedAt, read: Snapshot) -> AssessmentView:
    """Where there are many facts, the lines name none and `facts_at` says where they are listed."""
    scored, month, apart = at.scored, at.inputs.month, bool(at.fixed and at.fixed.cited)
    if at.glance:
        apart = at.glance.sums.mentions(scored.department) > FACTS_SHOWN
        scored = scored if apart else await at.cited(read)
    return AssessmentView(
        version=at.version, month=month, department=scored.department, name=scored.name, state=at.state,
        provisional=at.state is MonthState.RUNNING, inputs=InputsView.model_validate(at.inputs), score=scored.score,
        rank=scored.rank, formula=scaled(scored.lines), lines=scored.lines,
        facts_at=f"/assessments/{month}/{scored.department}/facts" if apart else None,
    )  # fmt: skip


@router.get("/assessments/{month}/{department}/facts", summary="The facts that a line rests on, by time, in portions")
async def facts(
    at: LookedAt,
    read: Snapshot,
    portion: Wanted,
    indicator: Annotated[str, Query(max_length=100, description="The line's code", examples=["letters_in_time"])],
) -> Listing[FactCited]:
    """`remark` says as what each one counted. `next` is the `cursor` of the portion that follows."""
    lines = (await at.cited(read)).lines
    line = next((line for line in lines if line.indicator == indicator), None)
    if line is None:
        named = ", ".join(line.indicator for line in lines)
        raise refusals.NO_INDICATOR(indicator=indicator, indicators=named)
    shown, more = portion.of_all(line.facts)
    return Listing(items=shown, next=more)


@router.post(
    "/assessments/{month}/closing", summary="Fix a month that is over, once everything told has been heard",
    response_model=MonthView, responses=FOLLOWED,
)  # fmt: skip
async def closing(month: MonthInPath, request: Request, read: Read, by: Caller, follow: Follow) -> MonthView | Response:
    """By the office. From then on the scores follow from five stored `inputs`; what is heard later is listed as late.

    Next: `POST /assessments/{month}/confirmation`, by the leading group.
    """
    at = now()
    must_be_over(month, at=at)
    position = await fact.position(read)  # before it is asked whether these were all
    if await read.look(Month, month) is None:  # if it is closed, the action refuses or repeats its answer
        await must_have_caught_up(request.app.state.program)
    begun, outcome = await months.inputs(read, month, position, at=at), partial(months.month, id=month)
    return await follow(MonthView.of, outcome, begin_closing, begun, by=by, request=request_id(request), at=at)


@router.post("/assessments/{month}/confirmation", summary="Stand by the scores of a closed month")
async def confirmation(month: MonthInPath, answer: Answer, expected: IfMatch = None) -> MonthView:
    """By the leading group. Look at `noticed` first. Next: `POST /assessments/{month}/publication`, by the office."""
    return await answer(MonthView.of, confirm_month, month, at=now(), expected=expected)


@router.post(
    "/assessments/{month}/publication", summary="Let the public know the scores of a confirmed month",
    response_model=MonthView, responses=FOLLOWED,
)  # fmt: skip
async def publication(
    month: MonthInPath, request: Request, by: Caller, follow: Follow, expected: IfMatch = None
) -> MonthView | Response:
    """By the office. The portal shows every line with its facts within seconds, at `/scores/{month}`."""
    outcome, number = partial(months.month, id=month), request_id(request)
    return await follow(
        MonthView.of, outcome, begin_publication, month, by=by, request=number, at=now(), expected=expected
    )


@router.post("/replays", summary="Reckon a closed month again and compare the bytes")
async def replay(body: Replay, read: Snapshot) -> ReplayView:
    """From the record itself, by the code and the scheme of then. Anyone who doubts a score can see that it holds."""
    closed = await read.look(Month, body.month)
    if closed is None:
        raise refusals.RUNNING(month=body.month)
    again = sha256(await months.replayed(read, closed.inputs), closed.inputs)
    kept = sha256(await stored(read, closed), closed.inputs)
    return ReplayView(
        month=closed.id,
        identical=again == kept == closed.sha256,
        sha256_stored=closed.sha256,
        sha256_now=again,
        position=closed.inputs.position,
        as_of=closed.inputs.as_of,
    )


async def stored(read: MongoReader, closed: Month) -> list[Scored]:
    """The results as they lie there, with their facts."""
    fixed = await months.assessments(read, closed)
    return [replace(each.scored, lines=await months.lines(read, each)) for each in fixed]
