"""The part of each fact that measures use."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.kernel.contracts.columns import (
    Cadence,
    ColumnOpened,
    ColumnRetired,
    DepartmentAbolished,
    DepartmentChanged,
    DepartmentClass,
    DepartmentMerged,
    DepartmentRegistered,
)
from services.kernel.contracts.mailbox import (
    LetterAnswered,
    LetterClosed,
    LetterReceived,
    LetterRedated,
    LetterTransferred,
)
from services.kernel.contracts.publishing import (
    Activity,
    DutyRefreshed,
    Ground,
    ItemPublished,
    ItemRevised,
    ItemWithdrawn,
)
from services.kernel.contracts.scoring import FactCited
from services.kernel.domain.calendar import in_time
from services.kernel.domain.event import Event
from services.kernel.stream.consumer import Kept

ALL_BEFORE = (
    DepartmentRegistered, DepartmentChanged, DepartmentMerged, DepartmentAbolished,
    ColumnOpened, ColumnRetired, DutyRefreshed,
    LetterReceived, LetterTransferred, LetterRedated, LetterAnswered, LetterClosed,
)  # fmt: skip
WITHIN = (ItemPublished, ItemRevised, ItemWithdrawn)
MEASURED = tuple(event.TYPE for event in (*ALL_BEFORE, *WITHIN))  # no announcements, such as letter.overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The place of a fact: in scoring's record (`position`), in its aggregate (`sequence`), and in time (`at`)."""

    position: int
    type: str
    subject: str
    sequence: int
    at: datetime

    @property
    def order(self) -> tuple[str, int]:
        """The order in which aggregates told their facts. The position is not used: it depends on chance."""
        return self.subject, self.sequence

    def cited(self, remark: str) -> FactCited:
        return FactCited(position=self.position, type=self.type, subject=self.subject, at=self.at, remark=remark)


@dataclass(frozen=True, slots=True)
class Department:
    """A department as its last event describes it."""

    fact: Recorded
    code: str
    name: str
    size: DepartmentClass


@dataclass(frozen=True, slots=True)
class Ended:
    """Another department answers for what was this one's, from a moment on."""

    fact: Recorded
    code: str
    successor: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A column (栏目) and who keeps it."""

    fact: Recorded
    column: str
    name: str
    owner: str
    cadence: Cadence


@dataclass(frozen=True, slots=True)
class Retired:
    fact: Recorded
    column: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A column's duty began a new period, current until `due_at`."""

    fact: Recorded
    column: str
    because: Activity
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """A publication, or a revision of one (`revised`). `complete`: whether its review was complete."""

    fact: Recorded
    department: str
    revised: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Withdrawn:
    fact: Recorded
    department: str
    ground: Ground | None


@dataclass(frozen=True, slots=True)
class Received:
    """A letter (来信) came in, for a department to answer before `due_at`."""

    fact: Recorded
    letter: str
    department: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Transferred:
    """Another department answers it from now on (转办)."""

    fact: Recorded
    letter: str
    department: str
    giver: str


@dataclass(frozen=True, slots=True)
class Redated:
    """With another calendar the letter is due at another moment."""

    fact: Recorded
    letter: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    fact: Recorded
    letter: str
    department: str
    due_at: datetime

    @property
    def is_on_time(self) -> bool:
        return in_time(self.fact.at, self.due_at)


@dataclass(frozen=True, slots=True)
class Closed:
    fact: Recorded
    letter: str


Piece: TypeAlias = (
    Department
    | Ended
    | Opened
    | Retired
    | Refreshed
    | Shown
    | Withdrawn
    | Received
    | Transferred
    | Redated
    | Answered
    | Closed
)


def taken(kept: Kept) -> Piece | None:
    """The part of a fact that measures use; None if they use nothing of it, as with announcements.

    Raises `ValidationError` if the fact breaks its contract.
    """
    if kept.type not in MEASURED:
        return None
    told = Recorded(position=kept.position, type=kept.type, subject=kept.subject, sequence=kept.sequence, at=kept.time)
    match kept.event():
        case DepartmentRegistered() | DepartmentChanged() as e:
            return Department(told, e.code, e.name, e.department_class)
        case DepartmentMerged() | DepartmentAbolished() as e:
            return Ended(told, e.code, e.successor, e.effective_at)
        case ColumnOpened() as e:
            return Opened(told, e.column_id, e.name, e.owner, e.cadence)
        case ColumnRetired() as e:
            return Retired(told, e.column_id)
        case DutyRefreshed() as e:
            return Refreshed(told, e.column_id, e.because, e.due_at)
        case ItemPublished() | ItemRevised() as e:
            return Shown(told, e.department, isinstance(e, ItemRevised), e.review.complete)
        case ItemWithdrawn() as e:
            return Withdrawn(told, e.department, e.ground)
        case LetterReceived() as e:
            return Received(told, e.letter_id, e.department, e.due_at)
        case LetterTransferred() as e:
            return Transferred(told, e.letter_id, e.department, e.from_department)
        case LetterRedated() as e:
            return Redated(told, e.letter_id, e.due_at)
        case LetterAnswered() as e:
            return Answered(told, e.letter_id, e.department, e.due_at)
        case LetterClosed() as e:
            return Closed(told, e.letter_id)
        case Event() | None:
            return None
