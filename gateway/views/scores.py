"""The monthly assessment, down to the facts."""

from decimal import Decimal

from gateway.views.names import DepartmentName
from services.kernel.contracts.describing import Described, Told
from services.kernel.contracts.fields import Moment, Month
from services.kernel.contracts.scoring import Rank, SchemeContent, Score
from services.kernel.http.listing import Listing


class ScoreBrief(Described):
    """A department's result of one month."""

    month: Told[Month]
    department: DepartmentName
    score: Score
    rank: Rank


class MonthBrief(Described):
    """A month whose assessment is published."""

    month: Told[Month]
    departments: int
    """How many departments were scored."""


class ScoresView(Described):
    """All published months, the latest first."""

    months: list[MonthBrief]
    """The latest first."""


class SchemeView(SchemeContent):
    """A version of the rules by which months are scored."""

    version: str
    """Its name, as `qingyuan-2008/2`."""


class SchemesView(Described):
    """All versions of the rules by which months are scored."""

    schemes: list[SchemeView]
    """The one that holds latest first."""


class LineHead(Described):
    """An indicator: a column of the month's table."""

    indicator: str
    """The indicator's code (指标), as `letters_in_time`."""
    name: str
    """The indicator's name."""
    maximum: Decimal
    """The most that it gives."""


class MonthRow(ScoreBrief):
    """A department's row in the month's table."""

    points: dict[str, Decimal | None]
    """The points by indicator; null where the department had no such duty."""


class MonthView(Described):
    """A published month as a table, best first, those without a score last."""

    month: Told[Month]
    scheme: str
    """The version of the rules (考评方案), as `qingyuan-2008/2`."""
    published_at: Moment
    """When the month was published. UTC."""
    computed_as_of: Moment
    """The moment as of which it was reckoned. UTC."""
    heads: list[LineHead]
    """The indicators, in order."""
    rows: list[MonthRow]
    """Best first, those without a score last."""


class FactView(Described):
    """A fact behind a line, with the page that shows what it speaks of."""

    position: int
    """Its place in scoring's own record: 1, 2, 3 … without gaps."""
    type: str
    """The type of the event, as `item.published`."""
    subject: str
    """What it speaks of, as kind and id: `item/city-bus-service-standard`."""
    title: str | None
    """What the public knows that by: an item's title, a column's name, a letter's receipt; null where it knows none."""
    at: Moment
    """When it happened. UTC."""
    remark: str
    """What it counted as, in Chinese words."""
    page: str | None
    """The page that shows what it speaks of; null where there is none."""


class LineView(Described):
    """One line, with its facts linked to their pages."""

    indicator: str
    """The indicator's code (指标), as `letters_in_time`."""
    name: str
    """The indicator's name."""
    measure: str
    """Name and version of the measure, as `letters_in_time/2`."""
    points: Decimal | None
    """Of `maximum`, to hundredths; null if the department had no such duty this month."""
    maximum: Decimal
    """The most that this line gives."""
    formula: str
    """How the points follow, in Chinese words with the numbers."""
    cited: int
    """How many facts it rests on."""
    facts: list[FactView]
    """The first of them; all are listed by `GET …/facts`."""


class FactsView(Described):
    """The facts that one line of a department's month rests on, by time, in portions."""

    month: Told[Month]
    department: DepartmentName
    indicator: str
    """The indicator's code (指标), as `letters_in_time`."""
    name: str
    """The indicator's name."""
    formula: str
    """How the points follow, in Chinese words with the numbers."""
    facts: Listing[FactView]
    """By time, in portions."""


class AssessmentView(ScoreBrief):
    """A department's month with every line, and what it was computed from."""

    scheme: str
    """The version of the rules (考评方案), as `qingyuan-2008/2`."""
    position: int
    """The last fact of the record that was taken in."""
    calendar: str
    """The version of the calendar of working days, as `calendar-7`."""
    computed_as_of: Moment
    """The moment as of which it was reckoned. UTC."""
    published_at: Moment
    """When the month was published. UTC."""
    lines: list[LineView]
    """One for each indicator of the scheme."""
    formula: str
    """How the score follows from the lines, in Chinese words with the numbers."""
    trend: list[ScoreBrief]
    """The department's results of the months before, and of this one."""
