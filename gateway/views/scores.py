"""The monthly assessment, down to the facts."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel

from gateway.views.names import DepartmentName
from services.kernel.http.listing import Listing


class ScoreBrief(BaseModel):
    """A department's result of one month. `score` None: it had no duty that month.

    `rank` None: without a score, or judged on too little to be compared with others.
    """

    month: str
    department: DepartmentName
    score: Decimal | None
    rank: int | None


class MonthBrief(BaseModel):
    """A month whose assessment is published."""

    month: str
    departments: int


class ScoresView(BaseModel):
    """All published months, the latest first."""

    months: list[MonthBrief]


class IndicatorView(BaseModel):
    """A line of a scheme. `explained`: what it measures; `measure`: the name and version of what computes it."""

    code: str
    name: str
    maximum: Decimal
    measure: str
    explained: str


class SchemeView(BaseModel):
    """The rules by which months are scored, from the first month that begins on or after `effective`.

    `whole_months`: a department is scored for months in which it existed from the first day on. `ranked_from`: the
    share of all maxima on which a department must be judged to be ranked.
    """

    version: str
    name: str
    source: str
    interpreter: str
    effective: date
    whole_months: bool
    ranked_from: Decimal
    indicators: list[IndicatorView]


class SchemesView(BaseModel):
    """All versions, the one that holds latest first."""

    schemes: list[SchemeView]


class LineHead(BaseModel):
    """An indicator: a column of the month's table."""

    indicator: str
    name: str
    maximum: Decimal


class MonthRow(ScoreBrief):
    """A department's row in the month's table; `points` by indicator."""

    points: dict[str, Decimal | None]


class MonthView(BaseModel):
    """A published month as a table, best first, those without a score last."""

    month: str
    scheme: str
    published_at: datetime
    computed_as_of: datetime
    heads: list[LineHead]
    rows: list[MonthRow]


class FactView(BaseModel):
    """A fact behind a line. `title`, `page`: of what it speaks of, as far as the public knows it."""

    position: int
    type: str
    subject: str
    title: str | None
    at: datetime
    remark: str
    page: str | None


class LineView(BaseModel):
    """One line, with its facts linked to their pages. `points` None: the department had no such duty this month.

    `cited`: how many facts it rests on. The first of them stand here; all are listed by `GET .../facts`.
    """

    indicator: str
    name: str
    measure: str
    points: Decimal | None
    maximum: Decimal
    formula: str
    cited: int
    facts: list[FactView]


class FactsView(BaseModel):
    """The facts that one line of a department's month rests on, by time, in portions."""

    month: str
    department: DepartmentName
    indicator: str
    name: str
    formula: str
    facts: Listing[FactView]


class AssessmentView(ScoreBrief):
    """A department's month with every line, and what it was computed from. `formula`: how the lines give the score."""

    scheme: str
    position: int
    calendar: str
    computed_as_of: datetime
    published_at: datetime
    lines: list[LineView]
    formula: str
    trend: list[ScoreBrief]
