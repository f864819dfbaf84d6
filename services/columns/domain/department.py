"""A department (部门): who it is, and which duties it has."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, TypeVar

from services.kernel.contracts.columns import (
    DepartmentChanged,
    DepartmentClass,
    DepartmentEvent,
    DepartmentKind,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Aggregate, Decision, Refused
from services.kernel.domain.terms import NOBODY, Terms

D = TypeVar("D", bound=DepartmentEvent)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Aggregate):
    """A body with duties of disclosure, or one of the city's public enterprises and institutions.

    `successors`: who answers for its matters, from which moment on.
    """

    KIND: ClassVar[str] = "department"

    name: str
    kind: DepartmentKind
    department_class: DepartmentClass
    service_duties: bool
    letter_duties: bool
    phone: str
    address: str
    successors: Terms[str] = NOBODY

    @property
    def code(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentChange:
    """The fields to change; None leaves a field as it is."""

    name: str | None = None
    kind: DepartmentKind | None = None
    department_class: DepartmentClass | None = None
    service_duties: bool | None = None
    letter_duties: bool | None = None
    phone: str | None = None
    address: str | None = None


def register(found: Department | None, new: Department, *, at: datetime) -> Decision[Department]:
    """`found`: the department that has this code already, or None."""
    if found is not None:
        raise Refused("department.exists", f"The code {found.code} belongs to {found.name}. Choose another.")
    return Decision(new, (_told(DepartmentRegistered, new, at),))


def change(department: Department, wanted: DepartmentChange, *, at: datetime) -> Decision[Department]:
    """Values that it has already change nothing."""
    after = replace(
        department,
        name=_either(wanted.name, department.name),
        kind=_either(wanted.kind, department.kind),
        department_class=_either(wanted.department_class, department.department_class),
        service_duties=_either(wanted.service_duties, department.service_duties),
        letter_duties=_either(wanted.letter_duties, department.letter_duties),
        phone=_either(wanted.phone, department.phone),
        address=_either(wanted.address, department.address),
    )
    if after == department:
        return Decision(department)
    return Decision(after, (_told(DepartmentChanged, after, at),))


def _either(wanted: T | None, present: T) -> T:
    return present if wanted is None else wanted


def _told(event: type[D], department: Department, at: datetime) -> D:
    return event(
        at=at,
        code=department.code,
        name=department.name,
        kind=department.kind,
        department_class=department.department_class,
        service_duties=department.service_duties,
        letter_duties=department.letter_duties,
        phone=department.phone,
        address=department.address,
    )
