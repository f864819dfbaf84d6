"""The tree of columns, their duties, the departments and the front page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from gateway.views.items import CardView
from gateway.views.letters import ExtractView, Statistics
from gateway.views.names import ColumnName, DepartmentName, Mark
from gateway.views.scores import ScoreBrief
from services.kernel.contracts.columns import Cadence, ColumnKind, DepartmentClass, DepartmentKind
from services.kernel.contracts.publishing import Activity
from services.kernel.http.listing import Listing


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
    latest: Sequence[CardView] = ()


class ColumnView(ColumnBrief):
    """A column with its place in the tree and the items of its branch: its own and those below it, newest first."""

    classes: tuple[str, ...]
    trail: list[ColumnName]
    children: list[ColumnBrief]
    items: Listing[CardView]


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
    children: Sequence["Branch"] = ()


class Tree(BaseModel):
    """All live columns."""

    columns: list[Branch]


class DepartmentBrief(DepartmentName):
    """A department in the list of all. `successor`: who answers for its matters now that it has ended."""

    kind: DepartmentKind
    department_class: DepartmentClass
    phone: str
    address: str
    successor: DepartmentName | None = None


class Departments(BaseModel):
    """All departments, by code."""

    departments: list[DepartmentBrief]


class DepartmentView(DepartmentBrief):
    """A department's place on the portal. `ended_at`: when it ended. `succeeds`: those that it answers for as well.

    `columns`: those it answers for. Items, letters and scores stay with the department they were made with.
    """

    ended_at: datetime | None = None
    succeeds: Sequence[DepartmentName] = ()
    columns: list[ColumnBrief]
    items: Listing[CardView]
    letters: list[ExtractView]
    scores: list[ScoreBrief]


class HomeView(BaseModel):
    """The front page."""

    news: list[CardView]
    notices: list[CardView]
    branches: list[Branch]
    letters: list[ExtractView]
    statistics: Statistics
    month: str | None
    scores: list[ScoreBrief]
