"""Making a released revision public: item, ledger, the record of it and the column's duty change together."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, NamedTuple

from services.kernel.contracts.publishing import Activity, ItemPublished, ItemRevised, LedgerEntry
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import Fact
from services.kernel.domain.person import Person
from services.kernel.domain.terms import Successors
from services.publishing.domain import refusals
from services.publishing.domain.content import Content, Taxonomy, hash_of_content
from services.publishing.domain.copied import Column
from services.publishing.domain.duty import Duty, Windows, refresh
from services.publishing.domain.item import Item, ItemState, Review, Shown, must_be_of, refuse
from services.publishing.domain.ledger import GENESIS, Entry, Ledger, record
from services.publishing.domain.review import review_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication(Aggregate):
    """One revision as it was made public.

    It never changes, so that old ones stay readable. `hash`: of the ledger's entry. `html`: the body as it was made
    public; None in what an earlier version of the code made.
    """

    KIND: ClassVar[str] = "publication"

    item_id: str
    revision: int
    department: str
    position: int
    content: Content
    change_note: str | None
    review: Review
    entry: Entry
    hash: str
    html: str | None = None


class PublicationMade(Fact):
    """A revision was made public."""

    TYPE: ClassVar[str] = "publication.made"

    item_id: str
    revision: int
    hash: str


class Publishing(NamedTuple):
    """The parts of one publication, saved together. `duty` is None if the column has no duty."""

    item: Decision[Item]
    ledger: Decision[Ledger]
    publication: Decision[Publication]
    duty: Decision[Duty] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A ledger's chain, recomputed up to `length`. `broken_at`: position of the first entry that was changed since."""

    department: str
    length: int = 0
    head: str = GENESIS
    at: datetime | None = None
    broken_at: int | None = None
    fault: str | None = None


def publish(
    item: Item,
    *,
    ledger: Ledger,
    duty: Duty | None,
    column: Column,
    successors: Successors,
    taxonomy: Taxonomy,
    windows: Windows,
    by: Person,
    at: datetime,
    html: str | None = None,
    loaded: bool = False,
) -> Publishing:
    """Make public what was released, exactly as it was released.

    `html`: the body of what was released by an earlier version of the code; else it is the item's own. `loaded`: this
    is a load of the past.
    """
    must_be_of(item.department, by)
    column.must_take_from(item.department, successors, at=at)
    review = _release_of(item)
    recorded = record(
        ledger,
        item_id=item.id,
        revision=item.revision,
        index_number=item.shown.index_number if item.shown else None,
        disclosure_class=item.content.disclosure_class or taxonomy.otherwise,
        content_hash=item.content_hash,
        at=at,
        loaded=loaded,
    )
    because = Activity.REVISED if item.shown else Activity.PUBLISHED
    return Publishing(
        item=_public(item, review, recorded.entry, _html(item, html)),
        ledger=recorded.ledger,
        publication=_publication(item, review, recorded.entry),
        duty=refresh(duty, because, windows=windows, at=recorded.entry.at) if duty else None,
    )


def _html(item: Item, rendered: str | None) -> str:
    html = rendered if item.html is None else item.html
    if html is None:
        raise ValueError(f"{item.id}: what an earlier version released is to be rendered before it is published")
    return html


def _release_of(item: Item) -> Review:
    """The review that released exactly the content in work."""
    match item.state:
        case ItemState.RELEASED if item.review is not None and item.sealed:
            return item.review
        case ItemState.RELEASED:
            raise refusals.UNSEALED()
        case ItemState.DRAFT | ItemState.SUBMITTED | ItemState.RETURNED | ItemState.WITHHELD:
            refuse(item, "published")
        case ItemState.PUBLISHED | ItemState.WITHDRAWN:
            refuse(item, "published")


def check(so_far: Verification, publication: Publication) -> Verification:
    """Check the next entry: its position, its time, the entry before it, its hash and its content."""
    entry = publication.entry
    position = so_far.length + 1
    wrong = {
        "an entry is missing or out of its place": (entry.position, publication.position) != (position, position),
        "it does not hang on the entry before": entry.previous != so_far.head,
        "its time lies before that of the entry before": so_far.at is not None and entry.at < so_far.at,
        "the entry was changed": entry.hash != publication.hash or entry.department != so_far.department,
        "the content was changed": hash_of_content(publication.content, publication.html) != entry.content_hash,
        "it records another revision": (entry.item_id, entry.revision) != (publication.item_id, publication.revision),
    }
    after = replace(so_far, length=position, head=publication.hash, at=entry.at)
    fault = next((what for what, is_so in wrong.items() if is_so), None)
    return after if fault is None or so_far.fault else replace(after, broken_at=position, fault=fault)


def conclude(so_far: Verification, ledger: Ledger) -> Verification:
    """The chain must end where the head says."""
    if so_far.fault is None and (so_far.length, so_far.head) != (ledger.length, ledger.head):
        return replace(so_far, broken_at=so_far.length, fault="the chain does not end where the ledger says")
    return so_far


def _public(item: Item, review: Review, entry: Entry, html: str) -> Decision[Item]:
    first = item.shown.published_at if item.shown else entry.at
    shown = Shown(
        revision=item.revision,
        index_number=entry.index_number,
        column_id=item.content.column_id,
        content_hash=item.content_hash,
        published_at=first,
        revised_at=entry.at if item.shown else None,
    )
    after = replace(item, state=ItemState.PUBLISHED, shown=shown, changed_at=entry.at)
    return Decision(after, (_told(item, shown, review, entry, html),))


def _told(item: Item, shown: Shown, review: Review, entry: Entry, html: str) -> ItemPublished | ItemRevised:
    content = item.content
    published = ItemPublished(
        at=entry.at,
        item_id=item.id,
        revision=item.revision,
        column_id=content.column_id,
        department=item.department,
        index_number=shown.index_number,
        **content.model_dump(exclude={"column_id", "body"}),
        body=html,
        published_at=shown.published_at,
        content_hash=shown.content_hash,
        review=review_record(item, review),
        hash_version=1 if item.html is None else 2,
        ledger=LedgerEntry(position=entry.position, previous=entry.previous, hash=entry.hash, loaded=entry.loaded),
    )
    return ItemRevised(**dict(published), change_note=item.change_note or "") if item.shown else published


def _publication(item: Item, review: Review, entry: Entry) -> Decision[Publication]:
    made = Publication(
        id=f"{item.id}.{item.revision}",
        item_id=item.id,
        revision=item.revision,
        department=item.department,
        position=entry.position,
        content=item.content,
        change_note=item.change_note,
        review=review,
        entry=entry,
        hash=entry.hash,
        html=item.html,
    )
    told = PublicationMade(at=entry.at, item_id=item.id, revision=item.revision, hash=entry.hash)
    return Decision(made, (told,))
