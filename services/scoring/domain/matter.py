"""Evidence of letters."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.domain.calendar import in_time
from services.scoring.domain.evidence import Overdue
from services.scoring.domain.facts import Answered, Closed, Received, Redated, Transferred
from services.scoring.domain.held import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter(Held):
    """A letter's life, from which it is told who has it at a moment, and whether it is open and due then.

    `holder`, `due_at`: who has it now, and when it is due by now. `due_first`: the earliest moment it was ever due.
    `answered_at`, `done_at`: when it was first answered; answered or closed. `open`: it was received, and neither.
    """

    KIND: ClassVar[str] = "letter"

    received: Received | None = None
    transfers: tuple[Transferred, ...] = ()
    redatings: tuple[Redated, ...] = ()
    holder: str | None = None
    due_at: datetime | None = None
    due_first: datetime | None = None
    answered_at: datetime | None = None
    done_at: datetime | None = None
    open: bool = False

    def overdue(self, until: datetime) -> Overdue | None:
        """If it was received before a moment and due by then: who had it. It must have been open."""
        if not self.received or self.received.fact.at >= until:
            return None
        moved = [each for each in self.transfers if each.fact.at < until]
        due = next((redated for redated in reversed(self.redatings) if redated.fact.at < until), self.received)
        return None if in_time(until, due.due_at) else Overdue(self.received, moved, due)

    def follow(self, piece: Received | Transferred | Redated | Answered | Closed) -> "Matter":
        match piece:
            case Received():
                received = replace(self, received=piece, holder=self.holder or piece.department)
                return replace(received.due(self.due_at or piece.due_at, piece.due_at), open=self.done_at is None)
            case Transferred():
                return replace(self, transfers=(*self.transfers, piece), holder=piece.department)
            case Redated():
                return replace(self, redatings=(*self.redatings, piece)).due(piece.due_at, piece.due_at)
            case Answered():
                return replace(self.done(piece.fact.at), answered_at=earlier(self.answered_at, piece.fact.at))
            case Closed():
                return self.done(piece.fact.at)

    def due(self, at: datetime, told: datetime) -> "Matter":
        return replace(self, due_at=at, due_first=earlier(self.due_first, told))

    def done(self, at: datetime) -> "Matter":
        return replace(self, done_at=earlier(self.done_at, at), open=False)


def earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)
