"""Names, and what stands on many pages."""

from services.kernel.contracts.describing import Described, Told
from services.kernel.contracts.fields import ColumnId, ColumnPath, DepartmentCode
from services.kernel.domain.event import DescribedEnum


class DepartmentName(Described):
    """A department (单位)."""

    code: Told[DepartmentCode]
    name: str
    """Its name; neutral while the department has not been heard of yet."""


class ColumnName(Described):
    """A column (栏目)."""

    id: Told[ColumnId]
    name: str
    """Its name; neutral while the column has not been heard of yet."""
    path: ColumnPath | None
    """Where its page is, at `/columns/{path}`; null while the column has not been heard of yet."""


class Mark(DescribedEnum):
    """How a column stands."""

    CURRENT = "current", "green: it is current"
    DUE_SOON = "due_soon", "amber: it is due soon"
    STALE = "stale", "red: it is overdue (逾期未更新)"
    NONE = "none", "it has no duty to be current"
