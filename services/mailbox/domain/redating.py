"""What another calendar does to a letter: its clock is reckoned anew."""

from dataclasses import replace
from datetime import datetime

from services.kernel.contracts.mailbox import LetterRedated
from services.kernel.domain.calendar import Calendar
from services.kernel.domain.decision import Decision
from services.mailbox.domain.clock import Policy, clock
from services.mailbox.domain.letter import Letter, LetterReckoned, stepped


def redate(letter: Letter, *, policy: Policy, calendar: Calendar, at: datetime) -> Decision[Letter]:
    """Reckon the clock of an open letter anew with another calendar. `policy`: the one that its clock runs by.

    It is told if the deadline moves, or is no longer provisional. Amber and red belong to a due moment: for another one
    they are told again in their time, and what is not overdue any more is not.
    """
    if letter.clock.calendar == calendar.version or letter.answered_at is not None:
        return Decision(letter)
    before = letter.clock
    running = clock(letter.writing.kind, policy, calendar, at=letter.received_at, reckoned_at=at)
    if running.due_at == before.due_at:
        letter = replace(letter, clock=replace(before, calendar=running.calendar, provisional=running.provisional))
    else:
        known = letter.overdue_since is not None or running.due_at in letter.overdue_told
        past = known and running.due_at <= at
        letter = replace(
            letter, clock=running, wakes_at=None if past else min(running.due_soon_at, max(running.due_at, at)),
            overdue_since=running.due_at if past else None,
        )  # fmt: skip
        letter = stepped(letter, at=at, word="redated")
    if (running.due_at, running.provisional) == (before.due_at, before.provisional):
        return Decision(letter, (LetterReckoned(at=at, calendar=calendar.version),))
    told = LetterRedated(
        at=at, letter_id=letter.id, department=letter.department, due_at=running.due_at, due_before=before.due_at,
        calendar=running.calendar, provisional=running.provisional,
    )  # fmt: skip
    return Decision(letter, (told,))
