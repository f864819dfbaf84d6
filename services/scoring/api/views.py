"""JSON shapes."""

from services.kernel.contracts.describing import Told, example
from services.kernel.contracts.fields import DepartmentCode, Moment, Sha256
from services.kernel.contracts.fields import Month as InMonth
from services.kernel.contracts.scoring import Line, Rank, Score
from services.kernel.http.web import Body, Shape, View
from services.scoring.domain.assessment import MonthState


class InputsView(Shape):
    """The five things the scores follow from."""

    position: int
    """The last fact of the record that is taken in."""
    scheme: str
    """The version of the rules (考评方案), as `qingyuan-2008/2`."""
    calendar: str
    """The version of the calendar of working days, as `calendar-7`."""
    month: Told[InMonth]
    as_of: Moment
    """The moment as of which it is reckoned. UTC."""


class NoticedView(Shape):
    """For whoever confirms the month: most of a department's publications lie close together."""

    department: Told[DepartmentCode]
    count: int
    """How many lie close together."""
    of: int
    """Of how many publications of the month."""
    since: Moment
    """When the first of them was published. UTC."""
    until: Moment
    """When the last of them was published. UTC."""


class MonthView(View):
    """A month that was closed."""

    id: Told[InMonth]
    state: MonthState
    inputs: InputsView
    departments: tuple[Told[DepartmentCode], ...]
    """The codes of the departments that were scored."""
    sha256: Told[Sha256]
    """Of the canonical bytes of all its scores."""
    noticed: list[NoticedView]
    """What to look at before the month is confirmed."""


class Row(Shape):
    """A department's result."""

    department: Told[DepartmentCode]
    name: str
    """The department's name."""
    score: Score
    rank: Rank


class LateFact(Shape):
    """A fact of the month that was heard after its close: it enters only by restatement."""

    position: int
    """Its place in the record."""
    type: str
    """The type of the event, as `item.published`."""
    subject: str
    """What it speaks of, as kind and id: `item/city-bus-service-standard`."""
    time: Moment
    """When it happened. UTC."""


class MonthTable(Shape):
    """A month at a glance."""

    month: Told[InMonth]
    state: MonthState
    provisional: bool
    """Whether it was computed just now, and may differ tomorrow."""
    version: int
    """Counts every change; `If-Match` takes it as `"3"`. 0 while the month runs."""
    inputs: InputsView
    rows: list[Row]
    """A department's result each, as far as the caller may see it."""
    late: int
    """How many facts of the month were heard after its close."""
    late_facts: list[LateFact]
    """The first of them."""
    noticed: list[NoticedView]
    """What to look at before the month is confirmed; only those who see all departments see it."""


class AssessmentView(View):
    """A department's month, every line with the facts it rests on."""

    month: Told[InMonth]
    department: Told[DepartmentCode]
    name: str
    """The department's name."""
    state: MonthState
    provisional: bool
    """Whether it was computed just now, and may differ tomorrow."""
    inputs: InputsView
    score: Score
    rank: Rank
    formula: str
    """How the score follows from the lines, in Chinese words with the numbers."""
    lines: tuple[Line, ...]
    """One for each indicator of the scheme."""
    facts_at: str | None
    """Where the facts are listed if they are too many to stand in the lines, which name none then; null otherwise."""


class Replay(Body):
    """Which closed month to reckon again."""

    model_config = example(month="2026-10")

    month: InMonth


class ReplayView(Shape):
    """Whether the stored inputs give the same bytes again, and whether the stored assessments still are those bytes."""

    month: Told[InMonth]
    identical: bool
    """Whether both are so."""
    sha256_stored: Told[Sha256]
    """Of the scores as they were when the month was closed."""
    sha256_now: Told[Sha256]
    """Of the scores as they were reckoned just now."""
    position: int
    """The last fact of the record that is taken in."""
    as_of: Moment
    """The moment as of which it is reckoned. UTC."""
