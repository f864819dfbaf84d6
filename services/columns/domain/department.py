"""A department (部门): who it is, and which duties it has."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.columns.domain import refusals
from services.kernel.contracts.columns import DepartmentChanged, DepartmentProfile, DepartmentRegistered
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.terms import NOBODY, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Aggregate):
    """A body with duties of disclosure, or one of the city's public enterprises and institutions.

    `successors`: who answers for its matters, from which moment on.
    """

    KIND: ClassVar[str] = "department"

    profile: DepartmentProfile
    successors: Terms[str] = NOBODY

    @property
    def code(self) -> str:
        return self.id


def register(found: Department | None, code: str, profile: DepartmentProfile, *, at: datetime) -> Decision[Department]:
    """`found`: the department that has this code already, or None."""
    if found is not None:
        raise refusals.EXISTS(code=code, name=found.profile.name)
    told = DepartmentRegistered(at=at, code=code, **dict(profile))
    return Decision(Department(id=code, profile=profile), (told,))


def change(department: Department, profile: DepartmentProfile, *, at: datetime) -> Decision[Department]:
    """The profile that it has already changes nothing."""
    if profile == department.profile:
        return Decision(department)
    told = DepartmentChanged(at=at, code=department.code, **dict(profile))
    return Decision(replace(department, profile=profile), (told,))
