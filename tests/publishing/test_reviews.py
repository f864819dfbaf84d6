"""The review before publication: by another person, whole, of exactly what was seen."""

import pytest

from services.kernel.contracts.publishing import Ground
from services.kernel.domain.decision import Forbidden, Refused
from services.kernel.domain.person import Role
from services.publishing.domain import ItemState, Judgement, Verdict, judge
from tests.publishing.examples import (
    CONTENT,
    EDITOR,
    LATER,
    NO_GROUND,
    OFFICE,
    OTHER,
    REVIEWER,
    drafted,
    handed_in,
    person,
    published,
    submitted,
)
from tests.publishing.steps import edited, judged, told


def test_a_release_names_the_content_the_reviewer_saw_and_all_five_answers() -> None:
    item = submitted()
    release = judged(item)

    [fact] = release.facts
    assert release.state.state is ItemState.RELEASED
    assert release.state.sealed
    assert fact.TYPE == "item.released"
    assert fact.model_dump()["review"] == {
        "reviewed_at": LATER, "sealed_to": item.content_hash, "by_another": True, "grounds_answered": tuple(Ground),
    }  # fmt: skip


@pytest.mark.parametrize("verdict", Verdict)
def test_nobody_reviews_what_they_edited(verdict: Verdict) -> None:
    author = person(Role.REVIEWER, sub=EDITOR.sub)

    with pytest.raises(Forbidden, match=r"review\.own"):
        judged(submitted(), verdict, found=(Ground.EXEMPT_BY_LAW,), ground=Ground.EXEMPT_BY_LAW, note="…", by=author)


def test_whoever_edited_the_revision_at_any_time_is_its_author() -> None:
    second = person(Role.EDITOR, sub="second")
    item = edited(edited(drafted(), by=second).state, CONTENT).state

    with pytest.raises(Forbidden, match=r"review\.own"):
        judged(submitted(item), by=person(Role.REVIEWER, sub="second"))


def test_the_authors_of_a_revision_may_review_the_next() -> None:
    second, other = person(Role.EDITOR, sub="second"), person(Role.REVIEWER, sub=EDITOR.sub)
    item = handed_in(edited(published(), note="更正", by=second).state, by=second, at=LATER)

    assert judged(item, by=other).state.state is ItemState.RELEASED


def test_a_reviewer_of_another_department_and_the_office_may_not_review() -> None:
    for by in (person(Role.REVIEWER, "health", sub="r2"), OFFICE):
        with pytest.raises(Forbidden, match=r"department\.foreign"):
            judged(submitted(), by=by)


def test_every_ground_must_be_answered() -> None:
    item = submitted()
    four: dict[Ground, bool] = {ground: False for ground in Ground if ground is not Ground.STATE_SECRET}

    with pytest.raises(Refused, match=r"review\.incomplete"):
        judge(item, Judgement(verdict=Verdict.RELEASE, grounds=four, seen=item.content_hash), by=REVIEWER, at=LATER)


@pytest.mark.parametrize("ground", Ground)
def test_a_ground_that_holds_forbids_the_release(ground: Ground) -> None:
    with pytest.raises(Refused, match=r"review\.ground_found"):
        judged(submitted(), found=(ground,))


def test_another_content_than_the_one_seen_cannot_be_released() -> None:
    item = submitted()

    with pytest.raises(Refused, match=r"review\.other_content"):
        judged(item, seen=OTHER.hash)
    with pytest.raises(Refused, match=r"review\.other_content"):
        judge(item, Judgement(verdict=Verdict.RELEASE, grounds=NO_GROUND, seen=None), by=REVIEWER, at=LATER)


def test_withholding_needs_a_ground_that_was_found() -> None:
    for ground in (None, Ground.STATE_SECRET):
        with pytest.raises(Refused, match=r"review\.ground_missing"):
            judged(submitted(), Verdict.WITHHOLD, found=(Ground.ENFORCEMENT,), ground=ground)

    withheld = judged(submitted(), Verdict.WITHHOLD, found=(Ground.ENFORCEMENT,), ground=Ground.ENFORCEMENT)
    assert withheld.state.state is ItemState.WITHHELD
    assert [(fact.TYPE, fact.model_dump()["ground"]) for fact in withheld.facts] == [("item.withheld", "E4")]


def test_a_return_says_what_to_change() -> None:
    with pytest.raises(Refused, match=r"review\.note_missing"):
        judged(submitted(), Verdict.RETURN)

    returned = judged(submitted(), Verdict.RETURN, note="请核对数字")
    assert (returned.state.state, told(returned)) == (ItemState.RETURNED, ["item.returned"])
