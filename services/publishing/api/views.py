"""What publishing shows of its items and ledgers."""

from collections.abc import Sequence
from typing import Self

from services.kernel.contracts.describing import Told
from services.kernel.contracts.fields import (
    ColumnId,
    DepartmentCode,
    ItemId,
    Moment,
    Sha256,
)
from services.kernel.contracts.publishing import Ground, ItemKind
from services.kernel.http.web import Shape, View
from services.publishing.domain import (
    Content,
    Doubt,
    Item,
    ItemState,
    Publication,
    Verdict,
    Verification,
)


class ReviewView(Shape):
    """The last review of a revision."""

    decision: Verdict
    reviewer: str
    """Who decided, as the `sub` of their token."""
    at: Moment
    """When they decided. UTC."""
    note: str
    """For the author; empty if there was nothing to say."""
    grounds: dict[Ground, bool]
    """The answer on each of the five grounds: whether it holds."""
    ground: Ground | None
    """The ground for which it was withheld; null otherwise."""
    content_hash: Told[Sha256]
    """Of the content that the reviewer saw."""


class ShownView(Shape):
    """What is public."""

    revision: int
    """Which revision is public, counted from 1."""
    index_number: str
    """Its index number in the catalogue (索引号)."""
    column_id: Told[ColumnId]
    """The column in which it is shown."""
    content_hash: Told[Sha256]
    """Of the content that is public."""
    published_at: Moment
    """When the first revision became public. UTC."""
    revised_at: Moment | None
    """When a later revision took its place, in UTC; null for the first."""


class TombstoneView(Shape):
    """Why it is no longer public."""

    by: str
    """Who took it off the portal, as the `sub` of their token."""
    at: Moment
    """When. UTC."""
    reason: str
    """Why, as the public reads it."""
    ground: Ground | None
    """The ground for not disclosing, if that is why; null otherwise."""


class ItemHead(View):
    """An item in a list."""

    id: Told[ItemId]
    department: Told[DepartmentCode]
    """The code of the department that it was made with."""
    state: ItemState
    revision: int
    """The revision in work, counted from 1."""
    kind: ItemKind
    column_id: Told[ColumnId]
    """The column in which it stands, or will."""
    title: str
    """As readers see it (标题), of the revision in work."""
    shown: ShownView | None
    """What is, or was, public; null before the first publication."""
    created_at: Moment
    """When it was drafted. UTC."""
    changed_at: Moment
    """When it was last changed. UTC."""

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Item)
        return cls(
            version=state.version,
            id=state.id,
            department=state.department,
            state=state.state,
            revision=state.revision,
            kind=state.content.kind,
            column_id=state.content.column_id,
            title=state.content.title,
            shown=ShownView.model_validate(state.shown) if state.shown else None,
            created_at=state.created_at,
            changed_at=state.changed_at,
        )


class DoubtfulView(Shape):
    """A link that a reviewer should look at twice."""

    address: str
    """Where it leads."""
    shown: str
    """What readers see of it."""
    why: Doubt


class ItemView(View):
    """A whole item, as its department and its reviewers see it."""

    id: Told[ItemId]
    department: Told[DepartmentCode]
    """The code of the department that it was made with."""
    state: ItemState
    revision: int
    """The revision in work, counted from 1."""
    content: Content
    content_hash: Told[Sha256]
    """Names the content. A reviewer who releases it sends this back."""
    change_note: str | None
    """What changed, as the public will read it (修订说明); null in the first revision."""
    authors: frozenset[str]
    """Who wrote the revision in work, as the `sub`s of their tokens; they do not review it."""
    review: ReviewView | None
    """The last review of the revision in work; null before it."""
    shown: ShownView | None
    """What is, or was, public; null before the first publication."""
    withdrawn: TombstoneView | None
    """Why it is no longer public; null unless it was withdrawn."""
    created_at: Moment
    """When it was drafted. UTC."""
    changed_at: Moment
    """When it was last changed. UTC."""
    html: str | None
    """The body of what was submitted, as the public will read it; null in a draft."""
    doubtful: list[DoubtfulView]
    """Links in what was submitted that a reviewer should look at twice."""


class EntryView(Shape):
    """A publication as the ledger's chain holds it."""

    department: Told[DepartmentCode]
    """The code of the department whose ledger it is."""
    position: int
    """Its number in the ledger: 1, 2, 3 … without gaps."""
    index_number: str
    """Its index number in the catalogue (索引号)."""
    content_hash: Told[Sha256]
    """Of the content that was made public."""
    at: Moment
    """When it was made public, by the server's clock. UTC."""
    loaded: bool
    """Whether it was recorded later, by a load of the past."""
    previous: Told[Sha256]
    """The hash of the entry before; 64 zeros for the first."""
    hash: Told[Sha256]
    """The hash of this entry, which covers the one before."""


class RevisionHead(Shape):
    """A revision that was made public; its text is at `/items/{item_id}/revisions/{revision}`."""

    revision: int
    """Counts from 1."""
    title: str
    """As readers saw it (标题)."""
    change_note: str | None
    """What changed, as the public reads it (修订说明); null for the first."""
    review: ReviewView
    entry: EntryView

    @classmethod
    def of(cls, made: Publication) -> Self:
        return cls(
            revision=made.revision,
            title=made.content.title,
            change_note=made.change_note,
            review=ReviewView.model_validate(made.review),
            entry=EntryView.model_validate(made.entry),
        )


class ItemWithRevisions(ItemView):
    """An item with every revision that was made public, oldest first."""

    revisions: Sequence[RevisionHead] = ()
    """Those that were made public, oldest first."""


class RevisionView(View):
    """A revision as it was made public."""

    item_id: Told[ItemId]
    revision: int
    """Counts from 1."""
    department: Told[DepartmentCode]
    """The code of the department that it was made with."""
    content: Content
    change_note: str | None
    """What changed, as the public reads it (修订说明); null for the first."""
    review: ReviewView
    entry: EntryView
    html: str | None = None
    """The body as the portal showed it."""


class VerificationView(Shape):
    """A ledger's chain recomputed."""

    department: Told[DepartmentCode]
    """The code of the department whose ledger it is."""
    intact: bool
    """Whether every entry is as it was written."""
    length: int
    """How many entries there are."""
    head: Told[Sha256]
    """The hash of the last entry; 64 zeros while there is none."""
    broken_at: int | None
    """The position of the first entry that is not as it was written; null if all are."""
    fault: str | None
    """What is wrong with it; null if nothing is."""

    @classmethod
    def of(cls, found: Verification) -> Self:
        return cls(
            department=found.department,
            intact=found.fault is None,
            length=found.length,
            head=found.head,
            broken_at=found.broken_at,
            fault=found.fault,
        )
