"""The life of an item (信息): drafted, submitted, reviewed, published, revised, withdrawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Never

from services.kernel.contracts.publishing import (
    Ground,
    ItemSubmitted,
    ItemWithdrawn,
)
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import DescribedEnum, Fact
from services.kernel.domain.person import Person
from services.kernel.domain.terms import Successors, who_answers
from services.publishing.domain import refusals
from services.publishing.domain.content import Content, Taxonomy, hash_of_content
from services.publishing.domain.copied import Column
from services.publishing.domain.links import Doubtful, doubtful


class ItemState(DescribedEnum):
    """The state of the revision in work."""

    DRAFT = "draft", "it is being written"
    SUBMITTED = "submitted", "it was handed to review"
    RETURNED = "returned", "the reviewer gave it back with a note"
    RELEASED = "released", "the review is passed; it may be published unchanged, and any edit voids the release"
    WITHHELD = "withheld", "the reviewer found a ground for not disclosing it"
    PUBLISHED = "published", "it is public, and no later revision is in work"
    WITHDRAWN = "withdrawn", "it was taken off the portal for good"


class Verdict(DescribedEnum):
    """What a reviewer decides (公开前审查)."""

    RELEASE = "release", "it may be made public; name the content by its `content_hash`"
    RETURN = "return", "its author changes it first; say what, in a `note`"
    WITHHOLD = "withhold", "it is not disclosed; name the `ground`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Who reviewed which content, the answer on each ground (art. 8), and the decision."""

    decision: Verdict
    reviewer: str
    at: datetime
    note: str
    grounds: Mapping[Ground, bool]
    ground: Ground | None
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The public revision of an item, or the last one before it was withdrawn.

    `published_at`: of the first revision.
    """

    revision: int
    index_number: str
    column_id: str
    content_hash: str
    published_at: datetime
    revised_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Why it is no longer public."""

    by: str
    at: datetime
    reason: str
    ground: Ground | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Aggregate):
    """What a department makes public, and the revision it works on. `authors`: all who edited this revision.

    `html`: its body as the public will read it, rendered once, when it is submitted; None before, and in what an
    earlier version of the code took in.
    """

    KIND: ClassVar[str] = "item"

    department: str
    state: ItemState
    revision: int
    content: Content
    change_note: str | None
    authors: frozenset[str]
    review: Review | None
    shown: Shown | None
    withdrawn: Tombstone | None
    created_at: datetime
    changed_at: datetime
    html: str | None = None

    @property
    def content_hash(self) -> str:
        return hash_of_content(self.content, self.html)

    @property
    def doubtful(self) -> Sequence[Doubtful]:
        """Links of what was submitted that its reviewer should look at twice."""
        return doubtful(self.html or "")

    @property
    def sealed(self) -> bool:
        """Whether the last review released exactly this content."""
        return (
            self.review is not None
            and self.review.decision is Verdict.RELEASE
            and self.review.content_hash == self.content_hash
        )


class ItemEdited(Fact):
    """A draft was saved, the first or a later one."""

    TYPE: ClassVar[str] = "item.edited"

    item_id: str
    revision: int
    content_hash: str


def draft(
    item_id: str,
    content: Content,
    *,
    department: str,
    column: Column,
    successors: Successors,
    taxonomy: Taxonomy,
    by: Person,
    at: datetime,
) -> Decision[Item]:
    """A new item of the caller's own department, which answers for it from now on (art. 7)."""
    must_be_of(department, by)
    if (successor := who_answers(department, successors, at=at)) != department:
        raise refusals.DEPARTMENT_ENDED(department=department, successor=successor)
    column.must_take_from(department, successors, at=at)
    content.must_be_possible(taxonomy, at=at)
    item = Item(
        id=item_id,
        department=department,
        state=ItemState.DRAFT,
        revision=1,
        content=content,
        change_note=None,
        authors=frozenset({by.sub}),
        review=None,
        shown=None,
        withdrawn=None,
        created_at=at,
        changed_at=at,
    )
    return _edited(item, at)


def edit(
    item: Item,
    content: Content,
    *,
    change_note: str | None,
    column: Column,
    successors: Successors,
    taxonomy: Taxonomy,
    by: Person,
    at: datetime,
) -> Decision[Item]:
    """Save the revision in work, which voids its review. If the item is public, begin the next revision."""
    must_be_of(item.department, by)
    column.must_take_from(item.department, successors, at=at)
    content.must_be_possible(taxonomy, at=at)
    match item.state:
        case ItemState.DRAFT | ItemState.RETURNED | ItemState.RELEASED | ItemState.WITHHELD:
            revision, authors, kept = item.revision, item.authors | {by.sub}, item.change_note
        case ItemState.PUBLISHED:
            if content == item.content:
                raise refusals.UNCHANGED()
            revision, authors, kept = item.revision + 1, frozenset({by.sub}), None
        case ItemState.SUBMITTED | ItemState.WITHDRAWN:
            refuse(item, "edited")
    after = replace(
        item,
        state=ItemState.DRAFT,
        revision=revision,
        content=content,
        change_note=_note_for(revision, change_note or kept),
        authors=authors,
        review=None,
        changed_at=at,
        html=None,
    )
    return _edited(after, at)


def must_be_submittable(item: Item, *, column: Column, successors: Successors, by: Person, at: datetime) -> None:
    must_be_of(item.department, by)
    column.must_take_from(item.department, successors, at=at)
    match item.state:
        case ItemState.DRAFT | ItemState.RETURNED | ItemState.WITHHELD:
            pass
        case ItemState.SUBMITTED | ItemState.RELEASED | ItemState.PUBLISHED | ItemState.WITHDRAWN:
            refuse(item, "submitted")


def submit(
    item: Item, *, html: str, column: Column, successors: Successors, by: Person, at: datetime
) -> Decision[Item]:
    """Hand it to review, its body rendered as `html`. A withheld item may be submitted again unchanged."""
    must_be_submittable(item, column=column, successors=successors, by=by, at=at)
    told = ItemSubmitted(
        at=at,
        item_id=item.id,
        revision=item.revision,
        column_id=item.content.column_id,
        department=item.department,
    )
    return Decision(replace(item, state=ItemState.SUBMITTED, review=None, changed_at=at, html=html), (told,))


def withdraw(item: Item, *, reason: str, ground: Ground | None, by: Person, at: datetime) -> Decision[Item]:
    """Take it off the portal. A tombstone with the reason stays; a revision in work ends."""
    by.must_answer_for(item.department)
    if item.shown is None:
        raise refusals.NOT_PUBLIC()
    if item.withdrawn is not None:
        refuse(item, "withdrawn")
    told = ItemWithdrawn(
        at=at,
        item_id=item.id,
        revision=item.shown.revision,
        column_id=item.shown.column_id,
        department=item.department,
        reason=reason,
        ground=ground,
    )
    tombstone = Tombstone(by=by.sub, at=at, reason=reason, ground=ground)
    return Decision(replace(item, state=ItemState.WITHDRAWN, withdrawn=tombstone, changed_at=at), (told,))


def must_be_of(department: str, by: Person) -> None:
    """Raises `Forbidden` for any other department, the government office too: nobody publishes for another (art. 7)."""
    if department not in by.departments:
        raise refusals.NOBODY_FOR_ANOTHER(department=department)


def refuse(item: Item, wanted: str) -> Never:
    raise refusals.BY_STATE[item.state.value](wanted=refusals.STEPS[wanted])


def _note_for(revision: int, note: str | None) -> str | None:
    """The change note. The first revision has none; every later one must have one."""
    if revision == 1 and note is not None:
        raise refusals.NOTE_TOO_EARLY()
    if revision > 1 and note is None:
        raise refusals.NOTE_MISSING()
    return note


def _edited(item: Item, at: datetime) -> Decision[Item]:
    told = ItemEdited(at=at, item_id=item.id, revision=item.revision, content_hash=item.content_hash)
    return Decision(item, (told,))
