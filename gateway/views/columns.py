"""The tree of columns, their duties, the departments and the front page."""

from collections.abc import Sequence
from typing import Literal

from gateway.views.items import CardView
from gateway.views.letters import ExtractView, Statistics
from gateway.views.names import ColumnName, DepartmentName, Mark
from gateway.views.scores import ScoreBrief
from services.kernel.contracts.columns import Cadence, ColumnKind, DepartmentClass, DepartmentKind
from services.kernel.contracts.describing import Described, Told
from services.kernel.contracts.fields import ColumnId, DisclosureClass, DueAt, LastDay, Moment, Month
from services.kernel.contracts.publishing import Activity
from services.kernel.http.listing import Listing


class DutyView(Described):
    """A column's duty to be current (更新职责), as it stands now."""

    mark: Mark = Mark.NONE
    last_at: Moment | None = None
    """The last activity, in UTC; null without a duty."""
    because: Activity | None = None
    due_at: DueAt | None = None
    """When it goes stale without activity: 24:00 of `last_day` in Asia/Shanghai, in UTC; null without a duty."""
    last_day: LastDay | None = None
    """The last day in time, in Beijing's calendar; null without a duty."""


class ColumnBrief(ColumnName):
    """A column in a list, with the latest of its items."""

    level: int
    """1 for a column of the root."""
    kind: ColumnKind
    cadence: Cadence
    owner: DepartmentName | None
    """Who answers for it; null while that has not been heard of."""
    duty: DutyView
    latest: Sequence[CardView] = ()
    """The latest of its items."""


class ColumnView(ColumnBrief):
    """A column with its place in the tree and the items of its branch."""

    classes: tuple[Told[DisclosureClass], ...]
    """The disclosure classes of art. 8 that it serves."""
    trail: list[ColumnName]
    """The way to it from the root."""
    children: list[ColumnBrief]
    """The columns directly below it."""
    items: Listing[CardView]
    """The items of its branch: its own and those below it, newest first."""


class Retired(Described):
    """A column that is no longer kept (撤销)."""

    status: Literal["retired"] = "retired"
    """`retired`, by which it is known from a column."""
    id: Told[ColumnId]
    name: str
    """Its name when it was retired."""
    retired_at: Moment
    """When. UTC."""
    reason: str
    """Why."""
    successor: ColumnName | None
    """Where its readers go; null while that has not been heard of."""


class Branch(ColumnName):
    """A column and what hangs below it."""

    kind: ColumnKind
    cadence: Cadence
    owner: DepartmentName | None
    """Who answers for it; null while that has not been heard of."""
    children: Sequence["Branch"] = ()
    """The columns directly below it."""


class Tree(Described):
    """All live columns."""

    columns: list[Branch]
    """Those of level 1, each with what hangs below it."""


class DepartmentBrief(DepartmentName):
    """A department in the list of all."""

    kind: DepartmentKind
    department_class: DepartmentClass
    phone: str
    """Where the public calls."""
    address: str
    """Where the public comes to."""
    successor: DepartmentName | None = None
    """Who answers for its matters now that it has ended; null while it goes on."""


class Departments(Described):
    """All departments."""

    departments: list[DepartmentBrief]
    """By code."""


class DepartmentView(DepartmentBrief):
    """A department's place on the portal. Items, letters and scores stay with the department they were made with."""

    ended_at: Moment | None = None
    """When it ended, in UTC; null while it goes on."""
    succeeds: Sequence[DepartmentName] = ()
    """The departments that it answers for as well."""
    columns: list[ColumnBrief]
    """The columns that it answers for."""
    items: Listing[CardView]
    """Its items, newest first."""
    letters: list[ExtractView]
    """Letters that it answered and that were made public, the latest first."""
    scores: list[ScoreBrief]
    """Its results, the latest month first."""


class HomeView(Described):
    """The front page."""

    news: list[CardView]
    """The latest of the news columns."""
    notices: list[CardView]
    """The latest of the notices."""
    branches: list[Branch]
    """The columns of level 1, each with what hangs below it."""
    letters: list[ExtractView]
    """The letters that were made public last."""
    statistics: Statistics
    month: Told[Month] | None
    """The latest month whose assessment is published; null while there is none."""
    scores: list[ScoreBrief]
    """The results of that month, best first."""
