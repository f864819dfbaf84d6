"""What the read model makes of events, in whatever order and however often they come."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.projections import HEARING, Column, Department, Duty, Item, Letter
from gateway.projections.mailbox import counted
from services.kernel.contracts import mailbox as m
from services.kernel.contracts.columns import DepartmentChanged
from services.kernel.contracts.publishing import ItemEvent
from services.kernel.domain.event import Event
from services.kernel.stream.consumer import Copy
from tests.gateway.support import events as e
from tests.gateway.support.telling import message


def copy_of(kind: str) -> Copy[Any]:
    [found] = [copy for copy in HEARING.copies if kind == copy.of.KIND]
    return found


def spread(*events: Event, state: Any = None) -> tuple[Any, list[Any]]:
    """The state after, and what lies beside it."""
    beside: dict[str, Any] = {}
    for event in events:
        after = copy_of(event.TYPE.partition(".")[0]).fold(state, message(event, 1))
        assert after
        state = after.state
        beside |= {record.id: record for record in after.beside}
        beside = {id: record for id, record in beside.items() if id not in {gone for _, gone in after.without}}
    return state, list(beside.values())


def folded(*events: Event, state: Any = None) -> Any:
    return spread(*events, state=state)[0]


def touched(before: Any, after: Any) -> set[str]:
    return set(copy_of(after.KIND).touched(before, after))


def test_a_published_item_shows_its_first_revision() -> None:
    item, revisions = spread(e.published())

    assert (item.live, item.revision, item.title) == (True, 1, "2026年市级预算公开")
    assert [(r.item_id, r.number, r.content.title) for r in revisions] == [("i1", 1, "2026年市级预算公开")]


def test_a_revision_takes_the_place_of_the_one_before_which_stays_readable() -> None:
    item, revisions = spread(e.published(), e.revised(title="更正后的标题"))

    assert (item.revision, item.title) == (2, "更正后的标题")
    assert [r.content.title for r in revisions] == ["2026年市级预算公开", "更正后的标题"]
    assert [r.change_note for r in revisions] == [None, "更正附表"]


def test_publication_time_stays_that_of_the_first_revision() -> None:
    later = e.AT + timedelta(days=3)
    item: Item = folded(e.published(), e.revised(at=later))

    assert (item.published_at, item.updated_at) == (e.AT, later)


def test_a_tombstone_keeps_the_reason_and_not_a_word_of_the_content() -> None:
    item: Item = folded(e.published(title="机密的标题", body="<p>机密</p>", summary="机密"), e.withdrawn())

    assert not item.live
    assert item.withdrawn_because == "内容有误"
    assert item.index_number == "finance-G07-2026-0001"
    assert "机密" not in repr(item)


def test_a_withdrawal_that_overtook_its_publication_wins_when_that_is_heard_of_later() -> None:
    gone, said = e.withdrawn(), (e.published(title="机密"), e.revised(title="机密"))
    item, revisions = spread(gone, said[0], gone, said[1], gone)

    assert not item.live
    assert revisions == []
    assert item.published_at == e.AT
    assert "机密" not in repr(item)


@pytest.mark.parametrize("event", [e.published(), e.withdrawn()], ids=["shown", "withdrawn"])
def test_a_revision_that_nobody_can_have_written_is_refused(event: ItemEvent) -> None:
    with pytest.raises(ValueError, match="revisions"):
        folded(event.model_copy(update={"revision": 10**12}))


def test_an_item_that_changes_touches_where_it_was_and_where_it_is() -> None:
    before = folded(e.published())
    after = folded(e.revised(column_id="c-notices", department="health"), state=before)

    assert touched(before, after) == {
        "home", "item:i1", "column:c-news", "column:c-notices", "department:finance", "department:health",
    }  # fmt: skip


def test_a_retired_column_stays_so_when_its_opening_is_heard_of_later() -> None:
    column: Column = folded(e.retired(), e.column(), e.retired())

    assert not column.is_live
    assert (column.name, column.successor_id) == ("政务要闻", "c-notices")


def test_a_column_that_retired_before_it_was_heard_of_has_no_name_and_is_not_live() -> None:
    column: Column = folded(e.retired())

    assert (column.is_live, column.name, column.path) == (False, None, "news")


def test_a_column_or_department_touches_the_whole_tree() -> None:
    assert "tree" in touched(None, folded(e.column()))
    assert "tree" in touched(None, folded(e.department()))


def test_a_department_is_what_the_latest_event_says() -> None:
    changed = DepartmentChanged.model_validate(e.department(name="市财政和国资局").model_dump())
    department: Department = folded(e.department(), changed)

    assert department.profile.name == "市财政和国资局"


def test_a_duty_remembers_the_last_activity_and_the_next_due_moment() -> None:
    duty: Duty = folded(e.refreshed())

    assert (duty.last_at, duty.due_at) == (e.AT, e.DUE)
    assert touched(None, duty) == {"column:c-news", "department:finance"}


def test_an_answer_before_the_due_moment_is_in_time_and_at_that_moment_too_late() -> None:
    assert folded(e.received(), e.answered(at=e.DUE - timedelta(milliseconds=1))).in_time is True
    assert folded(e.received(), e.answered(at=e.DUE)).in_time is False


def test_a_transferred_letter_belongs_to_the_new_department_and_touches_both() -> None:
    before = folded(e.received())
    said: dict[str, Any] = {"at": e.AT, "letter_id": e.RECEIPT, "department": "health", "from_department": "finance"}
    after: Letter = folded(m.LetterTransferred(**said), state=before)

    assert after.department == "health"
    assert {"department:finance", "department:health", "letters", "home"} <= touched(before, after)


def test_a_published_assessment_touches_its_month_and_its_department() -> None:
    after = folded(e.assessed())

    assert touched(None, after) == {"home", "scores", "scores:2026-02", "department:finance"}


def test_a_letter_counts_once_for_its_year_in_shanghai_and_its_kind() -> None:
    at = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)  # New Year's Day in Shanghai
    [count] = counted(folded(e.received(at=at), overdue()))

    assert count.group == {"year": 2026, "kind": "complaint"}
    assert {name for name, number in count.of.items() if number} == {"received", "open", "overdue"}


def test_a_letter_redated_is_overdue_no_longer_if_its_deadline_is_still_to_come() -> None:
    at = e.DUE + timedelta(hours=3)
    redated = m.LetterRedated(
        at=at, letter_id=e.RECEIPT, department="finance", due_at=e.DUE + timedelta(days=1), due_before=e.DUE,
        calendar="calendar-2", provisional=False,
    )  # fmt: skip
    letter = folded(e.received(), overdue(), redated)
    past = folded(e.received(), overdue(), redated.model_copy(update={"due_at": e.DUE + timedelta(hours=1)}))

    assert (letter.due_at, letter.overdue_at) == (redated.due_at, None)
    assert past.overdue_at == e.DUE


def overdue() -> m.LetterOverdue:
    return m.LetterOverdue(at=e.DUE, letter_id=e.RECEIPT, department="finance", due_at=e.DUE, rule="letters/1")


def test_an_answered_letter_is_neither_open_nor_overdue_any_more_and_counts_in_the_year_of_its_answer() -> None:
    rated = m.LetterRated(at=e.DUE, letter_id=e.RECEIPT, department="finance", stars=4, solved=True)
    counts = counted(folded(e.received(), overdue(), e.answered(at=e.DUE + timedelta(days=365)), rated))

    assert [(count.group["year"], {name: n for name, n in count.of.items() if n}) for count in counts] == [
        (2026, {"received": 1}), (2027, {"answered": 1, "ratings": 1, "stars": 4}),
    ]  # fmt: skip
