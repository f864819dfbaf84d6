"""What the public is shown, typed: rendered as a page or sent as JSON."""

from gateway.views.columns import (
    Branch,
    ColumnBrief,
    ColumnView,
    DepartmentBrief,
    Departments,
    DepartmentView,
    DutyView,
    HomeView,
    Retired,
    Tree,
)
from gateway.views.items import CardView, ItemView, RevisionView, Tombstone
from gateway.views.letters import ExtractView, KindCount, LettersView, Statistics
from gateway.views.names import ColumnName, DepartmentName, Mark
from gateway.views.scores import (
    AssessmentView,
    FactsView,
    FactView,
    LineHead,
    LineView,
    MonthBrief,
    MonthRow,
    MonthView,
    ScoreBrief,
    ScoresView,
)

__all__ = [
    "AssessmentView",
    "Branch",
    "CardView",
    "ColumnBrief",
    "ColumnName",
    "ColumnView",
    "DepartmentBrief",
    "DepartmentName",
    "DepartmentView",
    "Departments",
    "DutyView",
    "ExtractView",
    "FactView",
    "FactsView",
    "HomeView",
    "ItemView",
    "KindCount",
    "LettersView",
    "LineHead",
    "LineView",
    "Mark",
    "MonthBrief",
    "MonthRow",
    "MonthView",
    "Retired",
    "RevisionView",
    "ScoreBrief",
    "ScoresView",
    "Statistics",
    "Tombstone",
    "Tree",
]
