"""Who acts. Nothing here does I/O, so that domain rules may use it."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime

from services.kernel.domain import refusals
from services.kernel.domain.event import DescribedEnum
from services.kernel.domain.terms import Successors, answers_for


class Role(DescribedEnum):
    """What a token may say of its bearer, in its claim `roles`; `department` says for which department."""

    IT_BUREAU = "it_bureau", "the IT bureau, which runs the technology (art. 11)"
    OFFICE = "office", "the government office (市政府办公室), which supervises all content (arts. 9, 10)"
    LEADING_GROUP = "leading_group", "the leading group, which has the last word on columns and scores (领导小组)"
    EDITOR = "editor", "writes and publishes for a department"
    REVIEWER = "reviewer", "reviews what others of the department wrote (审查员)"
    HANDLER = "handler", "answers the department's letters (承办人)"
    SERVICE = "service", "another program of the suite"


EVERYBODY = frozenset(Role)
Rights = Mapping[str, Set[Role]]
"""By `METHOD /path`: the roles that may call it."""


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
