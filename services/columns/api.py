"""HTTP in, HTTP out."""

from secrets import token_hex
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, StringConstraints

from services.columns import store
from services.columns.actions import (
    approve_column,
    change_department,
    propose_column,
    refuse_column,
    register_department,
    retire_column,
)
from services.columns.domain import ColumnState, Department, DepartmentChange, Draft
from services.kernel.contracts.columns import Cadence, ColumnKind, DepartmentClass, DepartmentKind, Publishers
from services.kernel.contracts.fields import ColumnId, DepartmentCode, DisclosureClass
from services.kernel.domain.clock import now
from services.kernel.domain.event import Known
from services.kernel.domain.person import Role
from services.kernel.http.listing import Listing, Wanted
from services.kernel.http.web import Answer, Body, Caller, Door, IfMatch, Read, Table, View

router = APIRouter(route_class=Door)
EVERYBODY = frozenset(Role)
MAY = Table(
    {
        "GET /departments": EVERYBODY,
        "POST /departments": {Role.IT_BUREAU},
        "GET /departments/{code}": EVERYBODY,
        "PATCH /departments/{code}": {Role.IT_BUREAU},
        "GET /columns": EVERYBODY,
        "POST /columns": {Role.IT_BUREAU, Role.EDITOR},
        "GET /columns/{column_id}": EVERYBODY,
        "POST /columns/{column_id}/decision": {Role.LEADING_GROUP},
        "POST /columns/{column_id}/retirement": {Role.LEADING_GROUP},
    }
)

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Slug = Annotated[str, StringConstraints(max_length=40, pattern=SLUG)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=120)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500)]

CodeInPath = Annotated[DepartmentCode, Path()]
ColumnIdInPath = Annotated[ColumnId, Path()]
STANDING = [ColumnState.PROPOSED, ColumnState.LIVE]
States = Annotated[list[ColumnState], Query(alias="state", max_length=len(ColumnState))]


class NewDepartment(Body):
    """A department to register; `code` is its name in every address and never changes."""

    code: DepartmentCode
    name: Name
    kind: Known[DepartmentKind]
    department_class: DepartmentClass
    service_duties: bool
    letter_duties: bool
    phone: Phone
    address: Address


class ChangedDepartment(Body):
    """The fields to change. A field that is left out, or null, stays as it is."""

    name: Name | None = None
    kind: Known[DepartmentKind] | None = None
    department_class: DepartmentClass | None = None
    service_duties: bool | None = None
    letter_duties: bool | None = None
    phone: Phone | None = None
    address: Address | None = None


class DepartmentView(View):
    """A department as it is."""

    code: str
    name: str
    kind: DepartmentKind
    department_class: DepartmentClass
    service_duties: bool
    letter_duties: bool
    phone: str
    address: str


class NewColumn(Body):
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


class ColumnView(View):
    """A column as it is. `reason`: why it was refused or retired."""

    id: str
    path: str
    name: str
    parent_id: str | None
    level: int
    position: int
    kind: ColumnKind
    cadence: Cadence
    owner: str
    publishers: Publishers
    classes: tuple[str, ...]
    state: ColumnState
    proposed_by: str
    reason: str | None
    successor_id: str | None


@router.get("/departments", tags=["departments"], summary="All departments, by name")
async def departments(read: Read, portion: Wanted) -> Listing[DepartmentView]:
    found = await store.departments(read, limit=portion.limit, after=portion.after)
    return portion.listing(found, sort="name", view=DepartmentView.of)


@router.post("/departments", tags=["departments"], status_code=201, summary="Register a department")
async def registration(body: NewDepartment, answer: Answer) -> DepartmentView:
    new = Department(
        id=body.code,
        name=body.name,
        kind=body.kind,
        department_class=body.department_class,
        service_duties=body.service_duties,
        letter_duties=body.letter_duties,
        phone=body.phone,
        address=body.address,
    )
    return await answer(DepartmentView.of, register_department, new, at=now())


@router.get("/departments/{code}", tags=["departments"], summary="One department")
async def department(code: CodeInPath, read: Read) -> DepartmentView:
    return DepartmentView.of(await store.department(read, code))


@router.patch("/departments/{code}", tags=["departments"], summary="Change the fields that are named")
async def department_change(
    code: CodeInPath, body: ChangedDepartment, answer: Answer, expected: IfMatch = None
) -> DepartmentView:
    wanted = DepartmentChange(
        name=body.name,
        kind=body.kind,
        department_class=body.department_class,
        service_duties=body.service_duties,
        letter_duties=body.letter_duties,
        phone=body.phone,
        address=body.address,
    )
    return await answer(DepartmentView.of, change_department, code, wanted, at=now(), expected=expected)


@router.get("/columns", tags=["columns"], summary="The whole tree as a flat list, each column before those below it")
async def tree(read: Read, states: States = STANDING) -> Listing[ColumnView]:
    found = await store.tree(read, states)
    return Listing(items=[ColumnView.of(column) for column in found], next=None)


@router.get("/columns/{column_id}", tags=["columns"], summary="One column, in whatever state")
async def column(column_id: ColumnIdInPath, read: Read) -> ColumnView:
    return ColumnView.of(await store.column(read, column_id))


@router.post("/columns", tags=["columns"], status_code=201, summary="Propose a column")
async def proposal(body: NewColumn, answer: Answer, by: Caller) -> ColumnView:
    draft = Draft(
        slug=body.slug,
        name=body.name,
        parent_id=body.parent_id,
        kind=body.kind,
        cadence=body.cadence,
        owner=body.owner,
        publishers=body.publishers,
        classes=body.classes,
    )
    column_id = f"c-{body.slug}-{token_hex(4)}"
    return await answer(ColumnView.of, propose_column, column_id, draft, rules=store.rules(), by=by, at=now())


@router.post("/columns/{column_id}/decision", tags=["columns"], summary="Approve or refuse what another proposed")
async def decision(
    column_id: ColumnIdInPath,
    body: Annotated[Approval | Refusal, Field(discriminator="decision")],
    answer: Answer,
    by: Caller,
    expected: IfMatch = None,
) -> ColumnView:
    match body:
        case Approval():
            return await answer(ColumnView.of, approve_column, column_id, by=by, at=now(), expected=expected)
        case Refusal(reason=reason):
            return await answer(
                ColumnView.of, refuse_column, column_id, reason=reason, by=by, at=now(), expected=expected
            )


@router.post("/columns/{column_id}/retirement", tags=["columns"], summary="Retire a column; its readers go to another")
async def retirement(
    column_id: ColumnIdInPath, body: Retirement, answer: Answer, expected: IfMatch = None
) -> ColumnView:
    return await answer(
        ColumnView.of,
        retire_column,
        column_id,
        successor_id=body.successor_id,
        reason=body.reason,
        at=now(),
        expected=expected,
    )
