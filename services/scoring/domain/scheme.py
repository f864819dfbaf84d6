"""Which scheme (考评方案) a month is scored by: data with a source and an effective date, never numbers in code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.kernel.contracts.columns import DepartmentClass
from services.kernel.domain.calendar import day_of, month_span
from services.scoring.domain import refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One line of a scheme (指标). `minimum`: items a month by class of department, where the measure asks for it."""

    code: str
    name: str
    maximum: Decimal
    measure: str
    minimum: Mapping[DepartmentClass, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A version of the assessment's rules; `effective` from the first month that begins on or after that day."""

    version: str
    name: str
    source: str
    interpreter: str
    effective: date
    indicators: tuple[Indicator, ...]


def in_force(schemes: Iterable[Scheme], month: str) -> Scheme:
    """The latest scheme that was effective when the month began. Raises `Missing` before the first."""
    first = day_of(month_span(month)[0])
    effective = [scheme for scheme in schemes if scheme.effective <= first]
    if not effective:
        raise refusals.NO_SCHEME(month=month)
    return max(effective, key=lambda scheme: scheme.effective)
