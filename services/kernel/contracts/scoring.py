"""The events of scoring."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from services.kernel.contracts.describing import Told, means
from services.kernel.contracts.fields import DepartmentCode, Moment, Month
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.event import Event, Part

Score = Annotated[
    Decimal | None, means("Of 100, to hundredths; null if the department had no duty at all this month.", "92.31")
]
Rank = Annotated[
    int | None,
    means("1 is best, equal scores share a rank; null for whoever is judged on too little to be compared.", 3),
]


class FactCited(Part):
    """A fact that a line rests on."""

    position: int
    """Its place in scoring's own record: 1, 2, 3 … without gaps."""
    type: str
    """The type of the event, as `item.published`."""
    subject: str
    """What it speaks of, as kind and id: `item/city-bus-service-standard`."""
    at: Moment
    """When it happened. UTC."""
    remark: str
    """What it counted as, in Chinese words."""


class Line(Part):
    """One line of an assessment: how many points, and why."""

    indicator: str
    """The indicator's code (指标), as `letters_in_time`."""
    name: str
    """The indicator's name, as the public reads it."""
    measure: str
    """Name and version of the measure, as `letters_in_time/2`: the code of one never changes once it was published."""
    points: Decimal | None
    """Of `maximum`, to hundredths; null if the department has no such duty this month."""
    maximum: Decimal
    """The most that this line gives."""
    formula: str
    """How the points follow, in Chinese words with the numbers."""
    facts: tuple[FactCited, ...]
    """The facts that it rests on, by time."""


class IndicatorTold(Part):
    """One line of a scheme (指标)."""

    code: str
    """The indicator's code, as `letters_in_time`."""
    name: str
    """The indicator's name, as the public reads it."""
    maximum: Decimal
    """The most that this line gives."""
    measure: str
    """Name and version of the measure, as `letters_in_time/2`."""
    explained: str
    """What it measures, in Chinese words for everybody."""


class SchemeContent(Part):
    """The rules by which months are scored (考评方案)."""

    name: str
    """What the city calls them."""
    source: str
    """The document that they rest on, and what is the city's own choice."""
    interpreter: str
    """Who says what they mean (art. 18)."""
    effective: date
    """They hold for months that begin on this day or later."""
    whole_months: bool
    """Whether a department is scored only for months in which it existed from the first day on."""
    ranked_from: Decimal
    """The share of all maxima, 0 to 1, on which a department must be judged to be ranked."""
    indicators: tuple[IndicatorTold, ...]
    """Its lines, in order."""


class SchemeAdopted(Event, SchemeContent):
    """Months are scored by these rules from now on."""

    SOURCE: ClassVar[str] = "scoring"
    KEY: ClassVar[str] = "scheme_id"
    TYPE: ClassVar[str] = "scheme.adopted"

    scheme_id: str
    """Their version, as `qingyuan-2008/2`."""


class AssessmentEvent(Event):
    """A department's month (月度考评)."""

    SOURCE: ClassVar[str] = "scoring"
    KEY: ClassVar[str] = "assessment_id"

    assessment_id: str
    """Month and department, as `2026-10/finance`."""
    month: Told[Month]
    department: Told[DepartmentCode]
    scheme: str
    """The version of the rules (考评方案) that it was scored by, as `qingyuan-2008/2`."""


class AssessmentClosed(AssessmentEvent):
    """The assessment was computed from the facts up to `position`, and is fixed."""

    TYPE: ClassVar[str] = "assessment.closed"

    position: int
    """The last fact of scoring's record that it takes in."""
    score: Score


class AssessmentPublished(AssessmentEvent):
    """The assessment is public, with every line."""

    TYPE: ClassVar[str] = "assessment.published"

    department_name: str
    """The department's name when the month was closed."""
    score: Score
    rank: Rank
    lines: tuple[Line, ...]
    """One for each indicator of the scheme."""
    position: int
    """The last fact of scoring's record that it takes in."""
    calendar: str
    """The version of the calendar of working days, as `calendar-7`."""
    computed_as_of: Moment
    """The moment as of which it was reckoned. UTC."""
    cited: ClaimCheck | None = None
    """The facts of the lines by indicator, as JSON, where they have more than 256 kB; the lines name none then."""
