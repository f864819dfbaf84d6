"""JSON shapes."""

from datetime import datetime
from decimal import Decimal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.contracts.fields import Month as InMonth
from services.kernel.contracts.scoring import Line
from services.kernel.http.web import Body, View
from services.scoring.domain.assessment import MonthState


class InputsView(BaseModel):
    """The five things the scores follow from."""

    model_config = ConfigDict(from_attributes=True)

    position: int
    scheme: str
    calendar: str
    month: str
    as_of: datetime


class NoticedView(BaseModel):
    """For whoever confirms the month: most of a department's publications (`count` of `of`) lie close together."""

    model_config = ConfigDict(from_attributes=True)

    department: str
    count: int
    of: int
    since: datetime
    until: datetime


class MonthView(View):
    """A month that was closed. `sha256`: of the canonical bytes of all its scores."""

    id: str
    state: MonthState
    inputs: InputsView
    departments: tuple[str, ...]
    sha256: str
    noticed: list[NoticedView]


class Row(BaseModel):
    """A department's result. `rank` 1 is best; it is None for whoever is judged on too little to be compared."""

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
    """A month at a glance. `provisional`: computed just now, and may differ tomorrow. `version`: for `If-Match`.

    `noticed`: what to look at before the month is confirmed; only those who see all departments see it.
    """

    month: str
    state: MonthState
    provisional: bool
    version: int
    inputs: InputsView
    rows: list[Row]
    late: int
    late_facts: list[LateFact]
    noticed: list[NoticedView]


class AssessmentView(View):
    """A department's month, every line with the facts it rests on. `formula`: how the score follows from the lines.

    `facts_at`: where the facts are listed if they are too many to stand in the lines, which name none then.
    """

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
    facts_at: str | None


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
