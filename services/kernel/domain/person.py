"""Who acts. Nothing here does I/O, so that domain rules may use it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.kernel.domain import refusals
from services.kernel.domain.terms import Successors, answers_for


class Role(StrEnum):
    """What a token may say of its bearer. OFFICE is the government office (市政府办公室)."""

    IT_BUREAU = "it_bureau"
    OFFICE = "office"
    LEADING_GROUP = "leading_group"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    HANDLER = "handler"
    SERVICE = "service"


EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A caller. `departments`: those they answer for at the moment of the request. `own`: those their token names."""

    sub: str
    name: str
    roles: frozenset[Role]
    departments: frozenset[str]
    own: frozenset[str] = frozenset()

    def answering(self, successors: Successors, *, at: datetime) -> "Person":
        """The same person, answering at a moment for the departments that their own are, or succeed, by then."""
        return replace(self, departments=answers_for(self.own, successors, at=at))

    def is_any(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def must_answer_for(self, department: str) -> None:
        """Raises `Forbidden` unless they answer for the department, or are the government office."""
        if department not in self.departments and Role.OFFICE not in self.roles:
            raise refusals.FOREIGN(department=department)
