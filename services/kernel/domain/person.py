"""Who acts. Nothing here does I/O, so that domain rules may use it."""

from dataclasses import dataclass
from enum import StrEnum

from services.kernel.domain.decision import Forbidden


class Role(StrEnum):
    """What a token may say of its bearer. OFFICE is the government office (市政府办公室)."""

    IT_BUREAU = "it_bureau"
    OFFICE = "office"
    LEADING_GROUP = "leading_group"
    EDITOR = "editor"
    REVIEWER = "reviewer"
    HANDLER = "handler"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A caller. `departments`: those they answer for at the moment of the request."""

    sub: str
    name: str
    roles: frozenset[Role]
    departments: frozenset[str]

    def is_any(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def must_answer_for(self, department: str) -> None:
        """Raises `Forbidden` unless the department is their own, or they are the government office."""
        if department not in self.departments and Role.OFFICE not in self.roles:
            raise Forbidden("department.foreign", f"Only {department} and the government office may do this.")
