"""What may happen to an item, and what is told of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.kernel.contracts.columns import Publishers
from services.kernel.contracts.publishing import Activity, DutyRefreshed, Ground, ItemPublished, ItemRevised
from services.kernel.domain.decision import Decision, Forbidden, Refused
from services.kernel.domain.terms import Successors, Terms
from services.publishing.domain import Column, Item, ItemState, Ledger, Verdict, draft, withdraw
from tests.publishing.examples import (
    AT,
    COLUMN,
    CONTENT,
    EDITOR,
    LATER,
    LONG_AGO,
    OFFICE,
    OTHER,
    REVIEWER,
    STRANGER,
    TAXONOMY,
    drafted,
    duty,
    handed_in,
    published,
    publishing,
    released,
    submitted,
)
from tests.publishing.steps import edited, judged, told


def in_each_state() -> dict[ItemState, Item]:
    withheld = judged(submitted(), Verdict.WITHHOLD, found=(Ground.ENFORCEMENT,), ground=Ground.ENFORCEMENT).state
    return {
        ItemState.DRAFT: drafted(),
        ItemState.SUBMITTED: submitted(),
        ItemState.RETURNED: judged(submitted(), Verdict.RETURN, note="请核对").state,
        ItemState.RELEASED: released(),
        ItemState.WITHHELD: withheld,
        ItemState.PUBLISHED: published(),
        ItemState.WITHDRAWN: withdraw(published(), reason="有误", ground=None, by=EDITOR, at=LATER).state,
    }


def test_a_draft_belongs_to_the_callers_department_and_is_only_kept() -> None:
    made = draft("i1", CONTENT, department="finance", column=COLUMN, successors={}, taxonomy=TAXONOMY, by=EDITOR, at=AT)

    assert (made.state.department, made.state.state, made.state.revision) == ("finance", ItemState.DRAFT, 1)
    assert made.state.authors == {EDITOR.sub}
    assert told(made) == ["item.edited"]


def test_nobody_drafts_for_another_department_not_even_the_office() -> None:
    for by in (STRANGER, OFFICE):
        with pytest.raises(Forbidden, match=r"department\.foreign"):
            draft("i1", CONTENT, department="finance", column=COLUMN, successors={}, taxonomy=TAXONOMY, by=by, at=AT)


def test_only_the_owner_publishes_in_a_column_that_is_not_for_all() -> None:
    column = replace(COLUMN, owners=Terms[str]().since(LONG_AGO, "health"))
    open_to_all = replace(column, publishers=Publishers.ALL)

    with pytest.raises(Forbidden, match=r"column\.owner_only"):
        draft("i1", CONTENT, department="finance", column=column, successors={}, taxonomy=TAXONOMY, by=EDITOR, at=AT)
    made = draft(
        "i1", CONTENT, department="finance", column=open_to_all, successors={}, taxonomy=TAXONOMY, by=EDITOR, at=AT
    )
    assert made.state.state is ItemState.DRAFT


HANDED_OVER = replace(COLUMN, owners=COLUMN.owners.since(LATER, "health"))
MERGED: Successors = {"finance": Terms[str]().since(LATER, "health")}


def test_a_column_that_is_handed_over_takes_from_its_owner_at_that_moment() -> None:
    before = LATER - timedelta(milliseconds=1)

    HANDED_OVER.must_take_from("finance", {}, at=before)
    HANDED_OVER.must_take_from("health", {}, at=LATER)
    for department, at in (("health", before), ("finance", LATER)):
        with pytest.raises(Forbidden, match=r"column\.owner_only"):
            HANDED_OVER.must_take_from(department, {}, at=at)


@pytest.mark.parametrize("column", [COLUMN, HANDED_OVER], ids=["still its own", "handed over"])
@pytest.mark.parametrize("department", ["finance", "health"])
def test_the_column_of_a_merged_department_takes_what_either_of_them_made(column: Column, department: str) -> None:
    column.must_take_from(department, MERGED, at=LATER)

    with pytest.raises(Forbidden, match="Only health publishes"):
        column.must_take_from("water", MERGED, at=LATER)


def test_nothing_new_is_drafted_for_a_department_that_has_ended() -> None:
    of_both = replace(EDITOR, departments=frozenset({"finance", "health"}))

    def drafting(department: str, at: datetime) -> Decision[Item]:
        return draft(
            "i1", CONTENT, department=department, column=COLUMN, successors=MERGED, taxonomy=TAXONOMY, by=of_both, at=at
        )

    assert drafting("finance", LATER - timedelta(milliseconds=1)).state.department == "finance"
    assert drafting("health", LATER).state.department == "health"
    with pytest.raises(Refused, match="Draft it for health") as no:
        drafting("finance", LATER)
    assert no.value.code == "department.ended"


def test_a_retired_column_takes_nothing_more_and_names_its_successor() -> None:
    retired = replace(COLUMN, successor_id="c-news")

    with pytest.raises(Refused, match="c-news") as no:
        handed_in(drafted(), column=retired)
    assert no.value.code == "column.retired"


def test_any_edit_after_the_release_voids_it() -> None:
    for content in (OTHER, CONTENT):
        after = edited(released(), content)

        assert (after.state.state, after.state.review, after.state.sealed) == (ItemState.DRAFT, None, False)
        assert told(after) == ["item.edited"]
        with pytest.raises(Refused, match=r"item\.draft"):
            publishing(after.state)


def test_content_that_is_not_the_sealed_one_is_not_published() -> None:
    tampered = replace(released(), content=OTHER)

    with pytest.raises(Refused, match=r"item\.unsealed"):
        publishing(tampered)


def test_a_publication_tells_everything_the_public_may_read() -> None:
    made = publishing(released(), at=LATER)

    [fact] = made.item.facts
    assert isinstance(fact, ItemPublished)
    assert (made.item.state.state, made.item.state.revision) == (ItemState.PUBLISHED, 1)
    assert fact.at == fact.published_at == LATER
    assert fact.body == "<h1>预算</h1>\n<p>正文。</p>\n"
    assert fact.index_number == "finance-G07-2026-0001"
    assert fact.content_hash == fact.review.sealed_to == CONTENT.hash_shown(fact.body)
    assert fact.review.complete
    assert [f.TYPE for f in made.publication.facts + made.ledger.facts] == ["publication.made", "ledger.recorded"]


def test_a_publication_renews_the_columns_duty() -> None:
    at = AT + timedelta(days=2)
    made = publishing(released(), duty=duty(), at=at)

    assert made.duty
    [fact] = made.duty.facts
    assert isinstance(fact, DutyRefreshed)
    assert (fact.because, fact.at, made.duty.state.since) == (Activity.PUBLISHED, at, at)


def test_a_revision_leaves_the_public_one_until_it_is_published_itself() -> None:
    first = published()
    work = edited(first, note="更正标题").state

    assert (work.state, work.revision) == (ItemState.DRAFT, 2)
    assert work.shown == first.shown
    second = publishing(released(work), at=LATER)
    [fact] = second.item.facts
    assert isinstance(fact, ItemRevised)
    assert (fact.revision, fact.title, fact.change_note) == (2, OTHER.title, "更正标题")
    assert fact.index_number == "finance-G07-2026-0001"
    assert (fact.published_at, fact.at) == (AT, LATER)
    assert second.publication.state.id == "i1.2"


def test_a_revision_says_what_is_different() -> None:
    with pytest.raises(Refused, match=r"change_note\.missing"):
        edited(published())
    with pytest.raises(Refused, match=r"item\.unchanged"):
        edited(published(), CONTENT, note="无")
    with pytest.raises(Refused, match=r"change_note\.too_early"):
        edited(drafted(), note="更正")


def test_a_withdrawal_leaves_a_tombstone_and_ends_what_was_in_work() -> None:
    work = edited(published(), note="更正").state
    for by in (EDITOR, REVIEWER, OFFICE):
        gone = withdraw(work, reason="含个人信息", ground=Ground.PRIVACY_OR_COMMERCIAL_SECRET, by=by, at=LATER)

        [fact] = gone.facts
        assert gone.state.state is ItemState.WITHDRAWN
        assert gone.state.withdrawn
        assert gone.state.withdrawn.reason == "含个人信息"
        assert (fact.TYPE, fact.model_dump()["revision"], fact.model_dump()["ground"]) == ("item.withdrawn", 1, "E2")
    with pytest.raises(Forbidden, match=r"department\.foreign"):
        withdraw(work, reason="…", ground=None, by=STRANGER, at=LATER)


def test_what_was_never_public_cannot_be_withdrawn() -> None:
    for state, item in in_each_state().items():
        if state in (ItemState.PUBLISHED, ItemState.WITHDRAWN):
            continue
        with pytest.raises(Refused, match=r"item\.not_public"):
            withdraw(item, reason="…", ground=None, by=EDITOR, at=LATER)


ALLOWED = {
    "edit": {ItemState.DRAFT, ItemState.RETURNED, ItemState.RELEASED, ItemState.WITHHELD, ItemState.PUBLISHED},
    "submit": {ItemState.DRAFT, ItemState.RETURNED, ItemState.WITHHELD},
    "judge": {ItemState.SUBMITTED},
    "publish": {ItemState.RELEASED},
}


def attempt(step: str, item: Item) -> None:
    note = "更正" if item.state is ItemState.PUBLISHED else None
    steps: dict[str, Callable[[], object]] = {
        "edit": lambda: edited(item, note=note),
        "submit": lambda: handed_in(item, at=LATER),
        "judge": lambda: judged(item),
        "publish": lambda: publishing(item),
    }
    steps[step]()


@pytest.mark.parametrize("step", ALLOWED)
def test_each_step_is_taken_from_its_states_and_refused_by_name_in_the_others(step: str) -> None:
    for state, item in in_each_state().items():
        if state in ALLOWED[step]:
            attempt(step, item)
        else:
            with pytest.raises(Refused) as no:
                attempt(step, item)
            assert no.value.code == f"item.{state}"


def test_what_was_released_before_its_column_was_retired_is_not_published_in_it() -> None:
    with pytest.raises(Refused, match=r"column\.retired"):
        publishing(released(), column=replace(COLUMN, successor_id="c-news"))


def test_a_publication_has_one_time_the_ledgers() -> None:
    later = AT + timedelta(days=3)
    made = publishing(released(), ledger=Ledger(id="finance", at=later), duty=duty(), at=AT)

    assert made.duty
    assert {fact.at for fact in (*made.item.facts, *made.ledger.facts, *made.duty.facts)} == {later}
