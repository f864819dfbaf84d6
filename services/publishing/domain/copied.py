"""Copies of departments and columns, which the service columns owns."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.columns import Publishers
from services.kernel.domain.decision import Copied
from services.kernel.domain.terms import NOBODY, Successors, Terms, who_answers
from services.publishing.domain import refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Copied):
    """A department (部门) that may answer for items; the id is its code."""

    KIND: ClassVar[str] = "department"

    name: str
    successors: Terms[str] = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Copied):
    """A column (栏目) that was opened. If it has a successor, it is retired."""

    KIND: ClassVar[str] = "column"

    slug: str
    parent_id: str | None
    name: str
    owners: Terms[str]
    publishers: Publishers
    successor_id: str | None = None

    def is_anothers(self, department: str, *, at: datetime) -> bool:
        """Whether only its owner publishes in it, and that is another department by its code."""
        return self.publishers is Publishers.OWNER and department != self.owners.as_of(at)

    def must_take_from(self, department: str, successors: Successors, *, at: datetime) -> None:
        """Raises `Refused` if it is retired, `Forbidden` if only another department publishes in it."""
        if self.successor_id is not None:
            raise refusals.COLUMN_RETIRED(name=self.name, successor=self.successor_id)
        if not self.is_anothers(department, at=at):
            return
        owner = who_answers(self.owners.as_of(at) or "", successors, at=at)
        if who_answers(department, successors, at=at) != owner:
            raise refusals.COLUMN_OWNER_ONLY(owner=owner, name=self.name)
