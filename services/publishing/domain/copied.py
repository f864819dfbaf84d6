"""Copies of departments and columns, which the service columns owns."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.contracts.columns import Cadence, Publishers
from services.kernel.domain.decision import Copied, Forbidden, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Copied):
    """A department (部门) that may answer for items; the id is its code."""

    KIND: ClassVar[str] = "department"

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Copied):
    """A column (栏目) that was opened. If it has a successor, it is retired."""

    KIND: ClassVar[str] = "column"

    path: str
    name: str
    owner: str
    cadence: Cadence
    publishers: Publishers
    successor_id: str | None = None

    def must_take_from(self, department: str) -> None:
        """Raises `Refused` if it is retired, `Forbidden` if only another department publishes in it."""
        if self.successor_id is not None:
            raise Refused("column.retired", f"The column {self.path} is retired. Publish in {self.successor_id}.")
        if self.publishers is Publishers.OWNER and department != self.owner:
            raise Forbidden("column.owner_only", f"Only {self.owner} publishes in {self.path}.")
