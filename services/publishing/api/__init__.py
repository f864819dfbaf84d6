"""HTTP in, HTTP out."""

import asyncio
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Query

from services.kernel.contracts.fields import AnsweredBy
from services.kernel.domain import refusals as anywhere
from services.kernel.domain.clock import now
from services.kernel.domain.person import EVERYBODY, Role
from services.kernel.domain.terms import matters_of
from services.kernel.http.listing import Listing, Wanted, several, whose
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Caller, Door, IfMatch, Read, Table
from services.publishing import store
from services.publishing.actions import draft_item, edit_item, publish_item, review_item, submit_item, withdraw_item
from services.publishing.api.bodies import (
    CodeInPath,
    EditedItem,
    ItemInPath,
    NewItem,
    ReviewBody,
    RevisionInPath,
    Withdrawal,
)
from services.publishing.api.duty import DutyView
from services.publishing.api.views import (
    ItemHead,
    ItemView,
    ItemWithRevisions,
    RevisionHead,
    RevisionView,
    VerificationView,
)
from services.publishing.domain import DutyState, ItemState, refusals, render

router = APIRouter(route_class=Door)
READERS = {Role.EDITOR, Role.REVIEWER, Role.OFFICE}
MAY = Table(
    {
        "POST /items": {Role.EDITOR},
        "PUT /items/{item_id}": {Role.EDITOR},
        "POST /items/{item_id}/submission": {Role.EDITOR},
        "POST /items/{item_id}/review": {Role.REVIEWER},
        "POST /items/{item_id}/publication": {Role.EDITOR},
        "POST /items/{item_id}/withdrawal": READERS,
        "GET /items": READERS,
        "GET /items/{item_id}": READERS,
        "GET /items/{item_id}/revisions/{revision}": READERS,
        "GET /ledger/{department}/verification": EVERYBODY,
        "GET /duties": EVERYBODY,
    }
)
SAYS: Says = {
    "GET /duties": (anywhere.CURSOR,),
    "GET /items": (anywhere.CURSOR, refusals.NOBODY_FOR_ANOTHER),
    "POST /items": (
        refusals.COLUMN_OWNER_ONLY,
        refusals.DEPARTMENT_ENDED,
        refusals.NOBODY_FOR_ANOTHER,
        refusals.DEPARTMENT_UNCLEAR,
        refusals.CLASS_UNKNOWN,
        refusals.MADE_LATER,
        anywhere.UNKNOWN_YET,
    ),
    "GET /items/{item_id}": (refusals.NOBODY_FOR_ANOTHER, anywhere.missing("item")),
    "PUT /items/{item_id}": (
        refusals.NOTE_MISSING,
        refusals.NOTE_TOO_EARLY,
        refusals.NOBODY_FOR_ANOTHER,
        refusals.CLASS_UNKNOWN,
        refusals.MADE_LATER,
        anywhere.missing("item"),
        anywhere.stale("item"),
        refusals.BY_STATE["submitted"],
        refusals.UNCHANGED,
        refusals.BY_STATE["withdrawn"],
    ),
    "POST /items/{item_id}/publication": (
        refusals.COLUMN_RETIRED,
        refusals.NOBODY_FOR_ANOTHER,
        refusals.BY_STATE["draft"],
        anywhere.missing("item"),
        refusals.BY_STATE["published"],
        anywhere.stale("item"),
        refusals.BY_STATE["submitted"],
        refusals.BY_STATE["withdrawn"],
    ),
    "POST /items/{item_id}/review": (
        refusals.NOBODY_FOR_ANOTHER,
        refusals.BY_STATE["draft"],
        anywhere.missing("item"),
        refusals.BY_STATE["released"],
        anywhere.stale("item"),
        refusals.BY_STATE["withdrawn"],
        refusals.GROUND_FOUND,
        refusals.GROUND_MISSING,
        refusals.REVIEW_NOTE_MISSING,
        refusals.OTHER_CONTENT,
        refusals.OWN_REVIEW,
    ),
    "GET /items/{item_id}/revisions/{revision}": (refusals.NOBODY_FOR_ANOTHER, refusals.PUBLICATION_MISSING),
    "POST /items/{item_id}/submission": (
        refusals.NOBODY_FOR_ANOTHER,
        anywhere.missing("item"),
        refusals.BY_STATE["published"],
        refusals.BY_STATE["released"],
        anywhere.stale("item"),
        refusals.BODY_EMPTY,
        refusals.BODY_HOLDS,
        refusals.BODY_LEADS_NOWHERE,
        refusals.BODY_LOSES,
        refusals.BODY_OF_MANY_ELEMENTS,
        refusals.BODY_OF_MANY_LINES,
        refusals.BODY_OF_TAGS,
        refusals.BODY_TANGLED,
        refusals.BODY_TOO_DEEP,
        refusals.BODY_TOO_LONG,
        refusals.BY_STATE["withdrawn"],
    ),
    "POST /items/{item_id}/withdrawal": (
        refusals.NOBODY_FOR_ANOTHER,
        anywhere.missing("item"),
        refusals.NOT_PUBLIC,
        anywhere.stale("item"),
    ),
    "GET /ledger/{department}/verification": (anywhere.UNKNOWN_YET,),
}

TAGS = {
    "items": "What departments make public and answer for (信息): drafted, reviewed, published, withdrawn.",
    "ledger": "Each department's chain of publications: a back-dated one is found by recomputing it.",
    "duties": "Each column's duty to be current (更新职责): amber before red.",
}
OfDepartment = Annotated[AnsweredBy | None, Query()]
Standing = Literal[DutyState.CURRENT, DutyState.DUE_SOON, DutyState.STALE]
STANDING: list[Standing] = [DutyState.CURRENT, DutyState.DUE_SOON, DutyState.STALE]
ItemStates = Annotated[list[ItemState], several(ItemState)]
DutyStates = Annotated[list[Standing], several(STANDING)]
ANY: list[ItemState] = []


@router.post("/items", tags=["items"], status_code=201, summary="Draft an item of the own department")
async def drafting(body: NewItem, answer: Answer, read: Read, by: Caller) -> ItemView:
    """Nobody publishes for another (art. 7): it belongs to a department that the editor's token names.

    Next: `POST /items/{item_id}/submission`.
    """
    return await answer(
        ItemView.of,
        draft_item,
        uuid4().hex,
        body.content(await store.referred(read, body.column_id)),
        department=body.responsible(by),
        taxonomy=store.taxonomy(),
        by=by,
        at=now(),
    )


@router.put("/items/{item_id}", tags=["items"], summary="Save a draft, or begin the next revision of a public item")
async def edition(
    item_id: ItemInPath, body: EditedItem, answer: Answer, read: Read, by: Caller, expected: IfMatch = None
) -> ItemView:
    """It leads back to `draft`; a release is void then. While a later revision is in work, the one before stays public.

    What is submitted is returned first, and what was withdrawn stays as it is.
    """
    return await answer(
        ItemView.of,
        edit_item,
        item_id,
        body.content(await store.referred(read, body.column_id)),
        change_note=body.change_note,
        taxonomy=store.taxonomy(),
        by=by,
        at=now(),
        expected=expected,
    )


@router.post("/items/{item_id}/submission", tags=["items"], summary="Hand the revision to review")
async def submission(item_id: ItemInPath, answer: Answer, by: Caller, expected: IfMatch = None) -> ItemView:
    """Its body is rendered, once: `html` is what the public will get. Links to look at twice are in `doubtful`.

    Next: `POST /items/{item_id}/review`, by another person.
    """
    return await answer(ItemView.of, submit_item, item_id, by=by, at=now(), expected=expected)


@router.post("/items/{item_id}/review", tags=["items"], summary="Release, return or withhold what was submitted")
async def review(
    item_id: ItemInPath, body: ReviewBody, answer: Answer, by: Caller, expected: IfMatch = None
) -> ItemView:
    """By a reviewer of the department who wrote none of it, with an answer on each of the five grounds (art. 8).

    A release names the content that the reviewer saw, by its `content_hash`. Next: `POST /items/{item_id}/publication`.
    """
    return await answer(ItemView.of, review_item, item_id, body.judgement(), by=by, at=now(), expected=expected)


@router.post(
    "/items/{item_id}/publication", tags=["items"], summary="Make public what was released, as it was released"
)
async def publication(item_id: ItemInPath, answer: Answer, by: Caller, expected: IfMatch = None) -> ItemView:
    """At the server's time, with the next index number of the department's ledger. It renews the column's duty.

    The portal shows it within seconds, at `/items/{item_id}`.
    """
    return await answer(
        ItemView.of,
        publish_item,
        item_id,
        taxonomy=store.taxonomy(),
        windows=store.windows(),
        by=by,
        at=now(),
        expected=expected,
    )


@router.post("/items/{item_id}/withdrawal", tags=["items"], summary="Take an item off the portal")
async def withdrawal(
    item_id: ItemInPath, body: Withdrawal, answer: Answer, by: Caller, expected: IfMatch = None
) -> ItemView:
    """For good. A tombstone with the reason stays at its address, and its revisions stay readable here."""
    return await answer(
        ItemView.of,
        withdraw_item,
        item_id,
        reason=body.reason,
        ground=body.ground,
        by=by,
        at=now(),
        expected=expected,
    )


@router.get("/items", tags=["items"], summary="Items, the one changed last first; without a department, the own")
async def items(
    read: Read, by: Caller, portion: Wanted, department: OfDepartment = None, states: ItemStates = ANY
) -> Listing[ItemHead]:
    """The office sees those of all departments. Shown in portions: `next` is the `cursor` of the one that follows."""
    departments = await whose(read, by, department)
    found = await store.items(read, departments=departments, states=states, limit=portion.reach, after=portion.after)
    return portion.listing(found, sort="-changed_at", view=ItemHead.of)


@router.get("/items/{item_id}", tags=["items"], summary="One item, with the revisions that were made public")
async def item(item_id: ItemInPath, read: Read, by: Caller) -> ItemWithRevisions:
    """With the revision in work, what is public of it, and how each publication stands in the ledger."""
    found = await store.item(read, item_id)
    by.must_answer_for(found.department)
    made = await store.publications(read, item_id)
    return ItemWithRevisions.of(found).model_copy(update={"revisions": [RevisionHead.of(each) for each in made]})


@router.get("/items/{item_id}/revisions/{revision}", tags=["items"], summary="A revision as it was made public")
async def revision(item_id: ItemInPath, revision: RevisionInPath, read: Read, by: Caller) -> RevisionView:
    """With its review and its entry in the ledger. A revision that was never public is not found."""
    found = await store.publication(read, item_id, revision)
    by.must_answer_for(found.department)
    html = await asyncio.to_thread(render, found.content.body) if found.html is None else found.html
    return RevisionView.of(found).model_copy(update={"html": html})


@router.get("/ledger/{department}/verification", tags=["ledger"], summary="A department's chain, recomputed")
async def verification(department: CodeInPath, read: Read) -> VerificationView:
    """Contents, hashes, order and times of every publication of the department, recomputed up to this moment."""
    return VerificationView.of(await store.verification(read, department))


@router.get("/duties", tags=["duties"], summary="Columns' duties to be current, soonest due first")
async def duties(
    read: Read, portion: Wanted, owner: OfDepartment = None, states: DutyStates = STANDING
) -> Listing[DutyView]:
    """Of one owner, with those of whom it succeeded, or of all; amber from `due_soon_at`, red from `due_at`.

    Shown in portions: `next` is the `cursor` of the portion that follows.
    """
    owners = await matters_of(read, owner, at=now()) if owner else None
    found = await store.duties(read, owners=owners, states=states, limit=portion.reach, after=portion.after)
    columns = await store.columns_above(read, [duty.id for duty in portion.shown(found)])
    return portion.listing(found, sort="due_at", view=DutyView.beside(columns))
