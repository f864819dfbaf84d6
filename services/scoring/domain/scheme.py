"""Which scheme (考评方案) a month is scored by: data with a source and an effective date, never numbers in code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from services.kernel.contracts.columns import DepartmentClass
from services.kernel.contracts.scoring import IndicatorTold, SchemeAdopted
from services.kernel.domain.calendar import day_of, month_span
from services.kernel.domain.decision import Aggregate, Decision
from services.scoring.domain import refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One line of a scheme (指标). `explained`: what it measures, in words for everybody.

    `minimum`: items a month by class of department, where the measure asks for it.
    """

    code: str
    name: str
    maximum: Decimal
    measure: str
    explained: str
    minimum: Mapping[DepartmentClass, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bunched:
    """Publications that people should look at: at least so many, and such a share of the month's, so close together."""

    at_least: int
    share: Decimal
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A version of the assessment's rules; `effective` from the first month that begins on or after that day.

    `whole_months`: a department is scored for months in which it existed from the first day on. `ranked_from`: the
    share of all maxima on which one must be judged to be ranked. `bunched`: what is shown to whoever confirms.
    """

    version: str
    name: str
    source: str
    interpreter: str
    effective: date
    indicators: tuple[Indicator, ...]
    whole_months: bool = False
    ranked_from: Decimal = Decimal(0)
    bunched: Bunched | None = None

    def ranks(self, judged_on: Decimal | int) -> bool:
        """Whether somebody is ranked who is judged on lines with this sum of maxima."""
        return judged_on >= self.ranked_from * sum(indicator.maximum for indicator in self.indicators)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted(Aggregate):
    """A scheme that was told to everybody; the id is its version."""

    KIND: ClassVar[str] = "scheme"

    effective: date


def adopt(scheme: Scheme, *, at: datetime) -> Decision[Adopted]:
    """Tell what months will be scored by."""
    indicators = tuple(
        IndicatorTold(code=i.code, name=i.name, maximum=i.maximum, measure=i.measure, explained=i.explained)
        for i in scheme.indicators
    )
    told = SchemeAdopted(
        at=at, scheme_id=scheme.version, name=scheme.name, source=scheme.source, interpreter=scheme.interpreter,
        effective=scheme.effective, whole_months=scheme.whole_months, ranked_from=scheme.ranked_from,
        indicators=indicators,
    )  # fmt: skip
    return Decision(Adopted(id=scheme.version, effective=scheme.effective), (told,))


def in_force(schemes: Iterable[Scheme], month: str) -> Scheme:
    """The latest scheme that was effective when the month began. Raises `Missing` before the first."""
    first = day_of(month_span(month)[0])
    effective = [scheme for scheme in schemes if scheme.effective <= first]
    if not effective:
        raise refusals.NO_SCHEME(month=month)
    return max(effective, key=lambda scheme: scheme.effective)
