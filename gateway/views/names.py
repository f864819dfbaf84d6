"""Names, and what stands on many pages."""

from enum import StrEnum

from pydantic import BaseModel


class DepartmentName(BaseModel):
    """A department. `name` is neutral while the department has not been heard of yet."""

    code: str
    name: str


class ColumnName(BaseModel):
    """`path` None: not heard of yet, so there is no page to go to."""

    id: str
    name: str
    path: str | None


class Mark(StrEnum):
    """How a column stands: current, due soon (amber), overdue (red), or without a duty."""

    CURRENT = "current"
    DUE_SOON = "due_soon"
    STALE = "stale"
    NONE = "none"
