"""Departments."""

from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import StrictBool

from services.columns.actions import department as actions
from services.columns.domain import refusals
from services.columns.domain.department import Department
from services.columns.store import department as store
from services.kernel.contracts.columns import DepartmentClass, DepartmentKind, DepartmentProfile
from services.kernel.contracts.describing import Told, example, means
from services.kernel.contracts.fields import DepartmentCode, written
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.clock import now
from services.kernel.domain.event import Known
from services.kernel.domain.person import EVERYBODY, Rights, Role
from services.kernel.http.listing import Listing, Wanted
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Door, IfMatch, Read, View

router = APIRouter(route_class=Door, tags=["departments"])
MAY: Rights = {
    "GET /departments": EVERYBODY,
    "POST /departments": {Role.IT_BUREAU},
    "GET /departments/{code}": EVERYBODY,
    "PATCH /departments/{code}": {Role.IT_BUREAU},
}
SAYS: Says = {
    "POST /departments": (refusals.EXISTS,),
    "GET /departments/{code}": (anywhere.missing("department"),),
    "PATCH /departments/{code}": (anywhere.missing("department"), anywhere.stale("department")),
}

TAGS = {"departments": "The bodies with duties of disclosure (单位), as the IT bureau registers them."}
Name = Annotated[str, written(text.line, 1, 60), means("As it is called in public (单位名称).", "市财政局")]
Phone = Annotated[str, written(text.plain_line, 1, 40), means("Where the public calls.", "0763-3360305")]
Address = Annotated[str, written(text.line, 1, 120), means("Where the public comes to.", "清远市清城区人民二路1号")]
CodeInPath = Annotated[DepartmentCode, Path()]


class NewDepartment(Body, DepartmentProfile):
    """A department to register."""

    model_config = example(
        code="archives-centre", name="市档案服务中心", kind="public_institution", department_class="III",
        service_duties=True, letter_duties=True, phone="0763-3360999", address="清远市清城区人民二路8号",
    )  # fmt: skip

    code: DepartmentCode
    """Its name in every address, which never changes."""
    name: Name
    kind: Known[DepartmentKind]
    phone: Phone
    address: Address


class ChangedDepartment(Body):
    """The fields to change. A field that is left out, or null, stays as it is."""

    model_config = example(phone="0763-3360305", address="清远市清城区人民二路3号")

    name: Name | None = None
    kind: Known[DepartmentKind] | None = None
    department_class: DepartmentClass | None = None
    service_duties: StrictBool | None = None
    """Whether it has matters to handle for citizens, so that its guides and decisions are assessed."""
    letter_duties: StrictBool | None = None
    """Whether it answers letters, so that letters may be handed to it."""
    phone: Phone | None = None
    address: Address | None = None


class DepartmentView(View, DepartmentProfile):
    """A department as it is."""

    code: Told[DepartmentCode]

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Department)
        return cls(version=state.version, code=state.code, **dict(state.profile))


@router.get("/departments", summary="All departments, by name")
async def departments(read: Read, portion: Wanted) -> Listing[DepartmentView]:
    """Those that have ended too. Shown in portions: `next` is the `cursor` of the portion that follows."""
    found = await store.all_of_them(read, limit=portion.reach, after=portion.after)
    return portion.listing(found, sort=store.BY_NAME, view=DepartmentView.of)


@router.post("/departments", status_code=201, summary="Register a department")
async def registration(body: NewDepartment, answer: Answer) -> DepartmentView:
    """By the IT bureau. All other programs hear of it within seconds; until then they answer `unknown_yet`."""
    profile = DepartmentProfile(**body.model_dump(exclude={"code"}))
    return await answer(DepartmentView.of, actions.register, body.code, profile, at=now())


@router.get("/departments/{code}", summary="One department")
async def department(code: CodeInPath, read: Read) -> DepartmentView:
    """As it is now, with the duties by which it is assessed."""
    return DepartmentView.of(await store.one(read, code))


@router.patch("/departments/{code}", summary="Change the fields that are named")
async def department_change(
    code: CodeInPath, body: ChangedDepartment, answer: Answer, expected: IfMatch = None
) -> DepartmentView:
    """By the IT bureau. If nothing would change, nothing is written and the version stays."""
    wanted = body.model_dump(exclude_none=True)
    return await answer(DepartmentView.of, actions.change, code, wanted, at=now(), expected=expected)
