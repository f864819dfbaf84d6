"""What publishing does when it hears; what it keeps of others."""

from dataclasses import replace
from datetime import datetime

from services.kernel.contracts.columns import (
    ColumnChanged,
    ColumnMoved,
    ColumnOpened,
    ColumnRetired,
    DepartmentAbolished,
    DepartmentChanged,
    DepartmentEnded,
    DepartmentEvent,
    DepartmentMerged,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Unit
from services.kernel.domain.terms import Terms
from services.kernel.stream.consumer import Copy, Effects, Hearing
from services.publishing import store
from services.publishing.actions import change_duty, close_duty, open_duty
from services.publishing.domain import Column, Department

duties = Effects("duties")
columns = Copy(Column)
departments = Copy(Department)
HEARING = Hearing(sources=("columns",), handlers=(columns, departments, duties))


@columns.on(ColumnOpened)
def opened(_: Column | None, event: ColumnOpened) -> Column:
    return Column(
        id=event.column_id,
        slug=event.slug,
        parent_id=event.parent_id,
        name=event.name,
        owners=Terms[str]().since(event.at, event.owner),
        publishers=event.publishers,
    )


@columns.on(ColumnChanged)
def changed(column: Column | None, event: ColumnChanged) -> Column | None:
    return column and replace(
        column,
        name=event.name,
        owners=column.owners.since(event.at, event.owner),
        publishers=event.publishers,
    )


@columns.on(ColumnMoved)
def moved(column: Column | None, event: ColumnMoved) -> Column | None:
    return column and replace(column, slug=event.slug, parent_id=event.parent_id)


@columns.on(ColumnRetired)
def retired(column: Column | None, event: ColumnRetired) -> Column | None:
    return column and replace(column, successor_id=event.successor_id)


@departments.on(DepartmentRegistered, DepartmentChanged)
def described(department: Department | None, event: DepartmentEvent) -> Department:
    return replace(department or Department(id=event.code, name=event.name), name=event.name)


@departments.on(DepartmentMerged, DepartmentAbolished)
def ended(department: Department | None, event: DepartmentEnded) -> Department | None:
    return department and replace(
        department, successors=department.successors.since(event.effective_at, event.successor)
    )


@duties.on(ColumnOpened)
async def duty_begins(unit: Unit, event: ColumnOpened, heard_at: datetime) -> None:
    await open_duty(
        unit, event.column_id, owner=event.owner, cadence=event.cadence, windows=store.windows(), at=event.at,
        heard_at=heard_at,
    )  # fmt: skip


@duties.on(ColumnChanged)
async def duty_changes(unit: Unit, event: ColumnChanged, heard_at: datetime) -> None:
    await change_duty(
        unit, event.column_id, owner=event.owner, cadence=event.cadence, windows=store.windows(), at=event.at,
        heard_at=heard_at,
    )  # fmt: skip


@duties.on(ColumnRetired)
async def duty_ends(unit: Unit, event: ColumnRetired, _: datetime) -> None:
    await close_duty(unit, event.column_id, at=event.at)
