"""What may happen to a letter: state and facts, without servers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest

from services.kernel.contracts.mailbox import LetterDisclosed, LetterKind
from services.kernel.domain.calendar import official
from services.kernel.domain.decision import Decision, Forbidden, Refused
from services.kernel.domain.person import Person, Role
from services.mailbox import store
from services.mailbox.domain import (
    Department,
    Extract,
    Guesses,
    Letter,
    LetterState,
    Rating,
    TooManyCodes,
    Writing,
    accept,
    answer,
    close,
    disclose,
    first_department,
    in_force,
    look_at_contact,
    may_try,
    rate,
    receive,
    transfer,
    wake,
)

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # a Monday morning in Qingyuan
SOON = datetime(2026, 3, 19, 16, 0, tzinfo=UTC)  # 00:00 of Friday the 20th: with Monday two working days are left
DUE = datetime(2026, 3, 23, 16, 0, tzinfo=UTC)  # 24:00 of Monday the 23rd, the 15th working day after the 2nd
POLICY = in_force(store.policies(), AT)
FINANCE = Department(id="finance", name="市财政局", letter_duties=True)
WATER = Department(id="water", name="市水利局", letter_duties=True)
DEAF = Department(id="archive", name="市档案馆", letter_duties=False)
HANDLER = Person(sub="zhang", name="张", roles=frozenset({Role.HANDLER}), departments=frozenset({"finance"}))
OFFICE = Person(sub="li", name="李", roles=frozenset({Role.OFFICE}), departments=frozenset())
STRANGER = replace(HANDLER, sub="wang", departments=frozenset({"police"}))
WRITING = Writing(
    kind=LetterKind.COMPLAINT, mailbox="finance", title="路灯", text="路灯不亮", contact=b"sealed", consent=True
)
EXTRACT = Extract(title="路灯", question="路灯不亮", answer="已修")


def received(writing: Writing = WRITING, department: Department = FINANCE) -> Decision[Letter]:
    return receive(
        "20260302-AAAAAA",
        writing,
        code_digest="digest",
        department=department,
        policy=POLICY,
        calendar=official(),
        at=AT,
    )


LETTER = replace(received().state, version=1)
ACCEPTED = accept(LETTER, by=HANDLER, at=AT).state
ANSWERED = answer(ACCEPTED, text="已修", by=HANDLER, at=AT).state
CLOSED = close(ANSWERED, by=HANDLER, at=AT).state


def told(decision: Decision[Letter]) -> list[str]:
    return [fact.TYPE for fact in decision.facts]


def test_a_received_letter_has_a_clock_in_working_days_from_the_day_after() -> None:
    decision = received()

    assert told(decision) == ["letter.received"]
    assert decision.state.state is LetterState.RECEIVED
    assert (decision.state.clock.due_at, decision.state.wakes_at) == (DUE, SOON)


def test_what_is_told_of_a_new_letter_says_nothing_of_what_was_written() -> None:
    [fact] = received(replace(WRITING, title="秘密标题", text="秘密内容")).facts

    assert "秘密" not in fact.model_dump_json()
    assert "sealed" not in fact.model_dump_json()


def test_the_mayors_mailbox_is_kept_by_the_government_office() -> None:
    assert first_department("mayor", POLICY) == "office"
    assert first_department("finance", POLICY) == "finance"


def test_a_department_without_a_mailbox_receives_no_letter() -> None:
    with pytest.raises(Refused, match="mayor"):
        received(department=DEAF)


@pytest.mark.parametrize("writing", [replace(WRITING, title="长" * 101), replace(WRITING, text="长" * 5001)])
def test_a_letter_longer_than_the_policy_allows_is_refused(writing: Writing) -> None:
    with pytest.raises(Refused, match="at most"):
        received(writing)


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

    assert decision.state.steps[-1].reason == "水利职责"
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


def test_without_consent_nothing_is_disclosed() -> None:
    private = replace(ANSWERED, writing=replace(WRITING, consent=False))

    with pytest.raises(Refused, match="not agreed"):
        disclose(private, EXTRACT, contact=[], by=HANDLER, at=AT)


@pytest.mark.parametrize(
    "word",
    [
        "王小明", "王 小明", "13800001234", "138 0000 1234", "138-0000-1234", "１３８００００１２３４",
        "+86 138 0000 1234",
        "wang@example.com", "WANG@Example.com",
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["title", "question", "answer"])
def test_an_extract_that_names_its_writer_is_refused_however_it_is_written(word: str, where: str) -> None:
    careless = replace(EXTRACT, **{where: f"…{word}…"})

    with pytest.raises(Refused, match="names its writer"):
        disclose(
            ANSWERED, careless, contact=["王小明", "+86 13800001234", "wang@example.com"], by=HANDLER, at=AT
        )  # fmt: skip


def test_a_disclosure_tells_only_the_hash_of_the_extract() -> None:
    decision = disclose(ANSWERED, EXTRACT, contact=["王"], by=HANDLER, at=AT)

    assert told(decision) == ["letter.disclosed"]
    [fact] = decision.facts
    assert isinstance(fact, LetterDisclosed)
    public = '{"title": "路灯", "question": "路灯不亮", "answer": "已修"}'.encode()
    assert (fact.extract.sha256, fact.extract.size) == (sha256(public).hexdigest(), len(public))
    assert "路灯" not in fact.model_dump_json()


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


@pytest.mark.parametrize("step", ["accept", "transfer", "answer"])
@pytest.mark.parametrize("letter", [ANSWERED, CLOSED], ids=["answered", "closed"])
def test_an_answered_letter_is_not_taken_up_again(letter: Letter, step: str) -> None:
    steps: dict[str, Callable[[], Decision[Letter]]] = {
        "accept": lambda: accept(letter, by=HANDLER, at=AT),
        "transfer": lambda: transfer(letter, to=WATER, reason="水利职责", by=HANDLER, at=AT),
        "answer": lambda: answer(letter, text="x", by=HANDLER, at=AT),
    }
    with pytest.raises(Refused) as no:
        steps[step]()
    assert no.value.code == "letter.answered"


def test_closing_is_told_once() -> None:
    assert close(CLOSED, by=HANDLER, at=AT) == Decision(CLOSED)


def test_an_extract_disclosed_again_changes_nothing_and_another_takes_its_place() -> None:
    first = disclose(ANSWERED, EXTRACT, contact=[], by=HANDLER, at=AT)
    other = disclose(first.state, replace(EXTRACT, title="更正"), contact=[], by=HANDLER, at=AT)

    assert disclose(first.state, EXTRACT, contact=[], by=HANDLER, at=AT) == Decision(first.state)
    assert (told(other), other.state.disclosed == first.state.disclosed) == (["letter.disclosed"], False)


def test_wrong_codes_are_allowed_up_to_the_limit_and_again_after_the_span() -> None:
    full = Guesses(id=LETTER.id, wrong=10, until=AT)

    may_try(None, POLICY, at=AT)
    may_try(replace(full, wrong=9), POLICY, at=AT - timedelta(seconds=1))
    may_try(full, POLICY, at=AT)
    with pytest.raises(TooManyCodes) as no:
        may_try(full, POLICY, at=AT - timedelta(seconds=1))
    assert no.value.code == "letter.too_many_codes"
