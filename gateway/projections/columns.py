"""What the public may know of departments and columns."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.columns import (
    Cadence,
    ColumnKind,
    ColumnOpened,
    ColumnRetired,
    DepartmentChanged,
    DepartmentClass,
    DepartmentEvent,
    DepartmentKind,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Copied):
    """A department as the public sees it; `id` is its code."""

    KIND: ClassVar[str] = "department"

    name: str
    kind: DepartmentKind
    department_class: DepartmentClass
    letter_duties: bool
    phone: str
    address: str


def department_touched(before: Department | None, after: Department | None) -> Iterable[str]:
    return {"tree", *(f"department:{d.id}" for d in (before, after) if d)}


departments = Copy(Department, touched=department_touched)


@departments.on(DepartmentRegistered, DepartmentChanged)
def described(_: Department | None, event: DepartmentEvent) -> Department:
    return Department(
        id=event.code, name=event.name, kind=event.kind, department_class=event.department_class,
        letter_duties=event.letter_duties, phone=event.phone, address=event.address,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Copied):
    """A column of the tree. `name` None: it retired before it was heard of. `owner`: a department's code."""

    KIND: ClassVar[str] = "column"

    path: str
    name: str | None = None
    parent_id: str | None = None
    level: int = 1
    position: int = 0
    kind: ColumnKind = ColumnKind.DISCLOSURE
    cadence: Cadence = Cadence.NONE
    owner: str | None = None
    classes: tuple[str, ...] = ()
    retired_at: datetime | None = None
    retired_because: str | None = None
    successor_id: str | None = None

    @property
    def is_live(self) -> bool:
        return self.retired_at is None and self.name is not None


def column_touched(before: Column | None, after: Column | None) -> Iterable[str]:
    return {"tree", *(f"column:{c.id}" for c in (before, after) if c)}


columns = Copy(Column, touched=column_touched)


@columns.on(ColumnOpened)
def opened(column: Column | None, event: ColumnOpened) -> Column:
    """What retired stays so, even if its opening is heard of later."""
    before = column or Column(id=event.column_id, path=event.path)
    return replace(
        before, path=event.path, name=event.name, parent_id=event.parent_id, level=event.level,
        position=event.position, kind=event.kind, cadence=event.cadence, owner=event.owner, classes=event.classes,
    )  # fmt: skip


@columns.on(ColumnRetired)
def retired(column: Column | None, event: ColumnRetired) -> Column:
    before = column or Column(id=event.column_id, path=event.path)
    return replace(before, retired_at=event.at, retired_because=event.reason, successor_id=event.successor_id)
