"""A letter's clock against any order of steps at any time."""

from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.kernel.decision import Decision, Refused
from services.kernel.event import Fact
from services.mailbox.domain import Letter, LetterState, Rating, accept, answer, close, rate, transfer, wake
from tests.mailbox.test_letter import AT, FINANCE, OFFICE, WATER, received


class LetterLife(RuleBasedStateMachine):
    """Steps and sweeps in any order, time going forward by any amount; a refused step changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = AT
        first = received()
        self.letter: Letter = replace(first.state, version=1)
        self.told: list[Fact] = list(first.facts)

    def took(self, decision: Decision[Letter]) -> None:
        self.letter = decision.state
        self.told += decision.facts

    @rule(hours=st.integers(1, 24 * 20))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def sweep(self) -> None:
        self.took(wake(self.letter, at=self.now))

    @rule(step=st.sampled_from(["accept", "transfer", "answer", "close", "rate"]))
    def step(self, step: str) -> None:
        to = WATER if self.letter.department == "finance" else FINANCE
        steps = {
            "accept": lambda: accept(self.letter, by=OFFICE, at=self.now),
            "transfer": lambda: transfer(self.letter, to=to, reason="职责", by=OFFICE, at=self.now),
            "answer": lambda: answer(self.letter, text="答", by=OFFICE, at=self.now),
            "close": lambda: close(self.letter, by=OFFICE, at=self.now),
            "rate": lambda: rate(self.letter, Rating(stars=3, solved=True), at=self.now),
        }
        try:
            self.took(steps[step]())
        except Refused:
            assert self.letter.state in LetterState

    @precondition(lambda self: self.letter.answered_at is not None)
    @rule()
    def nothing_is_due_after_an_answer(self) -> None:
        assert wake(self.letter, at=self.now + timedelta(days=999)) == Decision(self.letter)

    @invariant()
    def each_moment_is_told_at_most_once_and_in_order(self) -> None:
        types = [fact.TYPE for fact in self.told]
        assert types.count("letter.due_soon") <= 1
        assert types.count("letter.overdue") <= 1
        assert types.count("letter.answered") <= 1
        if "letter.overdue" in types and "letter.answered" in types:
            assert types.index("letter.overdue") < types.index("letter.answered")

    @invariant()
    def overdue_is_told_if_and_only_if_it_was_unanswered_at_its_due_moment(self) -> None:
        due, answered = self.letter.clock.due_at, self.letter.answered_at
        overdue = any(fact.TYPE == "letter.overdue" for fact in self.told)
        assert overdue == (self.letter.overdue_since is not None)
        if overdue:
            assert self.now >= due
        if answered is not None:
            assert overdue == (answered >= due)

    @invariant()
    def facts_never_go_back_before_receipt(self) -> None:
        assert all(AT <= fact.at <= self.now for fact in self.told)


TestLetterLife = LetterLife.TestCase
