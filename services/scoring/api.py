"""HTTP in, HTTP out."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.contracts.fields import DepartmentCode
from services.kernel.contracts.fields import Month as InMonth
from services.kernel.contracts.scoring import Line
from services.kernel.domain.calendar import official
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away, Missing, Reader, Refused, Unknown
from services.kernel.domain.person import EVERYBODY, Person, Role
from services.kernel.http.problem import request_id
from services.kernel.http.tasks import FOLLOWED, Follow
from services.kernel.http.web import Answer, Body, Caller, Door, IfMatch, Read, Table, View
from services.kernel.running.program import Program
from services.kernel.stream.bus import BUS_ERRORS
from services.scoring import store
from services.scoring.actions import begin_closing, begin_publication, confirm_month
from services.scoring.domain.assessment import (
    Assessment,
    Month,
    MonthState,
    key,
    may_see,
    must_be_over,
    must_have_begun,
    must_see,
)  # fmt: skip
from services.scoring.domain.scheme import in_force
from services.scoring.domain.score import Inputs, Scored, sha256, total_formula

router = APIRouter(route_class=Door, tags=["assessments"])
MAY = Table(
    {
        "GET /assessments/{month}": EVERYBODY,
        "GET /assessments/{month}/{department}": EVERYBODY,
        "POST /assessments/{month}/closing": {Role.OFFICE},
        "POST /assessments/{month}/confirmation": {Role.LEADING_GROUP},
        "POST /assessments/{month}/publication": {Role.OFFICE},
        "POST /replays": {Role.OFFICE, Role.LEADING_GROUP},
    }
)
LATE_SHOWN = 200

MonthInPath = Annotated[InMonth, Path(description="YYYY-MM in Asia/Shanghai")]
DepartmentInPath = Annotated[DepartmentCode, Path()]


class InputsView(BaseModel):
    """The five things the scores follow from."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    scheme: str
    calendar: str
    month: str
    as_of: datetime


class MonthView(View):
    """A month that was closed. `sha256`: of the canonical bytes of all its scores."""

    id: str
    state: MonthState
    inputs: InputsView
    departments: tuple[str, ...]
    sha256: str


class Row(BaseModel):
    """A department's result. `rank` 1 is best; it is None if the department had no duty this month."""

    model_config = ConfigDict(from_attributes=True)

    department: str
    name: str
    score: Decimal | None
    rank: int | None


class LateFact(BaseModel):
    """A fact of the month that was heard after its close: it enters only by restatement."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    type: str
    subject: str
    time: datetime


class MonthTable(BaseModel):
    """A month at a glance. `provisional`: computed just now, and may differ tomorrow. `version`: for `If-Match`."""

    month: str
    state: MonthState
    provisional: bool
    version: int
    inputs: InputsView
    rows: list[Row]
    late: int
    late_facts: list[LateFact]


class AssessmentView(View):
    """A department's month, every line with the facts it rests on. `formula`: how the score follows from the lines."""

    month: str
    department: str
    name: str
    state: MonthState
    provisional: bool
    inputs: InputsView
    score: Decimal | None
    rank: int | None
    formula: str
    lines: tuple[Line, ...]


class Replay(Body):
    """Which closed month to reckon again."""

    month: InMonth


class ReplayView(BaseModel):
    """Whether the stored inputs give the same bytes again, and whether the stored assessments still are those bytes."""

    month: str
    identical: bool
    sha256_stored: str
    sha256_now: str
    position: int
    as_of: AwareDatetime


async def inputs_now(read: Reader, month: str, *, at: datetime) -> Inputs:
    """The inputs for a month computed with every fact heard by now."""
    scheme, position = in_force(store.schemes(), month), await store.position(read)
    return Inputs(position=position, scheme=scheme.version, calendar=official().version, month=month, as_of=at)


async def must_have_caught_up(program: Program) -> None:
    try:
        caught_up = await program.listener.caught_up()
    except BUS_ERRORS as error:
        raise Away("kafka.away", "Whether all facts have been heard cannot be asked just now. Try again.") from error
    if not caught_up:
        raise Unknown("facts.behind", "Not every fact told has been heard yet, or some wait. Try again in a moment.")


@router.get("/assessments/{month}", summary="All departments' scores; while the month runs, reckoned just now")
async def table(month: MonthInPath, read: Read, by: Caller) -> MonthTable:
    closed = await read.look(Month, month)
    if closed is None:
        must_have_begun(month, at=now())
        inputs = await inputs_now(read, month, at=now())
        return shown(month, None, inputs, await store.score(read, inputs), by)
    fixed = [assessment.scored for assessment in await store.assessments(read, closed)]
    made = shown(month, closed, closed.inputs, fixed, by)
    made.late = await store.late_count(read, closed)
    made.late_facts = [LateFact.model_validate(x) for x in await store.late_facts(read, closed, limit=LATE_SHOWN)]
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
    )


@router.get("/assessments/{month}/{department}", summary="A department's month: every line, its formula, its facts")
async def assessment(month: MonthInPath, department: DepartmentInPath, read: Read, by: Caller) -> AssessmentView:
    closed = await read.look(Month, month)
    state = closed.state if closed else MonthState.RUNNING
    must_see(by, department, state)
    if closed:
        fixed = await read.look(Assessment, key(month, department))
        scored, inputs = fixed.scored if fixed else None, closed.inputs
    else:
        must_have_begun(month, at=now())
        inputs = await inputs_now(read, month, at=now())
        scored = next((each for each in await store.score(read, inputs) if each.department == department), None)
    if scored is None:
        raise Missing("assessment.missing", f"{department} is not among those scored for {month}.")
    return AssessmentView(
        version=closed.version if closed else 0, month=month, department=department, name=scored.name, state=state,
        provisional=closed is None, inputs=InputsView.model_validate(inputs), score=scored.score, rank=scored.rank,
        formula=total_formula(scored.lines), lines=scored.lines,
    )  # fmt: skip


@router.post(
    "/assessments/{month}/closing", summary="Fix a month that is over, once everything told has been heard",
    response_model=MonthView, responses=FOLLOWED,
)  # fmt: skip
async def closing(month: MonthInPath, request: Request, read: Read, by: Caller, follow: Follow) -> MonthView | Response:
    at = now()
    must_be_over(month, at=at)
    if await read.look(Month, month) is None:  # if it is closed, the action refuses or repeats its answer
        await must_have_caught_up(request.app.state.program)
    inputs, outcome = await inputs_now(read, month, at=at), partial(store.month, id=month)
    return await follow(MonthView.of, outcome, begin_closing, inputs, by=by, request=request_id(request), at=at)


@router.post("/assessments/{month}/confirmation", summary="Stand by the scores of a closed month")
async def confirmation(month: MonthInPath, answer: Answer, expected: IfMatch = None) -> MonthView:
    return await answer(MonthView.of, confirm_month, month, at=now(), expected=expected)


@router.post(
    "/assessments/{month}/publication", summary="Let the public know the scores of a confirmed month",
    response_model=MonthView, responses=FOLLOWED,
)  # fmt: skip
async def publication(
    month: MonthInPath, request: Request, by: Caller, follow: Follow, expected: IfMatch = None
) -> MonthView | Response:
    outcome, number = partial(store.month, id=month), request_id(request)
    return await follow(
        MonthView.of, outcome, begin_publication, month, by=by, request=number, at=now(), expected=expected
    )


@router.post("/replays", tags=["replays"], summary="Reckon a closed month again and compare the bytes")
async def replay(body: Replay, read: Read) -> ReplayView:
    closed = await read.look(Month, body.month)
    if closed is None:
        raise Refused("month.running", f"{body.month} is not closed yet: there is nothing to compare with.")
    again = sha256(await store.score(read, closed.inputs), closed.inputs)
    kept = sha256([each.scored for each in await store.assessments(read, closed)], closed.inputs)
    return ReplayView(
        month=closed.id,
        identical=again == kept == closed.sha256,
        sha256_stored=closed.sha256,
        sha256_now=again,
        position=closed.inputs.position,
        as_of=closed.inputs.as_of,
    )
