"""What publishing shows of its items, ledgers and duties."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.kernel.contracts.columns import Cadence, path_of
from services.kernel.contracts.publishing import Activity, Ground, ItemKind
from services.kernel.http.web import View
from services.publishing.domain import (
    Column,
    Content,
    Doubt,
    Duty,
    DutyState,
    Item,
    ItemState,
    Publication,
    Verdict,
    Verification,
)


class Part(BaseModel):
    """A piece of a view."""

    model_config = ConfigDict(from_attributes=True)


class ReviewView(Part):
    """The last review of a revision."""

    decision: Verdict
    reviewer: str
    at: AwareDatetime
    note: str
    grounds: dict[Ground, bool]
    ground: Ground | None
    content_hash: str


class ShownView(Part):
    """What is public. `published_at`: of the first revision."""

    revision: int
    index_number: str
    column_id: str
    content_hash: str
    published_at: AwareDatetime
    revised_at: AwareDatetime | None


class TombstoneView(Part):
    """Why it is no longer public."""

    by: str
    at: AwareDatetime
    reason: str
    ground: Ground | None


class ItemHead(View):
    """An item in a list. `state` and `revision` belong to the revision in work; `shown` is, or was, public."""

    id: str
    department: str
    state: ItemState
    revision: int
    kind: ItemKind
    column_id: str
    title: str
    shown: ShownView | None
    created_at: AwareDatetime
    changed_at: AwareDatetime

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


class DoubtfulView(Part):
    """A link that a reviewer should look at twice: its address, what readers see of it, and why."""

    address: str
    shown: str
    why: Doubt


class ItemView(View):
    """A whole item. A reviewer who releases it must send its `content_hash`.

    `html`: the body of what was submitted, as the public will read it. `doubtful`: links in it.
    """

    id: str
    department: str
    state: ItemState
    revision: int
    content: Content
    content_hash: str
    change_note: str | None
    authors: frozenset[str]
    review: ReviewView | None
    shown: ShownView | None
    withdrawn: TombstoneView | None
    created_at: AwareDatetime
    changed_at: AwareDatetime
    html: str | None
    doubtful: list[DoubtfulView]


class EntryView(Part):
    """A publication as the ledger's chain holds it."""

    department: str
    position: int
    index_number: str
    content_hash: str
    at: AwareDatetime
    loaded: bool
    previous: str
    hash: str


class RevisionHead(Part):
    """A revision that was made public; its text is at `/items/{id}/revisions/{revision}`."""

    revision: int
    title: str
    change_note: str | None
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


class RevisionView(View):
    """A revision as it was made public. `html`: the body as the portal showed it."""

    item_id: str
    revision: int
    department: str
    content: Content
    change_note: str | None
    review: ReviewView
    entry: EntryView
    html: str | None = None


class VerificationView(Part):
    """A ledger's chain recomputed. `broken_at`: position of the first entry that is not as it was written."""

    department: str
    intact: bool
    length: int
    head: str
    broken_at: int | None
    fault: str | None

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


class DutyView(View):
    """A column's duty. `since`: the activity that began the period; `rule`: the version the window came from.

    `path`: the column's present one, null while a column above it has not been heard of.
    """

    id: str
    path: str | None
    name: str | None
    owner: str
    cadence: Cadence
    state: DutyState
    since: AwareDatetime
    because: Activity
    due_soon_at: AwareDatetime
    due_at: AwareDatetime
    rule: str

    @classmethod
    def beside(cls, columns: Mapping[str, Column]) -> "Callable[[Duty], DutyView]":
        """Makes the views of duties, given their columns and those above them."""

        def made(duty: Duty) -> DutyView:
            column = columns.get(duty.id)
            return cls(
                version=duty.version,
                id=duty.id,
                path=path_of(duty.id, columns),
                name=column.name if column else None,
                owner=duty.owner,
                cadence=duty.cadence,
                state=duty.state,
                since=duty.since,
                because=duty.because,
                due_soon_at=duty.due_soon_at,
                due_at=duty.due_at,
                rule=duty.rule,
            )

        return made
