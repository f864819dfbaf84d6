"""Two guilty messages of one aggregate, and messages that never came: worked off as operators type it."""

from datetime import UTC, datetime

import pytest

from services.kernel.domain.calendar import month_of
from services.kernel.domain.event import Message
from services.kernel.domain.person import Role
from tests.faults.commands import listed, places, waiting
from tests.faults.hostile import forged, produce, wrapped
from tests.faults.promises import MONTH_OVER, everything_holds
from tests.faults.writing import writing
from tests.support.programs import Suite
from tests.support.proof import NOBODY, documents
from tests.support.waiting import until

pytestmark = pytest.mark.servers
ONE, OTHER = f"{NOBODY}one", f"{NOBODY}other"


def changed(code: str, sequence: int, **fields: str) -> Message:
    return forged("department.changed", id=code, sequence=sequence, changed=fields)


def guilty(code: str, sequence: int) -> Message:
    return changed(code, sequence, department_class="IX")


def ids(code: str, *sequences: int) -> list[str]:
    return [f"department|department/{code}#{n}" for n in sequences]


def name(running: Suite, code: str) -> str | None:
    return next(
        (d.get("profile", {}).get("name") for d in documents(running, "gateway", "department", {"_id": code})), None
    )


def test_two_guilty_one_after_the_other_are_worked_off_by_place_aggregate_and_group(running: Suite) -> None:
    messages = [changed(ONE, 1), guilty(ONE, 2), guilty(ONE, 3), changed(ONE, 4, name="四")]
    produce(running, [wrapped(m) for m in [*messages, guilty(OTHER, 1), changed(OTHER, 2, name="二")]])
    all_of_them = sorted([*ids(ONE, 2, 3, 4), *ids(OTHER, 1, 2)])
    until(lambda: places(running, "gateway") == all_of_them)
    [group] = listed(running, "gateway").keys() - {"waiting"}

    assert waiting(running, "gateway", "replay", f"department/{ONE}") == f"0 messages of department/{ONE} handled.\n"
    assert "Nothing is missing" in waiting(running, "gateway", "pass", f"department/{ONE}")
    assert "#2; it is recorded" in waiting(running, "gateway", "discard", f"department/{ONE}#2", "--reason", "by place")
    until(lambda: listed(running, "gateway").get(group) == [*ids(ONE, 3), *ids(OTHER, 1)])
    waiting(running, "gateway", "discard", f"department/{OTHER}", "--reason", "by aggregate")
    waiting(running, "gateway", "discard", group, "--reason", "by group")

    until(lambda: places(running, "gateway") == [])
    assert (name(running, ONE), name(running, OTHER)) == ("四", "二")
    passed = {(d["subject"], d["sequence"], d["reason"]) for d in documents(running, "gateway", "passed")}
    assert passed == {
        (f"department/{ONE}", 2, "by place"), (f"department/{ONE}", 3, "by group"),
        (f"department/{OTHER}", 1, "by aggregate"),
    }  # fmt: skip


@pytest.mark.all_faults
def test_a_gap_in_what_scoring_heard_is_passed_by_command_and_the_month_is_closed(running: Suite) -> None:
    with writing(running, 1) as written:
        produce(running, [wrapped(forged("letter.accepted", id=ONE, sequence=3))])
    until(lambda: places(running, "scoring") == [f"facts|letter/{ONE}#3"])
    running.restart("scoring", env={"CITYGATE_CLOCK_SHIFT": str(MONTH_OVER)})
    refused = running.client("scoring", Role.OFFICE).post(f"/assessments/{month_of(datetime.now(UTC))}/closing")
    assert (refused.status_code, refused.json()["code"]) == (409, "facts.behind")

    assert "waiting pass" in waiting(running, "scoring", "discard", f"letter/{ONE}")
    said = waiting(running, "scoring", "pass", f"letter/{ONE}", "--reason", "lost with the old broker")

    assert "2 messages before it are given up. What they said stays unknown here" in said
    passed = documents(running, "scoring", "passed")
    assert [(d["sequence"], d["reason"]) for d in passed] == [(n, "lost with the old broker") for n in (1, 2)]
    everything_holds(running, written)  # the month is closed among it
