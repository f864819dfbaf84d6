"""What publishing does when it hears; what it keeps of others."""

from dataclasses import replace
from datetime import datetime

from services.kernel.contracts.columns import (
    ColumnOpened,
    ColumnRetired,
    DepartmentChanged,
    DepartmentEvent,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Unit
from services.kernel.stream.consumer import Copy, Effects, Hearing
from services.publishing import store
from services.publishing.actions import close_duty, open_duty
from services.publishing.domain import Column, Department

duties = Effects("duties")
columns = Copy(Column)
departments = Copy(Department)
HEARING = Hearing(sources=("columns",), handlers=(columns, departments, duties))


@columns.on(ColumnOpened)
def opened(_: Column | None, event: ColumnOpened) -> Column:
    return as_told(event)


def as_told(event: ColumnOpened) -> Column:
    return Column(
        id=event.column_id,
        path=event.path,
        name=event.name,
        owner=event.owner,
        cadence=event.cadence,
        publishers=event.publishers,
    )


@columns.on(ColumnRetired)
def retired(column: Column | None, event: ColumnRetired) -> Column | None:
    return column and replace(column, successor_id=event.successor_id)


def described(_: Department | None, event: DepartmentEvent) -> Department:
    return Department(id=event.code, name=event.name)


departments.on(DepartmentRegistered)(described)
departments.on(DepartmentChanged)(described)


@duties.on(ColumnOpened)
async def duty_begins(unit: Unit, event: ColumnOpened, heard_at: datetime) -> None:
    await open_duty(unit, as_told(event), windows=store.windows(), at=event.at, heard_at=heard_at)


@duties.on(ColumnRetired)
async def duty_ends(unit: Unit, event: ColumnRetired, _: datetime) -> None:
    await close_duty(unit, event.column_id, at=event.at)
