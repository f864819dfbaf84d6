"""The life of a month: closed, confirmed, published."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.kernel.domain.decision import Decision, Forbidden, Missing, Refused
from services.kernel.domain.person import Person, Role
from services.scoring.domain.assessment import (
    Assessment,
    Month,
    MonthState,
    close,
    confirm,
    may_see,
    must_have_begun,
    must_see,
    publish,
    show,
)
from services.scoring.domain.score import compute
from tests.scoring.story import AFTER, MONTH, SCHEME, inputs, on, whole_month

INPUTS = inputs(position=26)
SCORED = compute(whole_month().pieces(), INPUTS, SCHEME)
END = on(1, "00:00", month=10)


def closed() -> tuple[Month, list[Assessment]]:
    month, assessments = close(None, INPUTS, SCORED, at=AFTER)
    return month.state, [each.decision.state for each in assessments]


def test_closing_fixes_the_five_inputs_and_tells_each_assessment() -> None:
    month, assessments = close(None, INPUTS, SCORED, at=AFTER)

    assert (month.state.id, month.state.state) == ("2026-09", MonthState.CLOSED)
    assert (month.state.inputs, month.state.departments) == (INPUTS, ("finance", "health"))
    assert [fact.TYPE for fact in month.facts] == ["month.closed"]
    assert [each.decision.state.scored for each in assessments] == list(SCORED)
    assert [fact.TYPE for each in assessments for fact in each.decision.facts] == ["assessment.closed"] * 2
    told = assessments[0].decision.facts[0].model_dump()
    assert (told["assessment_id"], told["score"], told["position"]) == ("2026-09/finance", Decimal("50.65"), 26)


def test_the_digest_of_a_closed_month_is_another_when_anything_of_it_is_another() -> None:
    first, second = SCORED
    [line, *rest] = first.lines
    others = [
        close(None, INPUTS, (replace(first, score=Decimal("50.66")), second), at=AFTER),
        close(
            None,
            INPUTS,
            (replace(first, lines=(line.model_copy(update={"points": Decimal(14)}), *rest)), second),
            at=AFTER,
        ),
        close(None, INPUTS, (first,), at=AFTER),
        close(None, replace(INPUTS, as_of=AFTER + timedelta(seconds=1)), SCORED, at=AFTER),
        close(None, replace(INPUTS, calendar="calendar-2"), SCORED, at=AFTER),
    ]

    digests = {month.state.sha256 for month, _ in [close(None, INPUTS, SCORED, at=AFTER), *others]}
    assert len(digests) == 6
    assert close(None, INPUTS, (second, first), at=AFTER)[0].state.sha256 in digests, "the order is no part of it"


def test_a_month_is_closed_at_its_last_moment_and_not_before() -> None:
    assert close(None, INPUTS, SCORED, at=END)[0].state.state is MonthState.CLOSED
    with pytest.raises(Refused) as no:
        close(None, INPUTS, SCORED, at=on(30, "23:59"))
    assert no.value.code == "month.not_over"
    with pytest.raises(Missing) as none:
        must_have_begun(MONTH, at=on(31, "23:59", month=8))
    assert none.value.code == "month.not_begun"


def test_a_month_is_closed_once() -> None:
    month, _ = closed()

    with pytest.raises(Refused) as no:
        close(month, INPUTS, SCORED, at=AFTER)

    assert no.value.code == "month.closed"


def test_a_month_of_which_nobody_is_known_cannot_be_closed() -> None:
    with pytest.raises(Refused) as no:
        close(None, INPUTS, (), at=AFTER)

    assert no.value.code == "month.empty"


def test_a_month_is_confirmed_once_however_often_it_is_said() -> None:
    month, _ = closed()
    first = confirm(month, at=AFTER)

    assert first.state.state is MonthState.CONFIRMED
    assert [fact.TYPE for fact in first.facts] == ["month.confirmed"]
    assert confirm(first.state, at=AFTER) == Decision(first.state)


def test_nothing_is_published_unconfirmed() -> None:
    month, _ = closed()

    with pytest.raises(Refused) as no:
        publish(month, at=AFTER)

    assert no.value.code == "month.unconfirmed"


def test_what_is_published_stays_so() -> None:
    month, _ = closed()
    first = publish(confirm(month, at=AFTER).state, at=AFTER)

    assert first.state.state is MonthState.PUBLISHED
    assert [fact.TYPE for fact in first.facts] == ["month.published"]
    assert publish(first.state, at=AFTER) == Decision(first.state)
    with pytest.raises(Refused) as no:
        confirm(first.state, at=AFTER)
    assert no.value.code == "month.published"


def test_a_publication_tells_every_line_with_its_facts_and_tells_it_once() -> None:
    _, assessments = closed()
    first = show(assessments[0], INPUTS, at=AFTER)

    assert first.state.published
    assert [fact.TYPE for fact in first.facts] == ["assessment.published"]
    told = first.facts[0].model_dump()
    assert (told["department_name"], told["rank"], told["calendar"]) == ("市finance局", 1, "calendar-1")
    assert told["computed_as_of"] == AFTER
    assert [line["measure"] for line in told["lines"]] == [
        "quantity/1", "update_cycle/1", "letters_in_time/1", "review/1",
    ]  # fmt: skip
    assert all(line["facts"] for line in told["lines"])
    assert show(first.state, INPUTS, at=AFTER) == Decision(first.state)


def person(role: Role, department: str = "finance") -> Person:
    return Person(sub="p", name="p", roles=frozenset({role}), departments=frozenset({department}))


@pytest.mark.parametrize("state", MonthState)
def test_who_runs_confirms_or_supports_the_assessment_sees_every_department(state: MonthState) -> None:
    for role in (Role.OFFICE, Role.LEADING_GROUP, Role.IT_BUREAU):
        assert may_see(person(role), "finance", state)
        assert may_see(person(role), "health", state)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.REVIEWER, Role.HANDLER, Role.SERVICE])
def test_everybody_else_sees_their_own_department_and_the_others_once_published(role: Role) -> None:
    assert [may_see(person(role), "finance", state) for state in MonthState] == [True] * 4
    assert [state for state in MonthState if may_see(person(role), "health", state)] == [MonthState.PUBLISHED]


def test_another_departments_month_is_forbidden_until_it_is_published() -> None:
    with pytest.raises(Forbidden) as no:
        must_see(person(Role.EDITOR), "health", MonthState.CONFIRMED)

    assert no.value.code == "department.foreign"
