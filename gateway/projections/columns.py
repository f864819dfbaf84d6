"""What the public may know of departments and columns."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.columns import (
    Cadence,
    ColumnChanged,
    ColumnDescribed,
    ColumnKind,
    ColumnMoved,
    ColumnOpened,
    ColumnRetired,
    DepartmentAbolished,
    DepartmentChanged,
    DepartmentEnded,
    DepartmentEvent,
    DepartmentMerged,
    DepartmentProfile,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Copied
from services.kernel.domain.terms import NOBODY, Terms
from services.kernel.stream.consumer import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Copied):
    """A department as the public sees it; `id` is its code."""

    KIND: ClassVar[str] = "department"

    profile: DepartmentProfile
    successors: Terms[str] = NOBODY


def department_touched(before: Department | None, after: Department | None) -> Iterable[str]:
    return {"tree", *(f"department:{d.id}" for d in (before, after) if d)}


departments = Copy(Department, touched=department_touched)


@departments.on(DepartmentRegistered, DepartmentChanged)
def described(department: Department | None, event: DepartmentEvent) -> Department:
    return Department(
        id=event.code, profile=event.part(DepartmentProfile), successors=department.successors if department else NOBODY
    )


@departments.on(DepartmentMerged, DepartmentAbolished)
def ended(department: Department | None, event: DepartmentEnded) -> Department | None:
    return department and replace(
        department, successors=department.successors.since(event.effective_at, event.successor)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Copied):
    """A column of the tree. `name` None: it retired before it was heard of. `owner`: a department's code.

    `path`: as it was told last; a live column's present one follows from those above it. `left`: paths it moved from.
    """

    KIND: ClassVar[str] = "column"

    path: str
    left: tuple[str, ...] = ()
    name: str | None = None
    parent_id: str | None = None
    position: int = 0
    kind: ColumnKind = ColumnKind.DISCLOSURE
    cadence: Cadence = Cadence.NONE
    owner: str | None = None
    classes: tuple[str, ...] = ()
    retired_at: datetime | None = None
    retired_because: str | None = None
    successor_id: str | None = None

    @property
    def slug(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_live(self) -> bool:
        return self.retired_at is None and self.name is not None


def column_touched(before: Column | None, after: Column | None) -> Iterable[str]:
    return {"tree", *(f"column:{c.id}" for c in (before, after) if c)}


columns = Copy(Column, touched=column_touched)


@columns.on(ColumnOpened, ColumnChanged)
def described_anew(column: Column | None, event: ColumnDescribed) -> Column:
    """What retired stays so, even if its opening is heard of later."""
    before = column or Column(id=event.column_id, path=event.path)
    return replace(
        before, path=event.path, name=event.name, parent_id=event.parent_id, position=event.position,
        kind=event.kind, cadence=event.cadence, owner=event.owner, classes=event.classes,
    )  # fmt: skip


@columns.on(ColumnMoved)
def moved(column: Column | None, event: ColumnMoved) -> Column:
    before = column or Column(id=event.column_id, path=event.path)
    left = (*(path for path in before.left if path != event.path), event.from_path)
    return replace(before, path=event.path, left=left, parent_id=event.parent_id, position=event.position)


@columns.on(ColumnRetired)
def retired(column: Column | None, event: ColumnRetired) -> Column:
    before = column or Column(id=event.column_id, path=event.path)
    return replace(before, retired_at=event.at, retired_because=event.reason, successor_id=event.successor_id)
