"""What publishing shows of duties."""

from collections.abc import Callable, Mapping

from services.kernel.contracts.columns import Cadence, path_of
from services.kernel.contracts.describing import Told
from services.kernel.contracts.fields import ColumnId, ColumnPath, DepartmentCode, DueAt, LastDay, Moment
from services.kernel.contracts.publishing import Activity
from services.kernel.domain.calendar import last_day
from services.kernel.http.web import View
from services.publishing.domain import Column, Duty, DutyState


class DutyView(View):
    """A column's duty to be current (更新职责)."""

    id: Told[ColumnId]
    path: ColumnPath | None
    """The column's present path; null while a column above it has not been heard of."""
    name: str | None
    """The column's name (栏目名称); null while it has not been heard of."""
    owner: Told[DepartmentCode]
    """The code of the department that answers for the column."""
    cadence: Cadence
    state: DutyState
    since: Moment
    """The activity that began the period. UTC."""
    because: Activity
    due_soon_at: Moment
    """When it becomes amber. UTC."""
    due_at: DueAt
    """When it goes stale without activity: 24:00 of `last_day` in Asia/Shanghai, in UTC."""
    last_day: LastDay
    rule: str
    """The version of the windows that the period came from."""

    @classmethod
    def beside(cls, columns: Mapping[str, Column]) -> "Callable[[Duty], DutyView]":
        """Makes the views of duties, given their columns and those above them."""

        def made(duty: Duty) -> DutyView:
            column = columns.get(duty.id)
            return cls(
                version=duty.version,
                id=duty.id,
                path=path_of(duty.id, columns),
                name=column.name if column else None,
                owner=duty.owner,
                cadence=duty.cadence,
                state=duty.state,
                since=duty.since,
                because=duty.because,
                due_soon_at=duty.due_soon_at,
                due_at=duty.due_at,
                last_day=last_day(duty.due_at),
                rule=duty.rule,
            )

        return made
