"""The limits within which letters are answered: all versions, and how the office sets the next."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import Field, StrictInt, model_validator

from services.kernel.contracts.describing import Told, example, means
from services.kernel.contracts.fields import DepartmentCode, written
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.calendar import Limit, TimeUnit
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Wrong
from services.kernel.domain.event import Known
from services.kernel.domain.person import Rights, Role
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Door, IfMatch, Read, Shape, View
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
TAGS = {"policies": "The limits within which letters are answered (办理期限), in versions with effective dates."}
Version = Annotated[
    str, Path(pattern=r"^[a-z][a-z0-9.-]{0,39}$", description="The version's name", examples=["letters-2027"])
]


Effective = Annotated[date, means("The day from which they hold, in Asia/Shanghai.", "2027-07-01")]


class LimitBody(Body):
    """How long a letter of this kind may take."""

    amount: Annotated[StrictInt, Field(ge=1, le=366)]
    """So many of the unit."""
    unit: TimeUnit


class PolicyBody(Body):
    """Limits for every kind of letter, from a day to come on."""

    model_config = example(
        effective="2027-07-01", source="清府办〔2027〕3号",
        limits={
            "consultation": {"amount": 5, "unit": "working_days"}, "complaint": {"amount": 15, "unit": "working_days"},
            "suggestion": {"amount": 15, "unit": "working_days"}, "help": {"amount": 10, "unit": "working_days"},
            "error_report": {"amount": 3, "unit": "working_days"},
        },
        due_soon_working_days=2, mayor_department="office", wrong_codes=10, wrong_codes_within_minutes=60,
    )  # fmt: skip

    effective: Effective
    source: Annotated[str, written(text.line, 1, 200)]
    """The rule that they follow."""
    limits: Mapping[Known[LetterKind], LimitBody]
    """How long a letter may take, for every kind of letter."""
    due_soon_working_days: Annotated[StrictInt, Field(ge=1, le=30)]
    """How many working days before its deadline a letter becomes amber."""
    mayor_department: DepartmentCode
    """The department that letters to the mayor go to first, which directs them (art. 9)."""
    wrong_codes: Annotated[StrictInt, Field(ge=1, le=1_000)]
    """How many wrong query codes are taken for a letter before more are refused."""
    wrong_codes_within_minutes: Annotated[StrictInt, Field(ge=1, le=1_440)]
    """Within how many minutes, after which they are taken again."""

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


class LimitView(Shape):
    """How long a letter of this kind may take."""

    amount: int
    """So many of the unit."""
    unit: TimeUnit


class PolicyView(Shape):
    """One version of the limits."""

    policy: str
    """The version's name, as `letters-2027`."""
    effective: Effective
    source: str
    """The rule that they follow."""
    limits: Mapping[LetterKind, LimitView]
    """How long a letter may take, by kind."""
    due_soon_working_days: int
    """How many working days before its deadline a letter becomes amber."""
    mayor_department: Told[DepartmentCode]
    """The code of the department that letters to the mayor go to first."""
    wrong_codes: int
    """How many wrong query codes are taken for a letter before more are refused."""
    wrong_codes_within_minutes: int
    """Within how many minutes, after which they are taken again."""
    in_force: bool
    """Whether letters that are received today follow it."""


class PoliciesView(View):
    """All versions of the limits."""

    policies: list[PolicyView]
    """By the day from which they hold."""

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
    """A letter keeps the version of its day of receipt; what was in force is never changed."""
    return PoliciesView.of(await current_rules(read))


@router.put("/policies/{policy}", summary="Set limits that take effect on a day to come")
async def policy_change(policy: Version, body: PolicyBody, answer: Answer, expected: IfMatch = None) -> PoliciesView:
    """By the office. Until its day has come, it may be set again under the same name."""
    return await answer(PoliciesView.of, change_policy, body.policy(policy), at=now(), expected=expected)
