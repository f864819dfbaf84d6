"""Columns and the tree in which they stand."""

from secrets import token_hex
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field, StringConstraints

from services.columns import store as data
from services.columns.actions import column as actions
from services.columns.domain import refusals
from services.columns.domain.column import ColumnState, Draft, Located
from services.columns.store import column as store
from services.kernel.contracts.columns import Cadence, ColumnKind, ColumnProfile, Publishers
from services.kernel.contracts.fields import ColumnId, DepartmentCode, DisclosureClass, written
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Reader
from services.kernel.domain.event import Known
from services.kernel.domain.person import EVERYBODY, Role
from services.kernel.http.listing import Listing
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Caller, Door, IfMatch, Read, Rights, View

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

Slug = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Name = Annotated[str, written(text.line, 1, 60)]
Reason = Annotated[str, written(text.text, 1, 500)]
ColumnIdInPath = Annotated[ColumnId, Path()]
STANDING = [ColumnState.PROPOSED, ColumnState.LIVE]
States = Annotated[list[ColumnState], Query(alias="state", max_length=len(ColumnState))]


class NewColumn(Body, ColumnProfile):
    """A column to propose; without `parent_id` one of level 1."""

    slug: Slug
    name: Name
    parent_id: ColumnId | None = None
    kind: Known[ColumnKind]
    cadence: Known[Cadence]
    owner: DepartmentCode
    publishers: Publishers = Publishers.OWNER
    classes: Annotated[tuple[DisclosureClass, ...], Field(max_length=20)] = ()


class Approval(Body):
    """Open the column."""

    decision: Literal["approve"]


class Refusal(Body):
    """Say no to the proposal."""

    decision: Literal["refuse"]
    reason: Reason


class Retirement(Body):
    """Where the column's readers go from now on, and why."""

    successor_id: ColumnId
    reason: Reason


class ColumnView(View, ColumnProfile):
    """A column as it is. `reason`: why it was refused or retired."""

    id: str
    path: str
    parent_id: str | None
    level: int
    position: int
    state: ColumnState
    proposed_by: str
    reason: str | None
    successor_id: str | None

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


@router.get("/columns", summary="The whole tree as a flat list", response_model=Listing[ColumnView])
async def tree(
    request: Request,
    read: Read,
    states: States = STANDING,
    if_none_match: Annotated[str | None, Header(description="The ETag of the tree that the caller has")] = None,
) -> Response:
    """Each column before those below it, siblings by position; after them those that left the tree, by path."""
    version, body = await kept(request).current(read, frozenset(states))
    etag = f'"{version}"'
    if if_none_match and etag in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(body, media_type="application/json", headers={"ETag": etag})


@router.get("/columns/{column_id}", summary="One column, in whatever state")
async def column(column_id: ColumnIdInPath, read: Read) -> ColumnView:
    return ColumnView.of(await store.one(read, column_id))


@router.post("/columns", status_code=201, summary="Propose a column")
async def proposal(body: NewColumn, answer: Answer, by: Caller) -> ColumnView:
    profile = ColumnProfile(**body.model_dump(exclude={"slug", "parent_id"}))
    draft = Draft(slug=body.slug, parent_id=body.parent_id, profile=profile)
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
    match body:
        case Approval():
            return await answer(ColumnView.of, actions.approve, column_id, by=by, at=now(), expected=expected)
        case Refusal(reason=reason):
            return await answer(
                ColumnView.of, actions.refuse, column_id, reason=reason, by=by, at=now(), expected=expected
            )


@router.post("/columns/{column_id}/retirement", summary="Retire a column; its readers go to another")
async def retirement(
    column_id: ColumnIdInPath, body: Retirement, answer: Answer, expected: IfMatch = None
) -> ColumnView:
    return await answer(
        ColumnView.of,
        actions.retire,
        column_id,
        successor_id=body.successor_id,
        reason=body.reason,
        at=now(),
        expected=expected,
    )
