"""What the public may know of items, and of the duty to keep a column current."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.publishing import (
    Activity,
    DutyDueSoon,
    DutyEvent,
    DutyRefreshed,
    DutyStale,
    Ground,
    ItemContent,
    ItemEvent,
    ItemKind,
    ItemPublished,
    ItemRevised,
    ItemShown,
    ItemWithdrawn,
    LedgerEntry,
)
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import Copy, Spread

MOST_REVISIONS = 10_000  # of one item: all of them go when it is withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision(Copied):
    """One public state of an item, in a document of its own beside it. `at`: when it became public.

    `content_hash`, by its `hash_version`, and `ledger`: what its department's ledger says; not told in early events.
    """

    KIND: ClassVar[str] = "item"
    COPY: ClassVar[str] = "revision"

    item_id: str
    number: int
    at: datetime
    content: ItemContent
    change_note: str | None
    content_hash: str | None = None
    hash_version: int | None = None
    ledger: LedgerEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Copied):
    """What lists show of an item. A withdrawn one keeps no word of its content."""

    KIND: ClassVar[str] = "item"

    column_id: str
    department: str
    index_number: str | None = None
    kind: ItemKind | None = None
    title: str | None = None
    summary: str | None = None
    document_number: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 0
    live: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Card):
    """An item; its public revisions lie beside it."""

    withdrawn_at: datetime | None = None
    withdrawn_because: str | None = None
    ground: Ground | None = None


def item_touched(before: Item | None, after: Item | None) -> Iterable[str]:
    keys = {"home"}
    for item in (before, after):
        if item:
            keys |= {f"item:{item.id}", f"column:{item.column_id}", f"department:{item.department}"}
    return keys


items = Copy(Item, touched=item_touched, beside=(Revision,))


@items.on(ItemPublished)
def published(item: Item | None, event: ItemPublished) -> Spread[Item]:
    return shown(item, event, change_note=None)


@items.on(ItemRevised)
def revised(item: Item | None, event: ItemRevised) -> Spread[Item]:
    return shown(item, event, change_note=event.change_note)


def shown(item: Item | None, event: ItemShown, *, change_note: str | None) -> Spread[Item]:
    before = known(item, event)
    revision = Revision(
        id=revision_id(event.item_id, event.revision), item_id=event.item_id, number=event.revision, at=event.at,
        content=event.part(ItemContent), change_note=change_note, content_hash=event.content_hash,
        hash_version=event.hash_version or 1, ledger=event.ledger,
    )  # fmt: skip
    after = replace(
        before, column_id=event.column_id, department=event.department, index_number=event.index_number,
        kind=event.kind, title=event.title, summary=event.summary, document_number=event.document_number,
        published_at=event.published_at, updated_at=event.at, live=True,
        revision=max(event.revision, before.revision),
    )  # fmt: skip
    return Spread(after, beside=(revision,))


def known(item: Item | None, event: ItemEvent) -> Item:
    """As it is known before. `ValueError` for more revisions than anybody ever wrote of one item."""
    if event.revision > MOST_REVISIONS:
        raise ValueError(f"an item of more than {MOST_REVISIONS} revisions")
    return item or Item(id=event.item_id, column_id=event.column_id, department=event.department)


def revision_id(item_id: str, number: int) -> str:
    return f"{item_id}.{number}"


@items.on(ItemWithdrawn)
def withdrawn(item: Item | None, event: ItemWithdrawn) -> Spread[Item]:
    """A tombstone: number, department and times stay; the content is gone."""
    before = known(item, event)
    after = replace(
        before, live=False, title=None, summary=None, document_number=None,
        revision=max(event.revision, before.revision),
        withdrawn_at=event.at, withdrawn_because=event.reason, ground=event.ground,
    )  # fmt: skip
    gone = tuple((Revision, revision_id(event.item_id, number)) for number in range(1, after.revision + 1))
    return Spread(after, without=gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Copied):
    """A column's duty to be current; `id` is the column's. Marks are reckoned from the moments when shown."""

    KIND: ClassVar[str] = "duty"

    owner: str
    due_at: datetime
    due_soon_at: datetime | None = None
    last_at: datetime | None = None
    because: Activity | None = None


def duty_touched(before: Duty | None, after: Duty | None) -> Iterable[str]:
    return {key for d in (before, after) if d for key in (f"column:{d.id}", f"department:{d.owner}")}


duties = Copy(Duty, touched=duty_touched)


@duties.on(DutyRefreshed)
def refreshed(_: Duty | None, event: DutyRefreshed) -> Duty:
    return Duty(
        id=event.column_id, owner=event.owner, due_at=event.due_at, due_soon_at=event.due_soon_at, last_at=event.at,
        because=event.because,
    )  # fmt: skip


@duties.on(DutyDueSoon)
def due_soon(duty: Duty | None, event: DutyDueSoon) -> Duty:
    return replace(_duty(duty, event), due_soon_at=event.at)


@duties.on(DutyStale)
def stale(duty: Duty | None, event: DutyStale) -> Duty:
    return _duty(duty, event)


def _duty(duty: Duty | None, event: DutyEvent) -> Duty:
    before = duty or Duty(id=event.column_id, owner=event.owner, due_at=event.due_at)
    return replace(before, owner=event.owner, due_at=event.due_at)
