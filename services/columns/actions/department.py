"""What can be done to a department."""

from collections.abc import Mapping
from datetime import datetime

from services.columns.domain import department as domain
from services.columns.domain.department import Department
from services.kernel.contracts.columns import DepartmentProfile
from services.kernel.domain.decision import Unit


async def register(unit: Unit, code: str, profile: DepartmentProfile, *, at: datetime) -> Department:
    found = await unit.look(Department, code)
    return unit.save(domain.register(found, code, profile, at=at))


async def change(
    unit: Unit, code: str, wanted: Mapping[str, object], *, at: datetime, expected: int | None = None
) -> Department:
    """`wanted`: the fields of the profile to change, with their new values."""
    department = await unit.get(Department, code, expected=expected)
    return unit.save(domain.change(department, department.profile.model_copy(update=wanted), at=at))
