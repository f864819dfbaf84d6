"""Columns and the tree in which they stand."""

from secrets import token_hex
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import Field, StringConstraints

from services.columns import store as data
from services.columns.actions import column as actions
from services.columns.domain import refusals
from services.columns.domain.column import ColumnState, Draft, Located
from services.columns.store import column as store
from services.kernel.contracts.columns import Cadence, ColumnKind, ColumnProfile, Publishers
from services.kernel.contracts.describing import Told, example, means
from services.kernel.contracts.fields import (
    SLUGS,
    ColumnId,
    ColumnPath,
    ColumnReference,
    DepartmentCode,
    DisclosureClass,
    written,
)
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Reader
from services.kernel.domain.event import Known
from services.kernel.domain.person import EVERYBODY, Rights, Role
from services.kernel.http.listing import Listing, several
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Caller, Door, IfMatch, Read, View

router = APIRouter(route_class=Door, tags=["columns"])
MAY: Rights = {
    "GET /columns": EVERYBODY,
    "POST /columns": {Role.IT_BUREAU, Role.EDITOR},
    "GET /columns/{column_id}": EVERYBODY,
    "POST /columns/{column_id}/decision": {Role.LEADING_GROUP},
    "POST /columns/{column_id}/retirement": {Role.LEADING_GROUP},
}
SAYS: Says = {
    "POST /columns": (
        refusals.BUREAU_ONLY,
        refusals.CLASS_UNKNOWN,
        refusals.OWNER_ONLY,
        refusals.OWNER_UNKNOWN,
        refusals.PARENT_NOT_LIVE,
        refusals.PARENT_UNKNOWN,
        refusals.SLUG_TAKEN,
        refusals.TOO_DEEP,
    ),
    "GET /columns/{column_id}": (anywhere.missing("column"),),
    "POST /columns/{column_id}/decision": (
        refusals.CLOSED,
        refusals.LIVE,
        anywhere.missing("column"),
        refusals.OWN_PROPOSAL,
        anywhere.stale("column"),
    ),
    "POST /columns/{column_id}/retirement": (
        refusals.CLOSED,
        refusals.HAS_CHILDREN,
        anywhere.missing("column"),
        refusals.NOT_LIVE,
        anywhere.stale("column"),
        refusals.SUCCESSOR_NOT_LIVE,
        refusals.SUCCESSOR_UNKNOWN,
    ),
}

TAGS = {"columns": "The places of the portal where items of one kind are found (栏目), and the tree they form."}
Slug = Annotated[
    str,
    StringConstraints(max_length=40, pattern=rf"^{SLUGS}$"),
    means("Its own part of the path: small letters, digits and single hyphens. No sibling has the same.", "bulletins"),
]
Name = Annotated[str, written(text.line, 1, 60), means("As readers see it (栏目名称).", "预算公开")]
Reason = Annotated[str, written(text.text, 1, 500), means("Why, as the public reads it.", "与通知公告栏目重复。")]
ColumnIdInPath = Annotated[ColumnId, Path()]
STANDING = [ColumnState.PROPOSED, ColumnState.LIVE]
States = Annotated[list[ColumnState], several(ColumnState)]


class NewColumn(Body, ColumnProfile):
    """A column to propose."""

    model_config = example(
        slug="bulletins", name="公告摘登", parent_id="disclosure", kind="disclosure", cadence="notice", owner="office",
        publishers="all", classes=["G15"],
    )  # fmt: skip

    slug: Slug
    name: Name
    parent_id: ColumnReference | None = None
    """The column above, by its id or its path; without it the new one is of level 1."""
    kind: Known[ColumnKind]
    cadence: Known[Cadence]
    owner: DepartmentCode
    """The code of the department that will answer for it."""
    publishers: Publishers = Publishers.OWNER
    classes: Annotated[tuple[DisclosureClass, ...], Field(max_length=20)] = ()
    """The disclosure classes of art. 8 that it serves; none for a column that only holds others."""


class Approval(Body):
    """Open the column."""

    model_config = example(decision="approve")

    decision: Literal["approve"]
    """`approve` opens it."""


class Refusal(Body):
    """Say no to the proposal."""

    model_config = example(decision="refuse", reason="与通知公告栏目重复。")

    decision: Literal["refuse"]
    """`refuse` turns it down; its slug is free again."""
    reason: Reason


class Retirement(Body):
    """Where the column's readers go from now on, and why."""

    model_config = example(successor_id="disclosure/notices", reason="并入通知公告栏目。")

    successor_id: ColumnReference
    """The live column where its readers go, by its id or its path."""
    reason: Reason


class ColumnView(View, ColumnProfile):
    """A column as it is."""

    id: Told[ColumnId]
    path: ColumnPath
    parent_id: Told[ColumnId] | None
    """The id of the column above; null at level 1."""
    level: int
    """1 for a column of the root."""
    position: int
    """Orders the columns below one and the same, from 1."""
    state: ColumnState
    proposed_by: str
    """Who proposed it, as the `sub` of their token; they do not decide on it."""
    reason: str | None
    """Why it was refused or retired; null otherwise."""
    successor_id: Told[ColumnId] | None
    """The id of the column where its readers go; null unless it is retired."""

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Located)
        column, where = state
        return cls(
            version=column.version,
            id=column.id,
            path=where.path,
            parent_id=where.parent_id,
            level=where.level,
            position=where.position,
            **dict(column.profile),
            state=column.state,
            proposed_by=column.proposed_by,
            reason=column.reason,
            successor_id=column.successor_id,
        )


class Kept:
    """The tree as bytes, made once for each version of it and each choice of states."""

    def __init__(self) -> None:
        self.made: dict[frozenset[ColumnState], tuple[int, bytes]] = {}

    async def current(self, read: Reader, states: frozenset[ColumnState]) -> tuple[int, bytes]:
        """The tree's version, and the listing of it as JSON. Every change of a column changes the version."""
        if (kept := self.made.get(states)) and await store.is_at(read, kept[0]):
            return kept
        tree = await store.the_tree(read)
        found = await store.in_order(read, tree, states)
        listing = Listing[ColumnView](items=[ColumnView.of(each) for each in found], next=None)
        self.made[states] = tree.version, listing.model_dump_json().encode()
        return self.made[states]


def kept(request: Request) -> Kept:
    state = request.app.state
    if not hasattr(state, "tree"):
        state.tree = Kept()
    found: Kept = state.tree
    return found


@router.get(
    "/columns", summary="The whole tree as a flat list", response_model=Listing[ColumnView],
    responses={304: {"description": "The tree is as the caller has it (`If-None-Match`)."}},
)  # fmt: skip
async def tree(
    request: Request,
    read: Read,
    states: States = STANDING,
    if_none_match: Annotated[str | None, Header(description="The `ETag` of the tree that the caller has")] = None,
) -> Response:
    """Each column before those below it, siblings by position; after them those that left the tree, by path.

    Without `state`, the columns that stand: proposed and live ones. The `ETag` is the tree's version.
    """
    version, body = await kept(request).current(read, frozenset(states))
    etag = f'"{version}"'
    if if_none_match and etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.get("/columns/{column_id}", summary="One column, in whatever state")
async def column(column_id: ColumnIdInPath, read: Read) -> ColumnView:
    """As it is now; a refused or retired one as it was when it left the tree."""
    return ColumnView.of(await store.one(read, column_id))


@router.post("/columns", status_code=201, summary="Propose a column")
async def proposal(body: NewColumn, answer: Answer, read: Read, by: Caller) -> ColumnView:
    """Levels 1 and 2 are proposed by the IT bureau, deeper ones by an editor of the department that owns the one above.

    It stands in the tree at once and opens when the leading group approves it.
    """
    profile = ColumnProfile(**body.model_dump(exclude={"slug", "parent_id"}))
    parent_id = body.parent_id and await store.referred(read, body.parent_id)
    draft = Draft(slug=body.slug, parent_id=parent_id, profile=profile)
    column_id = f"c-{body.slug}-{token_hex(4)}"
    return await answer(ColumnView.of, actions.propose, column_id, draft, rules=data.rules(), by=by, at=now())


@router.post("/columns/{column_id}/decision", summary="Approve or refuse what another proposed")
async def decision(
    column_id: ColumnIdInPath,
    body: Annotated[Approval | Refusal, Field(discriminator="decision")],
    answer: Answer,
    by: Caller,
    expected: IfMatch = None,
) -> ColumnView:
    """By the leading group, and nobody decides on what they proposed themselves. Again the same: nothing changes."""
    match body:
        case Approval():
            return await answer(ColumnView.of, actions.approve, column_id, by=by, at=now(), expected=expected)
        case Refusal(reason=reason):
            return await answer(
                ColumnView.of, actions.refuse, column_id, reason=reason, by=by, at=now(), expected=expected
            )


@router.post("/columns/{column_id}/retirement", summary="Retire a column; its readers go to another")
async def retirement(
    column_id: ColumnIdInPath, body: Retirement, answer: Answer, read: Read, expected: IfMatch = None
) -> ColumnView:
    """By the leading group. Nothing may stand below it; its address leads to the successor from then on."""
    return await answer(
        ColumnView.of,
        actions.retire,
        column_id,
        successor_id=await store.referred(read, body.successor_id),
        reason=body.reason,
        at=now(),
        expected=expected,
    )
