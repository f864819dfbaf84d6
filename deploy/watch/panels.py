"""What a dashboard is made of: defined once, shown in two forms (`consoles`, and Grafana's JSON)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """How a value is written."""

    SECONDS = "s"
    BYTES = "bytes"
    RATIO = "ratio"  # 0 to 1, shown in percent
    PER_SECOND = "per second"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and what each of its series is called: a text with `{label}` in it."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One question in words, and what answers it.

    `amber`, `red`: from which value on it is worth a look, or an act; below which, where `falling`. `do`: what then.
    """

    question: str
    queries: Sequence[Query]
    unit: Unit
    do: str
    amber: float | None = None
    red: float | None = None
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`name`: of its address. `panels` in the order in which they are read."""

    name: str
    title: str
    about: str
    panels: Sequence[Panel]
