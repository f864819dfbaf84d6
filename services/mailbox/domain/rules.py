"""What clocks run by: the number of the calendar, and the limits in all their versions. One small record.

Whatever changes a calendar or a policy writes it, so that changes are counted one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from services.kernel.domain.calendar import day_of
from services.kernel.domain.decision import Aggregate, Decision
from services.kernel.domain.event import Fact
from services.mailbox.domain import refusals
from services.mailbox.domain.clock import Policy, in_force

ALL = "all"  # the id of the only one


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(Aggregate):
    """`number`, `turned_at`: of the last change of any year's calendar. `policies`: by the day they take effect."""

    KIND: ClassVar[str] = "rules"

    number: int
    turned_at: datetime
    policies: tuple[Policy, ...]

    def policy(self, at: datetime) -> Policy:
        """In force at a moment."""
        return in_force(self.policies, at)

    def rule(self, version: str) -> Policy:
        """The policy of a clock. `KeyError` where it is gone: one that was in force is never taken out."""
        return {policy.version: policy for policy in self.policies}[version]


class RulesBegun(Fact):
    """The calendar and the policies were loaded. Kept only."""

    TYPE: ClassVar[str] = "rules.begun"


class CalendarTurned(Fact):
    """A year's calendar has changed. Kept only; the year itself tells others."""

    TYPE: ClassVar[str] = "rules.calendar_turned"

    number: int


class PolicySet(Fact):
    """A version of the limits was set. Kept only."""

    TYPE: ClassVar[str] = "rules.policy_set"

    policy: str


def begin(policies: Sequence[Policy], *, at: datetime) -> Decision[Rules]:
    ordered = tuple(sorted(policies, key=lambda policy: policy.effective))
    return Decision(Rules(id=ALL, number=1, turned_at=at, policies=ordered), (RulesBegun(at=at),))


def turn(rules: Rules, *, at: datetime) -> Decision[Rules]:
    """Another calendar is in force."""
    told = CalendarTurned(at=at, number=rules.number + 1)
    return Decision(replace(rules, number=rules.number + 1, turned_at=at), (told,))


def set_policy(rules: Rules, policy: Policy, *, at: datetime) -> Decision[Rules]:
    """Limits that take effect on a day to come. What is or was in force stays; the same again changes nothing."""
    others = tuple(each for each in rules.policies if each.version != policy.version)
    found = next((each for each in rules.policies if each.version == policy.version), None)
    if found == policy:
        return Decision(rules)
    today = day_of(at)
    if found is not None and found.effective <= today:
        raise refusals.POLICY_IN_FORCE(policy=found.version)
    if policy.effective <= today:
        raise refusals.POLICY_TOO_LATE()
    if any(each.effective == policy.effective for each in others):
        raise refusals.POLICY_SAME_DAY(day=policy.effective)
    after = tuple(sorted((*others, policy), key=lambda each: each.effective))
    return Decision(replace(rules, policies=after), (PolicySet(at=at, policy=policy.version),))
