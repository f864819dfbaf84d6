"""Any life a letter can have: anybody tries anything at any time, and what the domain refuses changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.kernel.contracts.mailbox import LetterOverdue, LetterTransferred
from services.kernel.domain.decision import Decision, Forbidden, Refused
from services.kernel.domain.event import Fact
from services.kernel.domain.person import Person
from services.mailbox.domain import (
    Extract,
    Letter,
    LetterState,
    Rating,
    accept,
    answer,
    close,
    disclose,
    look_at_contact,
    rate,
    transfer,
    wake,
)
from tests.mailbox.letters import AT, DUE, EXTRACT, FINANCE, HANDLER, OFFICE, SOON, STRANGER, WATER, WRITING, received

WATER_HANDLER = replace(HANDLER, sub="zhao", departments=frozenset({"water"}))
PEOPLE = [OFFICE, HANDLER, WATER_HANDLER, STRANGER]
EXTRACTS = [EXTRACT, replace(EXTRACT, title="更正"), replace(EXTRACT, question="欧阳的路灯不亮")]
STATES = {
    "letter.received": LetterState.RECEIVED, "letter.transferred": LetterState.RECEIVED,
    "letter.accepted": LetterState.ACCEPTED, "letter.answered": LetterState.ANSWERED,
    "letter.closed": LetterState.CLOSED,
}  # fmt: skip


class LetterLife(RuleBasedStateMachine):
    """A letter to finance that finance and water may hand to each other; time goes forward by any amount."""

    @initialize(consent=st.booleans())
    def written(self, consent: bool) -> None:
        first = received(replace(WRITING, consent=consent))
        self.letter: Letter = replace(first.state, version=1)
        self.told: list[Fact] = list(first.facts)
        self.now = self.swept = AT

    @property
    def types(self) -> list[str]:
        return [fact.TYPE for fact in self.told]

    def took(self, decision: Decision[Letter]) -> None:
        assert decision.facts or decision.state == self.letter, "a change that nobody is told of"
        self.letter = decision.state
        self.told += decision.facts

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(moment=st.sampled_from([SOON, DUE - timedelta(milliseconds=1), DUE]))
    def a_moment_comes(self, moment: datetime) -> None:
        self.now = max(self.now, moment)

    @rule()
    def sweep(self) -> None:
        self.took(wake(self.letter, at=self.now))
        self.swept = self.now

    @rule(
        by=st.sampled_from(PEOPLE),
        step=st.sampled_from(["accept", "transfer", "answer", "close", "disclose", "look"]),
        extract=st.sampled_from(EXTRACTS),
    )
    def handle(self, by: Person, step: str, extract: Extract) -> None:
        before, to = self.letter, WATER if self.letter.department == "finance" else FINANCE
        steps: dict[str, Callable[[], Decision[Letter]]] = {
            "accept": lambda: accept(before, by=by, at=self.now),
            "transfer": lambda: transfer(before, to=to, reason="职责", by=by, at=self.now),
            "answer": lambda: answer(before, text="答", by=by, at=self.now),
            "close": lambda: close(before, by=by, at=self.now),
            "disclose": lambda: disclose(before, extract, contact=["欧阳"], by=by, at=self.now),
            "look": lambda: look_at_contact(before, by=by, at=self.now),
        }
        may = by is OFFICE or before.department in by.departments
        try:
            self.took(steps[step]())
        except Forbidden:
            assert not may, f"{by.sub} may not handle a letter of {before.department}"
        except Refused:
            assert may, "the rights are asked first"
        else:
            assert may, f"{by.sub} handled a letter of {before.department}"

    @rule()
    def the_office_answers(self) -> None:
        self.handle(OFFICE, "answer", EXTRACT)

    @rule(stars=st.integers(1, 5))
    def rate(self, stars: int) -> None:
        try:
            self.took(rate(self.letter, Rating(stars=stars, solved=True), at=self.now))
        except Refused:
            assert self.letter.answered_at is None or self.letter.rating is not None

    @precondition(lambda self: self.letter.answered_at is not None)
    @rule()
    def nothing_is_due_after_an_answer(self) -> None:
        assert wake(self.letter, at=self.now + timedelta(days=999)) == Decision(self.letter)

    @invariant()
    def nothing_but_transfers_disclosures_and_looks_happens_twice(self) -> None:
        often = {"letter.transferred", "letter.disclosed", "letter.contact_seen", "letter.accepted"}
        once = [type for type in self.types if type not in often]
        assert len(once) == len(set(once))

    @invariant()
    def the_state_is_what_was_told_last(self) -> None:
        assert self.letter.state is [STATES[type] for type in self.types if type in STATES][-1]

    @invariant()
    def only_an_answered_letter_is_closed_rated_or_disclosed_and_it_is_handed_to_nobody_any_more(self) -> None:
        answered = self.types.index("letter.answered") if "letter.answered" in self.types else len(self.told)
        before, after = set(self.types[:answered]), set(self.types[answered + 1 :])
        assert not before & {"letter.closed", "letter.rated", "letter.disclosed"}
        assert not after & {"letter.accepted", "letter.transferred", "letter.overdue", "letter.due_soon"}

    @invariant()
    def nothing_is_public_without_consent_or_with_the_writers_name(self) -> None:
        if not self.letter.writing.consent:
            assert "letter.disclosed" not in self.types
        if self.letter.disclosed:
            assert self.letter.disclosed in (EXTRACTS[0].check, EXTRACTS[1].check)

    @invariant()
    def overdue_is_told_if_and_only_if_it_was_unanswered_at_its_due_moment(self) -> None:
        overdue, answered = "letter.overdue" in self.types, self.letter.answered_at
        assert self.letter.overdue_since == (DUE if overdue else None)
        if answered is not None:
            assert overdue == (answered >= DUE)
        elif self.swept >= DUE:
            assert overdue
        assert not overdue or self.now >= DUE

    @invariant()
    def what_time_did_is_told_at_its_own_moments_and_before_the_answer(self) -> None:
        moments = {fact.TYPE: fact.at for fact in self.told}
        assert moments.get("letter.due_soon", SOON) == SOON
        assert moments.get("letter.overdue", DUE) == DUE
        told = [type for type in self.types if type in ("letter.due_soon", "letter.overdue", "letter.answered")]
        assert told == sorted(told, key=["letter.due_soon", "letter.overdue", "letter.answered"].index)
        assert all(AT <= fact.at <= self.now for fact in self.told)

    @invariant()
    def what_time_did_is_told_before_the_letter_is_handed_over_or_answered(self) -> None:
        for n, fact in enumerate(self.told):
            if fact.TYPE in ("letter.transferred", "letter.answered"):
                late = [f for f in self.told[n + 1 :] if f.TYPE in ("letter.due_soon", "letter.overdue")]
                assert all(f.at > fact.at for f in late)

    @invariant()
    def whoever_held_it_at_its_due_moment_is_named(self) -> None:
        moved = [fact.at for fact in self.told if isinstance(fact, LetterTransferred)]
        for fact in self.told:
            if isinstance(fact, LetterOverdue):
                assert fact.department == holder_at(fact.at, moved)


def holder_at(moment: datetime, moved: list[datetime]) -> str:
    """`finance` and `water` hand it to each other; a transfer at the very moment comes after it."""
    return ("finance", "water")[sum(at < moment for at in moved) % 2]


TestLetterLife = LetterLife.TestCase
TestLetterLife.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
