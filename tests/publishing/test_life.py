"""Any life an item can have: nothing becomes public but what another person released, word for word."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Ground, ItemPublished, ItemReleased, ItemRevised, ItemWithdrawn
from services.kernel.domain.decision import Decision, No
from services.kernel.domain.event import Event, Fact
from services.kernel.domain.person import Person, Role
from services.publishing.domain import (
    Content,
    Item,
    ItemState,
    Judgement,
    Ledger,
    Publication,
    Verdict,
    Verification,
    check,
    conclude,
    draft,
    edit,
    judge,
    publish,
    render,
    submit,
    withdraw,
)
from services.publishing.domain.content import hash_of_content
from tests.publishing.examples import AT, COLUMN, CONTENT, TAXONOMY, WINDOWS, but, duty, stored

PEOPLE = [
    Person(sub=sub, name=sub, roles=frozenset({Role.EDITOR, Role.REVIEWER}), departments=frozenset({"finance"}))
    for sub in ("anna", "bo", "chen")
]
CONTENTS = [CONTENT, but(CONTENT, title="二"), but(CONTENT, body="别的正文")]
people, contents = st.sampled_from(PEOPLE), st.sampled_from(CONTENTS)
grounds = st.fixed_dictionaries({ground: st.sampled_from([False, False, False, True]) for ground in Ground})
partly = st.dictionaries(st.sampled_from(Ground), st.just(False))


class Life(RuleBasedStateMachine):
    """Two or three people do what they like; what the domain refuses changes nothing."""

    @initialize(by=people, content=contents)
    def drafted(self, by: Person, content: Content) -> None:
        self.now, self.ledger = AT, Ledger(id="finance")
        self.facts: list[Fact] = []
        self.history: list[Publication] = []
        self.duty = duty(Cadence.NEWS)
        self.edits: dict[int, set[str]] = {1: {by.sub}}
        self.releases: dict[tuple[int, str], str] = {}  # by revision and content, the reviewer
        made = draft("i1", content, department="finance", column=COLUMN, successors={}, taxonomy=TAXONOMY, by=by, at=AT)
        self.item = self.saved(made)

    def saved(self, decision: Decision[Item]) -> Item:
        self.facts += decision.facts
        return stored(decision.state) if decision.facts else decision.state

    def tried(self, act: Callable[[], Decision[Item]]) -> bool:
        self.now += timedelta(hours=5)
        try:
            decision = act()
        except No:
            return False
        self.item = self.saved(decision)
        return True

    @rule(by=people, content=contents, note=st.sampled_from([None, "更正"]))
    def edit(self, by: Person, content: Content, note: str | None) -> None:
        before = self.item
        if self.tried(
            lambda: edit(
                before, content, change_note=note, column=COLUMN, successors={}, taxonomy=TAXONOMY, by=by, at=self.now
            )
        ):
            assert not self.item.sealed, "an edit leaves a release standing"
            self.edits.setdefault(self.item.revision, set()).add(by.sub)
            self.releases = {key: who for key, who in self.releases.items() if key[0] != self.item.revision}

    @rule(by=people)
    def submit(self, by: Person) -> None:
        html = render(self.item.content.body)
        self.tried(lambda: submit(self.item, html=html, column=COLUMN, successors={}, by=by, at=self.now))

    @rule(by=people, verdict=st.sampled_from(Verdict), answers=grounds | partly, seen=contents, looked=st.booleans())
    def review(self, by: Person, verdict: Verdict, answers: dict[Ground, bool], seen: Content, looked: bool) -> None:
        hash = self.item.content_hash if looked else seen.hash
        found = next((ground for ground, holds in answers.items() if holds), None)
        ground = found if verdict is Verdict.WITHHOLD else None
        said = Judgement(verdict=verdict, grounds=answers, seen=hash, ground=ground, note="…")
        reviewed = self.tried(lambda: judge(self.item, said, by=by, at=self.now))
        if reviewed and verdict is Verdict.RELEASE:
            assert set(answers) == set(Ground)
            assert not any(answers.values())
            self.releases[self.item.revision, hash] = by.sub

    @rule(by=people)
    def release(self, by: Person) -> None:
        self.review(by, Verdict.RELEASE, dict.fromkeys(Ground, False), CONTENT, True)

    @rule(by=people)
    def publish(self, by: Person) -> None:
        before = self.item
        self.now += timedelta(hours=5)
        try:
            parts = publish(
                before, ledger=self.ledger, duty=self.duty, column=COLUMN, successors={}, taxonomy=TAXONOMY,
                windows=WINDOWS, by=by, at=self.now, html=render(before.content.body),
            )  # fmt: skip
        except No:
            assert before.state is not ItemState.RELEASED
            return
        reviewer = self.releases[before.revision, before.content_hash]
        assert reviewer not in self.edits[before.revision]
        self.ledger, self.item = stored(parts.ledger.state), self.saved(parts.item)
        self.history.append(parts.publication.state)
        assert parts.duty
        assert parts.duty.state.due_at >= self.duty.due_at
        self.duty = parts.duty.state

    @rule(by=people, really=st.integers(0, 9))
    def withdraw(self, by: Person, really: int) -> None:
        if really == 0:
            self.tried(lambda: withdraw(self.item, reason="有误", ground=None, by=by, at=self.now))

    @invariant()
    def what_is_shown_is_what_was_told(self) -> None:
        told = [fact for fact in self.facts if isinstance(fact, ItemPublished | ItemRevised)]
        gone = [fact for fact in self.facts if isinstance(fact, ItemWithdrawn)]
        assert len(gone) == (self.item.state is ItemState.WITHDRAWN)
        assert bool(told) == (self.item.shown is not None)
        if told and self.item.shown:
            assert told[-1].content_hash == self.item.shown.content_hash
            assert [fact.revision for fact in told] == list(range(1, self.item.shown.revision + 1))
            assert len({fact.index_number for fact in told}) == 1

    @invariant()
    def every_version_that_was_public_stays_readable_and_the_chain_holds(self) -> None:
        told = [fact for fact in self.facts if isinstance(fact, ItemPublished | ItemRevised)]
        assert [(p.revision, hash_of_content(p.content, p.html), p.html) for p in self.history] == [
            (fact.revision, fact.content_hash, fact.body) for fact in told
        ]
        found = Verification(department="finance")
        for each in self.history:
            found = check(found, each)
        assert conclude(found, self.ledger).fault is None

    @invariant()
    def a_release_was_told_and_is_sealed_exactly_while_it_stands(self) -> None:
        if self.item.state is ItemState.RELEASED:
            last = [fact for fact in self.facts if isinstance(fact, Event)][-1]
            assert isinstance(last, ItemReleased)
            assert last.review.complete
            assert last.review.sealed_to == self.item.content_hash
            assert self.item.sealed


TestLife = Life.TestCase
