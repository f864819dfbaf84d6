"""What mailbox keeps of others: folded from their events, never decided here."""

from dataclasses import dataclass
from typing import ClassVar

from services.kernel.domain.decision import Copied
from services.kernel.domain.terms import NOBODY, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Copied):
    """What mailbox knows of a department."""

    KIND: ClassVar[str] = "department"

    name: str
    letter_duties: bool
    successors: Terms[str] = NOBODY
