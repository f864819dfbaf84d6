"""Letters: those made public, and all of them in numbers."""

from datetime import datetime

from pydantic import BaseModel

from gateway.views.names import DepartmentName
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.http.listing import Listing


class ExtractView(BaseModel):
    """The public extract of a letter, made by a person with the writer's consent."""

    receipt: str
    kind: LetterKind | None
    department: DepartmentName
    to_mayor: bool
    received_at: datetime | None
    answered_at: datetime | None
    in_time: bool | None
    title: str
    question: str
    answer: str
    stars: int | None


class KindCount(BaseModel):
    """Letters of one kind."""

    kind: LetterKind
    received: int
    answered: int


class Statistics(BaseModel):
    """Letters received, and letters answered, since `since`; and those that are `open` at `until`, whenever received.

    `overdue` are among those open, and so are those `carried_over`: received before `since`. `mean_stars`: of the
    letters answered, rounded half up to tenths.
    """

    since: datetime
    until: datetime
    received: int
    answered: int
    in_time: int
    open: int
    carried_over: int
    overdue: int
    ratings: int
    mean_stars: float | None
    by_kind: list[KindCount]


class LettersView(BaseModel):
    """Statistics, and the public extracts, the latest first."""

    statistics: Statistics
    letters: Listing[ExtractView]
