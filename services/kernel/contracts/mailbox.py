"""A letter as it is handed in, and the events of mailbox: nothing personal, and public texts only by their hash."""

from datetime import date
from typing import ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, StrictBool, model_validator

from services.kernel.contracts.fields import DepartmentCode, Email, LetterText, LetterTitle, Phone, WriterName
from services.kernel.domain.calendars import DayOff
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Wrong
from services.kernel.domain.event import Event, Known, OpenEnum

MAYOR, ANYBODY = "mayor", "any"  # mailboxes that are no department's; who does not know whom to ask writes to `any`
SENT = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class LetterKind(OpenEnum):
    """What a citizen writes about (来信类别)."""

    CONSULTATION = "consultation"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    HELP = "help"
    ERROR_REPORT = "error_report"


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
    """A letter as a citizen writes it. The gateway takes it in and hands it on to mailbox.

    `mailbox`: `mayor`, `any` or a department's code. `consent`: whether an extract may be made public.
    """

    model_config = SENT

    kind: Known[LetterKind]
    mailbox: DepartmentCode
    title: LetterTitle
    text: LetterText
    contact: Contact
    consent: StrictBool


class LetterEvent(Event):
    """A letter (来信) and the department that must answer it. `letter_id` is its receipt number."""

    SOURCE: ClassVar[str] = "mailbox"
    KEY: ClassVar[str] = "letter_id"

    letter_id: str
    department: str


class LetterReceived(LetterEvent):
    """A citizen wrote; the clock runs."""

    TYPE: ClassVar[str] = "letter.received"

    kind: LetterKind
    mailbox: str  # `mayor`, `any` or a department's code
    due_at: AwareDatetime
    rule: str  # the policy version the deadline came from
    provisional: bool  # it touches a year whose official calendar is not known


class LetterAccepted(LetterEvent):
    """The department took the letter on (受理)."""

    TYPE: ClassVar[str] = "letter.accepted"


class LetterTransferred(LetterEvent):
    """Another department, `department`, must answer it from now on (转办). The deadline stays."""

    TYPE: ClassVar[str] = "letter.transferred"

    from_department: str


class LetterRedated(LetterEvent):
    """A calendar has changed, and with it the deadline, or that it is certain now."""

    TYPE: ClassVar[str] = "letter.redated"

    due_at: AwareDatetime
    due_before: AwareDatetime
    calendar: str  # the version that it is reckoned with now
    provisional: bool


class LetterDueSoon(LetterEvent):
    """Amber: the deadline is near."""

    TYPE: ClassVar[str] = "letter.due_soon"

    due_at: AwareDatetime


class LetterOverdue(LetterEvent):
    """Red: the deadline has passed without an answer (超期未复)."""

    TYPE: ClassVar[str] = "letter.overdue"

    due_at: AwareDatetime
    rule: str


class LetterAnswered(LetterEvent):
    """The department answered (答复)."""

    TYPE: ClassVar[str] = "letter.answered"

    due_at: AwareDatetime


class LetterRated(LetterEvent):
    """The writer judged the answer: 1 to 5 stars."""

    TYPE: ClassVar[str] = "letter.rated"

    stars: int
    solved: bool


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


class CalendarChanged(Event):
    """The days of a year from now on (工作日历). `version`: counts the changes of all years together.

    `off`: days off, weekends only where they are named. `make_up`: weekend days that are worked.
    """

    SOURCE: ClassVar[str] = "mailbox"
    KEY: ClassVar[str] = "year"
    TYPE: ClassVar[str] = "calendar.changed"

    year: int
    version: int
    off: tuple[DayOff, ...]
    make_up: tuple[date, ...]
    source: str  # the notice, or the library that the days were first taken from
