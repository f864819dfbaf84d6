"""Letters: those made public, and all of them in numbers."""

from gateway.views.names import DepartmentName
from services.kernel.contracts.describing import Described, Told
from services.kernel.contracts.fields import Moment, Receipt
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.http.listing import Listing


class ExtractView(Described):
    """The public extract of a letter, made by a person with the writer's consent."""

    receipt: Told[Receipt]
    kind: LetterKind | None
    """Null while its receipt has not been heard of."""
    department: DepartmentName
    """The department that answered."""
    to_mayor: bool
    """Whether it was written to the mayor (市长信箱)."""
    received_at: Moment | None
    """When it was received, in UTC; null while that has not been heard of."""
    answered_at: Moment | None
    """When it was answered, in UTC; null while that has not been heard of."""
    in_time: bool | None
    """Whether it was answered before its deadline; null while that is not known."""
    title: str
    """What it is about."""
    question: str
    """What the public reads of the letter."""
    answer: str
    """What the public reads of the answer."""
    stars: int | None
    """How good its writer found the answer, 1 to 5; null without a judgement."""


class KindCount(Described):
    """Letters of one kind."""

    kind: LetterKind
    received: int
    """How many were received."""
    answered: int
    """How many were answered."""


class Statistics(Described):
    """Letters in numbers, from one moment to another."""

    since: Moment
    """The first moment. UTC."""
    until: Moment
    """The last moment. UTC."""
    received: int
    """How many were received."""
    answered: int
    """How many were answered, whenever received."""
    in_time: int
    """How many of those before their deadline."""
    open: int
    """How many are unanswered at the last moment, whenever received."""
    carried_over: int
    """How many of those were received before the first moment."""
    overdue: int
    """How many of those are past their deadline (超期未复)."""
    ratings: int
    """How many of those answered were judged by their writers."""
    mean_stars: float | None
    """The mean of these judgements, rounded half up to tenths; null without any."""
    by_kind: list[KindCount]
    """The same by kind."""


class LettersView(Described):
    """Statistics, and the public extracts."""

    statistics: Statistics
    letters: Listing[ExtractView]
    """The public extracts, the latest first."""
