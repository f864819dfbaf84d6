"""The limits within which letters are answered: all versions, and how the office sets the next."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from services.kernel.contracts.fields import DepartmentCode, written
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.calendar import Limit, TimeUnit
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Wrong
from services.kernel.domain.event import Known
from services.kernel.domain.person import Role
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Door, IfMatch, Read, Rights, View
from services.mailbox.actions import change_policy
from services.mailbox.domain import Policy, refusals
from services.mailbox.domain.reception import current_rules
from services.mailbox.domain.rules import Rules

router = APIRouter(route_class=Door, tags=["policies"])
MAY: Rights = {
    "GET /policies": {Role.HANDLER, Role.OFFICE, Role.LEADING_GROUP, Role.IT_BUREAU},
    "PUT /policies/{policy}": {Role.OFFICE},
}
SAYS: Says = {
    "PUT /policies/{policy}": (refusals.POLICY_SAME_DAY, refusals.POLICY_TOO_LATE, anywhere.stale("rules")),
}
Version = Annotated[str, Path(pattern=r"^[a-z][a-z0-9.-]{0,39}$", description="Its name, as letters-2027")]


class LimitBody(Body):
    """How long a letter of this kind may take."""

    amount: Annotated[StrictInt, Field(ge=1, le=366)]
    unit: TimeUnit


class PolicyBody(Body):
    """Limits for every kind of letter, from a day to come on. `source`: the rule that they follow."""

    effective: date
    source: Annotated[str, written(text.line, 1, 200)]
    limits: Mapping[Known[LetterKind], LimitBody]
    due_soon_working_days: Annotated[StrictInt, Field(ge=1, le=30)]
    mayor_department: DepartmentCode
    wrong_codes: Annotated[StrictInt, Field(ge=1, le=1_000)]
    wrong_codes_within_minutes: Annotated[StrictInt, Field(ge=1, le=1_440)]

    @model_validator(mode="after")
    def complete(self) -> Self:
        if missing := set(LetterKind) - set(self.limits):
            kinds = ", ".join(sorted(missing))
            raise Wrong(
                f"每类来信都要有期限，还缺：{kinds}。", f"Give a limit for each kind of letter: {kinds} is missing."
            )
        return self

    def policy(self, version: str) -> Policy:
        return Policy(
            version=version, effective=self.effective, source=self.source,
            limits={kind: Limit(each.amount, each.unit) for kind, each in self.limits.items()},
            due_soon_working_days=self.due_soon_working_days, mayor_department=self.mayor_department,
            wrong_codes=self.wrong_codes, wrong_codes_within=timedelta(minutes=self.wrong_codes_within_minutes),
        )  # fmt: skip


class LimitView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    amount: int
    unit: TimeUnit


class PolicyView(BaseModel):
    """One version of the limits. `in_force`: for letters received today."""

    policy: str
    effective: date
    source: str
    limits: Mapping[LetterKind, LimitView]
    due_soon_working_days: int
    mayor_department: str
    wrong_codes: int
    wrong_codes_within_minutes: int
    in_force: bool


class PoliciesView(View):
    """All versions, by the day from which they hold. `version`: for `If-Match`."""

    policies: list[PolicyView]

    @classmethod
    def of(cls, state: object) -> Self:
        assert isinstance(state, Rules)
        today = state.policy(now())
        return cls(version=state.version, policies=[shown(each, each == today) for each in state.policies])


def shown(policy: Policy, in_force: bool) -> PolicyView:
    return PolicyView(
        policy=policy.version, effective=policy.effective, source=policy.source,
        limits={kind: LimitView.model_validate(limit) for kind, limit in policy.limits.items()},
        due_soon_working_days=policy.due_soon_working_days, mayor_department=policy.mayor_department,
        wrong_codes=policy.wrong_codes, in_force=in_force,
        wrong_codes_within_minutes=int(policy.wrong_codes_within.total_seconds() // 60),
    )  # fmt: skip


@router.get("/policies", summary="The limits for answering letters, in all versions")
async def policies(read: Read) -> PoliciesView:
    return PoliciesView.of(await current_rules(read))


@router.put("/policies/{policy}", summary="Set limits that take effect on a day to come")
async def change(policy: Version, body: PolicyBody, answer: Answer, expected: IfMatch = None) -> PoliciesView:
    return await answer(PoliciesView.of, change_policy, body.policy(policy), at=now(), expected=expected)
