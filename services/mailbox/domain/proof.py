"""How often a query code may be guessed."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.kernel.domain.decision import Record
from services.mailbox.domain import refusals
from services.mailbox.domain.clock import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses(Record):
    """Wrong codes for one receipt number, the `id`.

    They are counted even if no letter has it, and forgotten at `until`.
    """

    KIND: ClassVar[str] = "guesses"

    wrong: int
    until: datetime


def may_try(guesses: Guesses | None, policy: Policy, *, at: datetime) -> None:
    """Raises `TooMany` when the limit is reached, until the span is over."""
    if guesses is not None and at < guesses.until and guesses.wrong >= policy.wrong_codes:
        raise refusals.TOO_MANY_CODES()
