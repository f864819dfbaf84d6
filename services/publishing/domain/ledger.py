"""A department's ledger of publications: numbers given once, records chained by hash."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import ClassVar, NamedTuple

from services.kernel.domain.calendar import day_of
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import Fact
from services.publishing.domain.content import hash_of

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One publication as the chain records it. `loaded`: it was recorded later, by a load of the past."""

    department: str
    position: int  # 1, 2, 3 … without gaps
    item_id: str
    revision: int
    index_number: str
    content_hash: str
    at: datetime
    loaded: bool
    previous: str  # hash of the entry before; GENESIS for the first

    @property
    def hash(self) -> str:
        return hash_of(
            {
                "department": self.department,
                "position": self.position,
                "item": self.item_id,
                "revision": self.revision,
                "index_number": self.index_number,
                "content_hash": self.content_hash,
                "at": self.at.astimezone(UTC).isoformat(timespec="milliseconds"),
                "loaded": self.loaded,
                "previous": self.previous,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(Aggregate):
    """The end of a department's chain; the id is the department's code.

    Each publication writes it, so that two at once collide and never share a number.

    `numbers`: the last index number given, by year in Shanghai.
    """

    KIND: ClassVar[str] = "ledger"

    length: int = 0
    head: str = GENESIS
    at: datetime | None = None
    numbers: Mapping[str, int] = field(default_factory=dict)


class LedgerRecorded(Fact):
    """The chain has one more entry."""

    TYPE: ClassVar[str] = "ledger.recorded"

    department: str
    position: int
    item_id: str
    revision: int
    content_hash: str
    previous: str
    hash: str


class Recorded(NamedTuple):
    """The ledger afterwards, and the new entry."""

    ledger: Decision[Ledger]
    entry: Entry


def record(
    ledger: Ledger,
    *,
    item_id: str,
    revision: int,
    index_number: str | None,
    disclosure_class: str,
    content_hash: str,
    at: datetime,
    loaded: bool,
) -> Recorded:
    """Add an entry at `at`. If the entry before is later, its moment is taken: the ledger's time never runs back.

    `index_number` None: the next number of the year is given (索引号), `{department}-{class}-{year}-{number}`.
    """
    moment = max(at, ledger.at or at)
    year = str(day_of(moment).year)
    number = ledger.numbers.get(year, 0) + (index_number is None)
    entry = Entry(
        department=ledger.id,
        position=ledger.length + 1,
        item_id=item_id,
        revision=revision,
        index_number=index_number or f"{ledger.id}-{disclosure_class}-{year}-{number:04}",
        content_hash=content_hash,
        at=moment,
        loaded=loaded,
        previous=ledger.head,
    )
    numbers = {**ledger.numbers, year: number}
    after = replace(ledger, length=entry.position, head=entry.hash, at=moment, numbers=numbers)
    return Recorded(Decision(after, (_recorded(entry),)), entry)


def _recorded(entry: Entry) -> LedgerRecorded:
    return LedgerRecorded(
        at=entry.at,
        department=entry.department,
        position=entry.position,
        item_id=entry.item_id,
        revision=entry.revision,
        content_hash=entry.content_hash,
        previous=entry.previous,
        hash=entry.hash,
    )
