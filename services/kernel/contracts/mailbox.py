"""A letter as it is handed in, and the events of mailbox: nothing personal, and public texts only by their hash."""

from datetime import date
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, StrictBool, model_validator

from services.kernel.contracts.describing import Told, example
from services.kernel.contracts.fields import (
    DepartmentCode,
    DueAt,
    Email,
    LetterText,
    LetterTitle,
    Mailbox,
    Phone,
    Receipt,
    WriterName,
)
from services.kernel.domain.calendars import DayOff
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Wrong
from services.kernel.domain.event import Event, Known, OpenEnum

MAYOR, ANYBODY = "mayor", "any"  # mailboxes that are no department's; who does not know whom to ask writes to `any`
SENT = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class LetterKind(OpenEnum):
    """What a citizen writes about (来信类别)."""

    CONSULTATION = "consultation", "a question (咨询)"
    COMPLAINT = "complaint", "something is wrong (投诉)"
    SUGGESTION = "suggestion", "something could be better (建议)"
    HELP = "help", "a request for help (求助)"
    ERROR_REPORT = "error_report", "a fault of the portal itself (纠错)"


class Contact(BaseModel):
    """The writer's name, and at least one way to reach them."""

    model_config = SENT

    name: WriterName
    phone: Phone | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def reachable(self) -> Self:
        if not (self.phone or self.email):
            raise Wrong("请至少填写电话或电子邮箱中的一项。", "Give a telephone number or an e-mail address.")
        return self

    @property
    def told(self) -> list[str]:
        """Every value that would tell who wrote."""
        return [word for word in (self.name, self.phone, self.email) if word]


class NewLetter(BaseModel):
    """A letter as a citizen writes it. The gateway takes it in and hands it on to mailbox."""

    model_config = SENT | example(
        kind="consultation", mailbox="finance", title="发票怎么开", text="请问电子发票在哪里开具？",
        contact={"name": "王女士", "phone": "13800000000"}, consent=True,
    )  # fmt: skip

    kind: Known[LetterKind]
    mailbox: Mailbox
    title: LetterTitle
    text: LetterText
    contact: Contact
    """Only the handlers of the letter see it; each look is recorded."""
    consent: StrictBool
    """Whether an extract without the writer's name and contact may be made public."""


class LetterEvent(Event):
    """A letter (来信) and the department that must answer it."""

    SOURCE: ClassVar[str] = "mailbox"
    KEY: ClassVar[str] = "letter_id"

    letter_id: Told[Receipt]
    department: Told[DepartmentCode]
    """The code of the department that must answer it."""


class LetterReceived(LetterEvent):
    """A citizen wrote; the clock runs."""

    TYPE: ClassVar[str] = "letter.received"

    kind: LetterKind
    mailbox: Told[Mailbox]
    due_at: DueAt
    rule: str
    """The version of the limits that the deadline came from."""
    provisional: bool
    """Whether the deadline reaches into a year whose official calendar is not known."""


class LetterAccepted(LetterEvent):
    """The department took the letter on (受理)."""

    TYPE: ClassVar[str] = "letter.accepted"


class LetterTransferred(LetterEvent):
    """Another department, `department`, must answer it from now on (转办). The deadline stays."""

    TYPE: ClassVar[str] = "letter.transferred"

    from_department: Told[DepartmentCode]
    """The code of the department that handed it over."""


class LetterRedated(LetterEvent):
    """A calendar has changed, and with it the deadline, or that it is certain now."""

    TYPE: ClassVar[str] = "letter.redated"

    due_at: DueAt
    due_before: DueAt
    """The deadline as it was before, in UTC."""
    calendar: str
    """The version of the calendar that it is reckoned with now, as `calendar-7`."""
    provisional: bool
    """Whether the deadline reaches into a year whose official calendar is not known."""


class LetterDueSoon(LetterEvent):
    """Amber: the deadline is near."""

    TYPE: ClassVar[str] = "letter.due_soon"

    due_at: DueAt


class LetterOverdue(LetterEvent):
    """Red: the deadline has passed without an answer (超期未复)."""

    TYPE: ClassVar[str] = "letter.overdue"

    due_at: DueAt
    rule: str
    """The version of the limits that the deadline came from."""


class LetterAnswered(LetterEvent):
    """The department answered (答复)."""

    TYPE: ClassVar[str] = "letter.answered"

    due_at: DueAt


class LetterRated(LetterEvent):
    """The writer judged the answer (评价)."""

    TYPE: ClassVar[str] = "letter.rated"

    stars: int
    """How good the answer is: 1 (poor) to 5 (very good)."""
    solved: bool
    """Whether the matter is solved, as the writer sees it."""


class LetterClosed(LetterEvent):
    """The letter is done (办结)."""

    TYPE: ClassVar[str] = "letter.closed"


class LetterHidden(LetterEvent):
    """Its extract is not public any more."""

    TYPE: ClassVar[str] = "letter.hidden"
    OVERTAKES: ClassVar[bool] = True


class LetterDisclosed(LetterEvent):
    """A person made a public extract of it, with the writer's consent: JSON of title, question and answer."""

    TYPE: ClassVar[str] = "letter.disclosed"

    extract: ClaimCheck
    """The extract, fetched by its hash, so that the log holds nothing that a citizen may take back."""


class CalendarChanged(Event):
    """The days of a year from now on (工作日历)."""

    SOURCE: ClassVar[str] = "mailbox"
    KEY: ClassVar[str] = "year"
    TYPE: ClassVar[str] = "calendar.changed"

    year: int
    """The calendar year."""
    version: int
    """Counts the changes of all years together."""
    off: tuple[DayOff, ...]
    """Days off; weekends only where they are named."""
    make_up: tuple[date, ...]
    """Saturdays and Sundays that are worked (调休)."""
    source: str
    """The notice, or the library that the days were first taken from."""
