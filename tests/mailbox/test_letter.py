"""What may happen to a letter: state and facts, without servers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.kernel.domain.decision import Decision, Forbidden, Refused, TooMany
from services.kernel.domain.person import Person
from services.kernel.domain.sealed import Sealed
from services.mailbox.domain import (
    Guesses,
    Letter,
    LetterState,
    Rating,
    accept,
    answer,
    close,
    disclose,
    first_department,
    in_force,
    look_at_contact,
    may_try,
    rate,
    transfer,
    wake,
)
from tests.mailbox.letters import (
    ACCEPTED,
    ANSWERED,
    AT,
    CLOSED,
    DEAF,
    DUE,
    EXTRACT,
    HANDLER,
    LETTER,
    OFFICE,
    POLICY,
    SOON,
    STRANGER,
    WATER,
    WRITING,
    received,
    told,
)


def test_a_received_letter_has_a_clock_in_working_days_from_the_day_after() -> None:
    decision = received()

    assert told(decision) == ["letter.received"]
    assert decision.state.state is LetterState.RECEIVED
    assert (decision.state.clock.due_at, decision.state.wakes_at) == (DUE, SOON)


def test_what_is_told_of_a_new_letter_says_nothing_of_what_was_written() -> None:
    [fact] = received(replace(WRITING, title=Sealed("秘密标题"), text=Sealed("秘密内容"))).facts

    assert "秘密" not in fact.model_dump_json()
    assert "sealed" not in fact.model_dump_json()


def test_what_is_to_the_mayor_or_to_whoever_answers_for_it_is_directed_by_the_government_office() -> None:
    assert first_department("mayor", POLICY) == "office"
    assert first_department("any", POLICY) == "office"
    assert first_department("finance", POLICY) == "finance"


def test_a_department_without_a_mailbox_receives_no_letter() -> None:
    with pytest.raises(Refused, match="mayor"):
        received(department=DEAF)


def test_accepting_is_told_once() -> None:
    first = accept(LETTER, by=HANDLER, at=AT)

    assert (first.state.state, told(first)) == (LetterState.ACCEPTED, ["letter.accepted"])
    assert accept(first.state, by=HANDLER, at=AT) == Decision(first.state)


def test_a_transferred_letter_is_another_departments_and_its_deadline_stays() -> None:
    decision = transfer(ACCEPTED, to=WATER, reason="水利职责", by=HANDLER, at=AT)

    assert told(decision) == ["letter.transferred"]
    assert (decision.state.department, decision.state.state) == ("water", LetterState.RECEIVED)
    assert decision.state.clock == LETTER.clock
    with pytest.raises(Forbidden):
        accept(decision.state, by=HANDLER, at=AT)


def test_a_letter_handed_over_after_its_due_moment_was_overdue_where_it_lay() -> None:
    decision = transfer(ACCEPTED, to=WATER, reason="水利职责", by=HANDLER, at=DUE + timedelta(days=1))

    assert told(decision) == ["letter.due_soon", "letter.overdue", "letter.transferred"]
    assert [getattr(fact, "department", None) for fact in decision.facts] == ["finance", "finance", "water"]
    assert (decision.state.department, decision.state.overdue_since) == ("water", DUE)


def test_the_reason_of_a_transfer_is_kept_and_not_told() -> None:
    decision = transfer(ACCEPTED, to=WATER, reason="水利职责", by=HANDLER, at=AT)

    assert decision.state.steps[-1].reason == Sealed("水利职责")
    assert "水利职责" not in decision.facts[0].model_dump_json()


def test_a_letter_is_not_handed_to_a_department_that_answers_none() -> None:
    with pytest.raises(Refused, match="answers no letters"):
        transfer(LETTER, to=DEAF, reason="档案", by=HANDLER, at=AT)


def test_an_answer_stops_the_clock() -> None:
    decision = answer(ACCEPTED, text="已修", by=HANDLER, at=AT + timedelta(days=1))

    assert told(decision) == ["letter.answered"]
    assert decision.state.wakes_at is None
    assert wake(decision.state, at=AT + timedelta(days=365)) == Decision(decision.state)


def test_a_late_answer_says_first_that_it_was_overdue() -> None:
    decision = answer(ACCEPTED, text="已修", by=HANDLER, at=DUE + timedelta(days=1))

    assert told(decision) == ["letter.due_soon", "letter.overdue", "letter.answered"]
    assert decision.state.overdue_since == DUE
    assert decision.facts[1].at == DUE


def test_time_is_told_once_at_its_own_moments() -> None:
    assert wake(LETTER, at=SOON - timedelta(milliseconds=1)) == Decision(LETTER)

    soon = wake(LETTER, at=SOON)
    over = wake(soon.state, at=DUE)

    assert (told(soon), told(over)) == (["letter.due_soon"], ["letter.overdue"])
    assert (soon.facts[0].at, over.facts[0].at) == (SOON, DUE)
    assert wake(over.state, at=DUE + timedelta(days=9)) == Decision(over.state)


def test_only_an_answered_letter_is_closed_rated_or_disclosed() -> None:
    with pytest.raises(Refused, match="Answer it"):
        close(ACCEPTED, by=HANDLER, at=AT)
    with pytest.raises(Refused, match="answered"):
        rate(ACCEPTED, Rating(stars=5, solved=True), at=AT)
    with pytest.raises(Refused, match="answered"):
        disclose(ACCEPTED, EXTRACT, contact=[], by=HANDLER, at=AT)
    assert told(close(ANSWERED, by=HANDLER, at=AT)) == ["letter.closed"]


def test_a_letter_is_rated_once() -> None:
    first = rate(CLOSED, Rating(stars=4, solved=True), at=AT)

    assert (told(first), first.state.rating) == (["letter.rated"], Rating(stars=4, solved=True))
    assert rate(first.state, Rating(stars=4, solved=True), at=AT) == Decision(first.state)
    with pytest.raises(Refused, match="rated already"):
        rate(first.state, Rating(stars=1, solved=False), at=AT)


def test_every_look_at_the_contact_is_a_fact_of_its_own() -> None:
    assert told(look_at_contact(LETTER, by=HANDLER, at=AT)) == ["letter.contact_seen"]


@pytest.mark.parametrize(
    "step",
    [
        lambda by: accept(LETTER, by=by, at=AT),
        lambda by: transfer(LETTER, to=WATER, reason="水利职责", by=by, at=AT),
        lambda by: answer(LETTER, text="x", by=by, at=AT),
        lambda by: close(ANSWERED, by=by, at=AT),
        lambda by: disclose(ANSWERED, EXTRACT, contact=[], by=by, at=AT),
        lambda by: look_at_contact(LETTER, by=by, at=AT),
    ],
)
def test_only_the_department_that_answers_and_the_office_may(step: Callable[[Person], Decision[Letter]]) -> None:
    with pytest.raises(Forbidden):
        step(STRANGER)
    assert step(OFFICE).facts


def test_the_rule_in_force_on_the_day_of_receipt_applies() -> None:
    older, newer = POLICY, replace(POLICY, version="letters/2", effective=date(2026, 3, 3))

    assert in_force([older, newer], AT).version == "letters/1"
    assert in_force([older, newer], AT + timedelta(days=1)).version == "letters/2"


@pytest.mark.parametrize(
    ("step", "code"),
    [("accept", "letter.not_acceptable"), ("transfer", "letter.not_transferable"), ("answer", "letter.answered")],
)
@pytest.mark.parametrize("letter", [ANSWERED, CLOSED], ids=["answered", "closed"])
def test_an_answered_letter_is_not_taken_up_again(letter: Letter, step: str, code: str) -> None:
    steps: dict[str, Callable[[], Decision[Letter]]] = {
        "accept": lambda: accept(letter, by=HANDLER, at=AT),
        "transfer": lambda: transfer(letter, to=WATER, reason="水利职责", by=HANDLER, at=AT),
        "answer": lambda: answer(letter, text="x", by=HANDLER, at=AT),
    }
    with pytest.raises(Refused) as no:
        steps[step]()
    assert no.value.code == code


def test_closing_is_told_once() -> None:
    assert close(CLOSED, by=HANDLER, at=AT) == Decision(CLOSED)


def test_wrong_codes_are_allowed_up_to_the_limit_and_again_after_the_span() -> None:
    full = Guesses(id=LETTER.id, wrong=10, until=AT)

    may_try(None, None, POLICY, at=AT)
    may_try(replace(full, wrong=9), full, POLICY, at=AT - timedelta(seconds=1))
    may_try(full, full, POLICY, at=AT)
    with pytest.raises(TooMany) as no:
        may_try(full, None, POLICY, at=AT - timedelta(seconds=0.5))
    assert (no.value.code, no.value.values) == ("letter.too_many_codes", {"seconds": 1})
    with pytest.raises(TooMany):
        may_try(None, replace(full, wrong=1_000), POLICY, at=AT - timedelta(seconds=1))
