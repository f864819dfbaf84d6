"""A column (栏目) of the tree: proposed, decided, retired."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, NamedTuple, TypeVar

from services.columns.domain import refusals
from services.columns.domain.department import Department
from services.columns.domain.tree import Location, Rules, Tree, TreeChanged
from services.kernel.contracts.columns import (
    ColumnDescribed,
    ColumnOpened,
    ColumnProfile,
    ColumnProposed,
    ColumnRefused,
    ColumnRetired,
)
from services.kernel.domain.decision import Aggregate, Decision, Words
from services.kernel.domain.event import DescribedEnum
from services.kernel.domain.person import Person, Role

D = TypeVar("D", bound=ColumnDescribed)


class ColumnState(DescribedEnum):
    """Where a column stands in its life; proposed and live ones have a place in the tree."""

    PROPOSED = "proposed", "somebody entitled asks for it, and the leading group has not decided"
    LIVE = "live", "the leading group approved it, and items may stand in it"
    REFUSED = "refused", "the leading group refused it"
    RETIRED = "retired", "it is no longer kept, and names where its readers go"


STATES = {
    ColumnState.PROPOSED: Words("提出", "proposed"),
    ColumnState.LIVE: Words("开通", "live"),
    ColumnState.REFUSED: Words("否决", "refused"),
    ColumnState.RETIRED: Words("撤销", "retired"),
}
"""As people are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody proposes. `parent_id` None: a column of level 1."""

    slug: str
    parent_id: str | None
    profile: ColumnProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Aggregate):
    """A place of the portal where items of one kind are found. While it stands, the tree says where.

    `left`: where it stood when it was refused or retired, and `reason`: why.
    """

    KIND: ClassVar[str] = "column"

    profile: ColumnProfile
    state: ColumnState
    proposed_by: str
    reason: str | None = None
    successor_id: str | None = None
    left: Location | None = None

    def location(self, tree: Tree) -> Location:
        return self.left or tree.location(self.id)


class Located(NamedTuple):
    """A column, and where it is found."""

    column: Column
    location: Location


class Growth(NamedTuple):
    """The two halves of one change, saved together."""

    tree: Decision[Tree]
    column: Decision[Column]


def propose(
    tree: Tree,
    column_id: str,
    draft: Draft,
    *,
    parent: Column | None,
    owner: Department | None,
    rules: Rules,
    by: Person,
    at: datetime,
) -> Growth:
    """Ask for a column below `parent`. `parent` and `owner` are None if nothing has that id."""
    if draft.parent_id is not None:
        parent = _must_be_live(draft.parent_id, parent)
    column = Column(
        id=column_id,
        profile=draft.profile.model_copy(update={"classes": tuple(sorted(set(draft.profile.classes)))}),
        state=ColumnState.PROPOSED,
        proposed_by=by.sub,
    )
    grown = tree.with_place(column_id, parent_id=draft.parent_id, slug=draft.slug)
    where = grown.location(column_id)
    _must_be_entitled(where.level, parent, rules, by)
    _must_fit(tree, column, where, draft.slug, owner, rules)
    return _growth(tree, grown, column, _described(ColumnProposed, column, where, tree, at))


def approve(tree: Tree, column: Column, *, by: Person, at: datetime) -> Growth:
    """Open it (art. 5: the leading group has the last word). Approving it again changes nothing."""
    _must_be_anothers(column, by)
    match column.state:
        case ColumnState.LIVE:
            return Growth(Decision(tree), Decision(column))
        case ColumnState.PROPOSED:
            live = replace(column, state=ColumnState.LIVE)
            return _growth(tree, tree, live, _described(ColumnOpened, live, tree.location(live.id), tree, at))
        case ColumnState.REFUSED | ColumnState.RETIRED:
            raise refusals.CLOSED(state=STATES[column.state], step=refusals.APPROVED)


def refuse(tree: Tree, column: Column, *, reason: str, by: Person, at: datetime) -> Growth:
    """Say no; its slug is free again. Refusing it again changes nothing: the first reason stays."""
    _must_be_anothers(column, by)
    match column.state:
        case ColumnState.REFUSED:
            return Growth(Decision(tree), Decision(column))
        case ColumnState.PROPOSED:
            left = tree.location(column.id)
            refused = replace(column, state=ColumnState.REFUSED, reason=reason, left=left)
            told = ColumnRefused(
                at=at, column_id=column.id, path=left.path, tree_version=tree.next_version, reason=reason
            )
            return _growth(tree, tree.without(column.id), refused, told)
        case ColumnState.LIVE:
            raise refusals.LIVE()
        case ColumnState.RETIRED:
            raise refusals.CLOSED(state=STATES[column.state], step=refusals.REFUSED)


def retire(tree: Tree, column: Column, *, successor: Column | None, reason: str, at: datetime) -> Growth:
    """Close a live column that has no columns below it.

    Its readers go to `successor`; None if no column has that id.
    """
    match column.state:
        case ColumnState.PROPOSED:
            raise refusals.NOT_LIVE()
        case ColumnState.REFUSED | ColumnState.RETIRED:
            raise refusals.CLOSED(state=STATES[column.state], step=refusals.RETIRED)
        case ColumnState.LIVE:
            standing = _successor(column, successor)
            _must_have_none_below(tree, column)
            left = tree.location(column.id)
            retired = replace(column, state=ColumnState.RETIRED, reason=reason, successor_id=standing.id, left=left)
            told = ColumnRetired(
                at=at,
                column_id=column.id,
                path=left.path,
                tree_version=tree.next_version,
                successor_id=standing.id,
                reason=reason,
            )
            return _growth(tree, tree.without(column.id), retired, told)


def _must_be_live(parent_id: str, parent: Column | None) -> Column:
    if parent is None:
        raise refusals.PARENT_UNKNOWN(parent=parent_id)
    if parent.state != ColumnState.LIVE:
        raise refusals.PARENT_NOT_LIVE(name=parent.profile.name, state=STATES[parent.state])
    return parent


def _must_be_entitled(level: int, parent: Column | None, rules: Rules, by: Person) -> None:
    """Art. 5: the IT bureau proposes the upper levels. Below, only an editor of the owner of the column above proposes.

    The new column may belong to another department: the leading group sees that when it decides.
    """
    if parent is None or level <= rules.bureau_levels:
        if Role.IT_BUREAU not in by.roles:
            raise refusals.BUREAU_ONLY(levels=rules.bureau_levels)
    elif Role.EDITOR not in by.roles or parent.profile.owner not in by.departments:
        raise refusals.OWNER_ONLY(name=parent.profile.name, owner=parent.profile.owner)


def _must_fit(tree: Tree, column: Column, where: Location, slug: str, owner: Department | None, rules: Rules) -> None:
    if where.level > rules.deepest:
        raise refusals.TOO_DEEP(deepest=rules.deepest, level=where.level)
    if owner is None:
        raise refusals.OWNER_UNKNOWN(owner=column.profile.owner)
    if unknown := [code for code in column.profile.classes if code not in rules.classes]:
        raise refusals.CLASS_UNKNOWN(classes=", ".join(unknown))
    if taken := [id for id, place in tree.children(where.parent_id).items() if place.slug == slug]:
        raise refusals.SLUG_TAKEN(path=where.path, column=taken[0])


def _must_be_anothers(column: Column, by: Person) -> None:
    if column.proposed_by == by.sub:
        raise refusals.OWN_PROPOSAL()


def _must_have_none_below(tree: Tree, column: Column) -> None:
    """Proposed columns count too: otherwise they would stand below a retired one."""
    if below := list(tree.children(column.id)):
        ids = ", ".join(below[:5])
        raise refusals.HAS_CHILDREN(columns=ids)


def _successor(column: Column, successor: Column | None) -> Column:
    if successor is None:
        raise refusals.SUCCESSOR_UNKNOWN()
    if successor.id == column.id or successor.state != ColumnState.LIVE:
        raise refusals.SUCCESSOR_NOT_LIVE()
    return successor


def _growth(before: Tree, after: Tree, column: Column, told: ColumnDescribed | ColumnRefused | ColumnRetired) -> Growth:
    """The tree is always written, even when it looks the same, so that two changes at once collide."""
    kept = TreeChanged(at=told.at, column_id=column.id, path=told.path)
    return Growth(Decision(after, (kept,)), Decision(column, (told,)))


def _described(event: type[D], column: Column, where: Location, tree: Tree, at: datetime) -> D:
    return event(
        at=at,
        column_id=column.id,
        path=where.path,
        tree_version=tree.next_version,
        parent_id=where.parent_id,
        level=where.level,
        position=where.position,
        **dict(column.profile),
    )
