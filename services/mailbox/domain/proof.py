"""How often a query code may be guessed."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import ClassVar

from services.kernel.domain.decision import Record
from services.mailbox.domain import refusals
from services.mailbox.domain.clock import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Guesses(Record):
    """Wrong codes for one receipt number, from one place or from everywhere; `id` as `tries` gives it.

    They are counted even if no letter has it, and forgotten at `until`.
    """

    KIND: ClassVar[str] = "guesses"

    wrong: int
    until: datetime


TOGETHER = 100  # times as many from everywhere as from one place: who guesses must not shut the writer out


def tries(receipt: str, place: str) -> tuple[str, str]:
    """What a guess counts for: the receipt from that place, and the receipt."""
    return f"{receipt} {place}", receipt


def may_try(here: Guesses | None, everywhere: Guesses | None, policy: Policy, *, at: datetime) -> None:
    """Raises `TooMany` when a limit is reached, until its span is over."""
    for guesses, most in ((here, policy.wrong_codes), (everywhere, policy.wrong_codes * TOGETHER)):
        if guesses is not None and at < guesses.until and guesses.wrong >= most:
            raise refusals.TOO_MANY_CODES(seconds=ceil((guesses.until - at).total_seconds()))
