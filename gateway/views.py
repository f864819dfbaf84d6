"""What the public is shown, typed: rendered as a page or sent as JSON."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

from services.kernel.contracts.columns import Cadence, ColumnKind, DepartmentClass, DepartmentKind
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.contracts.publishing import Activity, Ground, ItemKind

T = TypeVar("T", bound=BaseModel)


class DepartmentName(BaseModel):
    """`name` is a neutral placeholder for a department not heard of yet."""

    code: str
    name: str


class ColumnName(BaseModel):
    """`path` None: not heard of yet, so there is no page to go to."""

    id: str
    name: str
    path: str | None


class Part(BaseModel, Generic[T]):
    """Part of a list; `next` is the cursor of what follows."""

    items: Sequence[T]
    next: str | None


class Mark(StrEnum):
    """How a column stands: current, due soon (amber), overdue (red), or without a duty."""

    CURRENT = "current"
    DUE_SOON = "due_soon"
    STALE = "stale"
    NONE = "none"


class CardView(BaseModel):
    """An item as lists show it. Times are UTC; pages show them in Asia/Shanghai."""

    id: str
    title: str
    summary: str
    kind: ItemKind
    column: ColumnName
    department: DepartmentName
    index_number: str
    document_number: str | None
    published_at: datetime
    updated_at: datetime
    revision: int


class RevisionView(BaseModel):
    """A revision in the list of all of them."""

    number: int
    at: datetime
    change_note: str | None


class ItemView(CardView):
    """An item as one revision says it. `body`: sanitised HTML. `seen_at`: when it was found on the portal."""

    status: Literal["public"] = "public"
    body: str
    disclosure_class: str | None
    made_on: date
    keywords: tuple[str, ...]
    latest_revision: int
    change_note: str | None
    revisions: list[RevisionView]
    trail: list[ColumnName]
    seen_at: datetime | None = None


class Tombstone(BaseModel):
    """What stays of an item that was withdrawn. `gone_at`: when its page was found to be gone."""

    status: Literal["withdrawn"] = "withdrawn"
    id: str
    index_number: str | None
    column: ColumnName
    department: DepartmentName
    published_at: datetime | None
    withdrawn_at: datetime
    reason: str
    ground: Ground | None
    gone_at: datetime | None = None


class DutyView(BaseModel):
    """A column's duty to be current: last activity, next due moment, and how it stands now."""

    mark: Mark = Mark.NONE
    last_at: datetime | None = None
    because: Activity | None = None
    due_at: datetime | None = None


class ColumnBrief(ColumnName):
    """A column in a list, with the latest of its items."""

    level: int
    kind: ColumnKind
    cadence: Cadence
    owner: DepartmentName | None
    duty: DutyView
    latest: list[CardView] = []


class ColumnView(ColumnBrief):
    """A column with its place in the tree and its items, newest first."""

    classes: tuple[str, ...]
    trail: list[ColumnName]
    children: list[ColumnBrief]
    items: Part[CardView]


class Retired(BaseModel):
    """A column that is no longer kept; `successor` is where its readers go."""

    status: Literal["retired"] = "retired"
    id: str
    name: str
    retired_at: datetime
    reason: str
    successor: ColumnName | None


class Branch(ColumnName):
    """A column and what hangs below it."""

    kind: ColumnKind
    cadence: Cadence
    owner: DepartmentName | None
    children: list["Branch"] = []


class Tree(BaseModel):
    """All live columns."""

    columns: list[Branch]


class DepartmentBrief(DepartmentName):
    """A department in the list of all."""

    kind: DepartmentKind
    department_class: DepartmentClass
    phone: str
    address: str


class Departments(BaseModel):
    """All departments, by code."""

    departments: list[DepartmentBrief]


class ScoreBrief(BaseModel):
    """A department's result of one month. `score` None: it had no duty that month."""

    month: str
    department: DepartmentName
    score: Decimal | None
    rank: int | None


class ExtractView(BaseModel):
    """The public extract of a letter, made by a person with the writer's consent."""

    receipt: str
    kind: LetterKind | None
    department: DepartmentName
    to_mayor: bool
    received_at: datetime | None
    answered_at: datetime | None
    in_time: bool | None
    title: str
    question: str
    answer: str
    stars: int | None


class KindCount(BaseModel):
    """Letters of one kind."""

    kind: LetterKind
    received: int
    answered: int


class Statistics(BaseModel):
    """Letters received since `since`, as they stood at `until`. `overdue` are among those `open`."""

    since: datetime
    until: datetime
    received: int
    answered: int
    in_time: int
    open: int
    overdue: int
    ratings: int
    mean_stars: float | None
    by_kind: list[KindCount]


class DepartmentView(DepartmentBrief):
    """A department's place on the portal."""

    columns: list[ColumnBrief]
    items: Part[CardView]
    letters: list[ExtractView]
    scores: list[ScoreBrief]


class LettersView(BaseModel):
    """Statistics, and the public extracts, the latest first."""

    statistics: Statistics
    letters: Part[ExtractView]


class MonthBrief(BaseModel):
    """A month whose assessment is published."""

    month: str
    departments: int


class ScoresView(BaseModel):
    """All published months, the latest first."""

    months: list[MonthBrief]


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
    """A fact behind a line, with the page that shows what it speaks of."""

    position: int
    type: str
    subject: str
    at: datetime
    remark: str
    page: str | None


class LineView(BaseModel):
    """One line, its facts linked to their pages. `points` None: no such duty this month."""

    indicator: str
    name: str
    measure: str
    points: Decimal | None
    maximum: Decimal
    formula: str
    facts: list[FactView]


class AssessmentView(ScoreBrief):
    """A department's month with every line, and what it was computed from."""

    scheme: str
    position: int
    calendar: str
    computed_as_of: datetime
    published_at: datetime
    lines: list[LineView]
    trend: list[ScoreBrief]


class HomeView(BaseModel):
    """The front page."""

    news: list[CardView]
    notices: list[CardView]
    branches: list[Branch]
    letters: list[ExtractView]
    statistics: Statistics
    month: str | None
    scores: list[ScoreBrief]
