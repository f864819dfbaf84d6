"""The events of scoring."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.event import Event


class FactCited(BaseModel):
    """A fact that a line rests on: its position in scoring's record, and what it was."""

    model_config = ConfigDict(frozen=True)

    position: int
    type: str
    subject: str
    at: AwareDatetime
    remark: str  # what it counted as, in words


class Line(BaseModel):
    """One line of an assessment: points of `maximum`, and why. `points` None: the body has no such duty this month."""

    model_config = ConfigDict(frozen=True)

    indicator: str
    name: str
    measure: str  # name and version of the measure: `letters_in_time/1`
    points: Decimal | None
    maximum: Decimal
    formula: str  # in words, with its numbers
    facts: tuple[FactCited, ...]


class IndicatorTold(BaseModel):
    """One line of a scheme (指标). `explained`: what it measures, in words for everybody; `measure`: as in `Line`."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str
    maximum: Decimal
    measure: str
    explained: str


class SchemeAdopted(Event):
    """A version of the rules by which months are scored (考评方案). `scheme_id` is its version.

    `effective`: from the first month that begins on or after that day. `whole_months`: a department is scored for
    months in which it existed from the first day on. `ranked_from`: the share of all maxima on which a department must
    be judged to be ranked.
    """

    SOURCE: ClassVar[str] = "scoring"
    KEY: ClassVar[str] = "scheme_id"
    TYPE: ClassVar[str] = "scheme.adopted"

    scheme_id: str
    name: str
    source: str
    interpreter: str
    effective: date
    whole_months: bool
    ranked_from: Decimal
    indicators: tuple[IndicatorTold, ...]


class AssessmentEvent(Event):
    """A department's month (月度考评). `assessment_id`: `{month}/{department}`; `month`: YYYY-MM in Asia/Shanghai."""

    SOURCE: ClassVar[str] = "scoring"
    KEY: ClassVar[str] = "assessment_id"

    assessment_id: str
    month: str
    department: str
    scheme: str


class AssessmentClosed(AssessmentEvent):
    """The assessment was computed from the facts up to `position`, and is fixed."""

    TYPE: ClassVar[str] = "assessment.closed"

    position: int
    score: Decimal | None  # of 100; None: no duty at all this month


class AssessmentPublished(AssessmentEvent):
    """The assessment is public, with every line.

    `cited`: the facts of the lines by indicator, as JSON, where they have more than 256 kB; the lines name none then.
    """

    TYPE: ClassVar[str] = "assessment.published"

    department_name: str
    score: Decimal | None
    rank: int | None  # among those scored, 1 is best; equal scores share a rank
    lines: tuple[Line, ...]
    position: int
    calendar: str
    computed_as_of: AwareDatetime
    cited: ClaimCheck | None = None
