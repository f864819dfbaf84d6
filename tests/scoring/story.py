"""What happened in a small city in September 2026, told as the events that scoring hears."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from services.kernel.contracts.columns import (
    Cadence,
    ColumnKind,
    ColumnOpened,
    ColumnRetired,
    DepartmentChanged,
    DepartmentClass,
    DepartmentKind,
    DepartmentMerged,
    DepartmentRegistered,
    Publishers,
)
from services.kernel.contracts.mailbox import (
    LetterAnswered,
    LetterClosed,
    LetterKind,
    LetterOverdue,
    LetterReceived,
    LetterRedated,
    LetterTransferred,
)
from services.kernel.contracts.publishing import (
    Activity,
    DutyRefreshed,
    DutyStale,
    Ground,
    ItemKind,
    ItemPublished,
    ItemRevised,
    ItemWithdrawn,
    ReviewRecord,
)
from services.kernel.contracts.scoring import Line
from services.kernel.domain.calendar import SHANGHAI
from services.kernel.domain.event import Event, Message
from services.kernel.stream.consumer import Kept
from services.scoring.domain.facts import Piece, taken
from services.scoring.domain.scheme import Scheme
from services.scoring.domain.score import Inputs, Scored, compute
from services.scoring.store import month as months

MONTH = "2026-09"
SCHEME = months.scheme("qingyuan-2008/1")
SECOND = months.scheme("qingyuan-2008/2")
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def on(day: int, time: str = "10:00", *, month: int = 9) -> datetime:
    """A moment of 2026 in Shanghai, as UTC."""
    hour, minute = time.split(":")
    return datetime(2026, month, day, int(hour), int(minute), tzinfo=SHANGHAI).astimezone(UTC)


OPENING = on(20, month=6)
AFTER = on(3, month=10)


def inputs(
    position: int = 1_000_000, *, as_of: datetime = AFTER, month: str = MONTH, scheme: Scheme = SCHEME
) -> Inputs:
    return Inputs(position=position, scheme=scheme.version, calendar="calendar-1", month=month, as_of=as_of)


@dataclass(slots=True)
class Story:
    """Events in the order they are heard; each knows its place in its aggregate."""

    messages: list[Message] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)

    def tell(self, event: Event) -> "Story":
        self.counted[event.subject] += 1
        sequence = self.counted[event.subject]
        self.messages.append(
            Message(
                id=f"{event.subject}#{sequence}",
                type=event.TYPE,
                source=event.SOURCE,
                subject=event.subject,
                sequence=sequence,
                time=event.at,
                correlation="story",
                trace=None,
                value=event.model_dump_json().encode(),
            )
        )
        return self

    def department(
        self, code: str, size: DepartmentClass = DepartmentClass.III, *, at: datetime = OPENING, name: str = ""
    ) -> "Story":
        known = self.counted[f"department/{code}"]
        kind = DepartmentChanged if known else DepartmentRegistered
        return self.tell(
            kind(
                at=at,
                code=code,
                name=name or f"市{code}局",
                kind=DepartmentKind.GOVERNMENT,
                department_class=size,
                service_duties=True,
                letter_duties=True,
                phone="0763-3300001",
                address="清远市新城",
            )
        )

    def merged(self, code: str, successor: str, *, at: datetime, since: datetime) -> "Story":
        return self.tell(DepartmentMerged(at=at, code=code, successor=successor, effective_at=since, reason="机构改革"))

    def column(
        self, id: str, owner: str, *, at: datetime = OPENING, cadence: Cadence = Cadence.NEWS, name: str = "政务要闻"
    ) -> "Story":
        return self.tell(
            ColumnOpened(
                at=at,
                column_id=id,
                path=id,
                tree_version=1,
                name=name,
                parent_id=None,
                level=1,
                position=1,
                kind=ColumnKind.DISCLOSURE,
                cadence=cadence,
                owner=owner,
                publishers=Publishers.OWNER,
                classes=(),
            )
        )

    def retired(self, id: str, *, at: datetime) -> "Story":
        return self.tell(
            ColumnRetired(at=at, column_id=id, path=id, tree_version=2, successor_id="c-other", reason="并入")
        )

    def refreshed(
        self, id: str, owner: str, *, at: datetime, due_at: datetime, because: Activity = Activity.PUBLISHED
    ) -> "Story":
        return self.tell(
            DutyRefreshed(
                at=at, column_id=id, owner=owner, cadence=Cadence.NEWS, due_at=due_at, rule="duties/1",
                because=because, due_soon_at=due_at,
            )
        )  # fmt: skip

    def stale(self, id: str, owner: str, *, at: datetime) -> "Story":
        return self.tell(DutyStale(at=at, column_id=id, owner=owner, cadence=Cadence.NEWS, due_at=at, rule="duties/1"))

    def published(
        self,
        id: str,
        department: str,
        *,
        at: datetime,
        grounds: Sequence[Ground] = tuple(Ground),
        by_another: bool = True,
        revision: int = 1,
    ) -> "Story":
        kind = ItemPublished if revision == 1 else ItemRevised
        review = ReviewRecord(
            reviewed_at=at, sealed_to=SHA, by_another=by_another, grounds_answered=tuple(grounds)
        )  # fmt: skip
        shown = {
            "at": at, "item_id": id, "revision": revision, "column_id": "c-news", "department": department,
            "index_number": id, "kind": ItemKind.ARTICLE, "title": "题目", "summary": "摘要", "body": "<p>正文</p>",
            "disclosure_class": None, "document_number": None, "made_on": date(2026, 9, 1), "keywords": (),
            "published_at": at, "content_hash": SHA, "review": review, "change_note": "更正",
        }  # fmt: skip
        return self.tell(kind.model_validate(shown))

    def withdrawn(self, id: str, department: str, *, at: datetime, ground: Ground | None) -> "Story":
        return self.tell(
            ItemWithdrawn(
                at=at, item_id=id, revision=1, column_id="c-news", department=department, reason="撤回", ground=ground
            )
        )

    def received(self, id: str, department: str, *, at: datetime, due_at: datetime) -> "Story":
        return self.tell(
            LetterReceived(
                at=at, letter_id=id, department=department, kind=LetterKind.COMPLAINT, mailbox=department,
                due_at=due_at, rule="letters/1", provisional=False,
            )
        )  # fmt: skip

    def transferred(self, id: str, was: str, department: str, *, at: datetime) -> "Story":
        return self.tell(LetterTransferred(at=at, letter_id=id, department=department, from_department=was))

    def redated(self, id: str, department: str, *, at: datetime, due_at: datetime) -> "Story":
        return self.tell(
            LetterRedated(
                at=at, letter_id=id, department=department, due_at=due_at, due_before=at, calendar="calendar-2",
                provisional=False,
            )
        )  # fmt: skip

    def answered(self, id: str, department: str, *, at: datetime, due_at: datetime) -> "Story":
        return self.tell(LetterAnswered(at=at, letter_id=id, department=department, due_at=due_at))

    def closed(self, id: str, department: str, *, at: datetime) -> "Story":
        return self.tell(LetterClosed(at=at, letter_id=id, department=department))

    def overdue(self, id: str, department: str, *, at: datetime) -> "Story":
        return self.tell(LetterOverdue(at=at, letter_id=id, department=department, due_at=at, rule="letters/1"))

    def pieces(self) -> list[Piece]:
        return pieces(self.messages)

    def scored(self, *, as_of: datetime = AFTER, month: str = MONTH, scheme: Scheme = SCHEME) -> dict[str, Scored]:
        made = compute(self.pieces(), inputs(as_of=as_of, month=month, scheme=scheme), scheme)
        return {each.department: each for each in made}

    def line(self, department: str, indicator: str, *, as_of: datetime = AFTER, scheme: Scheme = SCHEME) -> Line:
        lines = {line.indicator: line for line in self.scored(as_of=as_of, scheme=scheme)[department].lines}
        return lines[indicator]

    def points(
        self, department: str, indicator: str, *, as_of: datetime = AFTER, scheme: Scheme = SCHEME
    ) -> tuple[Decimal | None, str]:
        """Of one line: its points and its formula."""
        line = self.line(department, indicator, as_of=as_of, scheme=scheme)
        return line.points, line.formula


def kept(position: int, message: Message) -> Kept:
    return Kept(
        id=str(position), position=position, type=message.type, subject=message.subject, sequence=message.sequence,
        time=message.time, source=message.source, event_id=message.id, value=message.value,
    )  # fmt: skip


def pieces(messages: Iterable[Message]) -> list[Piece]:
    """As scoring keeps and takes them, in the order heard."""
    return [piece for n, message in enumerate(messages, 1) if (piece := taken(kept(n, message)))]


def whole_month() -> Story:
    """Two departments with something in every line, and announcements that must not matter."""
    story = Story().department("finance", DepartmentClass.III).department("health", DepartmentClass.II)
    story.column("c-news", "finance").refreshed(
        "c-news", "finance", at=OPENING, due_at=on(27, "00:00", month=6), because=Activity.OPENED
    )
    story.refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"))
    for n in (2, 8, 20):
        story.published(f"f{n}", "finance", at=on(n))
    story.published("f2", "finance", at=on(21), revision=2, by_another=False)
    story.stale("c-news", "finance", at=on(9, "00:00"))
    story.published("h1", "health", at=on(5)).withdrawn(
        "h1", "health", at=on(6), ground=Ground.PRIVACY_OR_COMMERCIAL_SECRET
    )
    story.received("L1", "finance", at=on(1), due_at=on(8, "00:00")).answered(
        "L1", "finance", at=on(4), due_at=on(8, "00:00")
    )
    story.received("L2", "finance", at=on(2), due_at=on(9, "00:00")).overdue("L2", "finance", at=on(9, "00:00"))
    story.received("L3", "finance", at=on(3), due_at=on(10, "00:00")).transferred("L3", "finance", "health", at=on(4))
    story.answered("L3", "health", at=on(12), due_at=on(10, "00:00")).closed("L3", "health", at=on(13))
    return story
