"""Measures of letters and of review against months reckoned by hand; the reckoning stands above each case."""

from decimal import Decimal

from services.kernel.contracts.publishing import Ground
from tests.scoring.story import Story, on

D = Decimal


# --- letters_in_time/1: 15 points; on time ÷ (answered in the month + open and overdue at its end)


def test_letters_late_and_open_weigh_on_those_in_time() -> None:
    # L1 in time, L2 late, L3 open and due on the 20th: 1 ÷ (2 + 1) × 15 = 5
    story = Story().department("finance")
    for id in ("L1", "L2", "L3"):
        story.received(id, "finance", at=on(10), due_at=on(21, "00:00"))
    story.answered("L1", "finance", at=on(20, "23:59"), due_at=on(21, "00:00"))
    story.answered("L2", "finance", at=on(22), due_at=on(21, "00:00"))
    line = next(x for x in story.scored()["finance"].lines if x.indicator == "letters_in_time")

    assert line.points == D("5.00")
    assert line.formula == "按时答复 1 件 ÷（本月答复 2 件 + 月末逾期未复 1 件） × 15 分 = 5.00 分"
    assert {fact.subject: fact.remark for fact in line.facts} == {
        "letter/L1": "按时答复，期限至2026年9月20日",
        "letter/L2": "逾期答复，期限至2026年9月20日",
        "letter/L3": "月末逾期未复，期限至2026年9月20日",
    }


def test_the_due_moment_itself_is_too_late() -> None:
    due = on(21, "00:00")
    story = Story().department("finance").received("L1", "finance", at=on(10), due_at=due)

    # 0 ÷ 1 × 15 = 0
    assert story.answered("L1", "finance", at=due, due_at=due).points("finance", "letters_in_time")[0] == D("0.00")


def test_a_letter_open_and_not_yet_due_is_not_counted() -> None:
    story = Story().department("finance").received("L1", "finance", at=on(28), due_at=on(20, month=10))

    assert story.points("finance", "letters_in_time") == (None, "本月没有答复或逾期未复的来信，本项不计入")


def test_a_letter_due_at_the_very_end_of_the_month_and_unanswered_is_overdue() -> None:
    # Due at 24:00 of 30 September. 0 ÷ (0 + 1) × 15 = 0
    story = Story().department("finance").received("L1", "finance", at=on(20), due_at=on(1, "00:00", month=10))

    assert story.points("finance", "letters_in_time")[0] == D("0.00")


def test_a_letter_of_an_earlier_month_still_open_is_overdue_in_this_one_too() -> None:
    # 0 ÷ (0 + 1) × 15 = 0, although nothing of the letter happened in September
    story = Story().department("finance").received("L1", "finance", at=on(1, month=7), due_at=on(10, month=7))

    assert story.points("finance", "letters_in_time")[0] == D("0.00")


def test_a_letter_is_overdue_by_the_deadline_that_held_at_the_months_end() -> None:
    # Due on the 10th, and by the new calendar on 5 October: nothing was overdue at the end of September.
    later = Story().department("finance").received("L1", "finance", at=on(1), due_at=on(11, "00:00"))
    later.redated("L1", "finance", at=on(12), due_at=on(6, "00:00", month=10))
    assert later.points("finance", "letters_in_time")[0] is None

    # Told in October it changes nothing of September: 0 ÷ (0 + 1) × 15 = 0
    after = Story().department("finance").received("L1", "finance", at=on(1), due_at=on(11, "00:00"))
    after.redated("L1", "finance", at=on(2, month=10), due_at=on(6, "00:00", month=10))
    assert after.points("finance", "letters_in_time")[0] == D("0.00")

    # Due in October, and by the new calendar on 20 September; both facts are named.
    sooner = Story().department("finance").received("L1", "finance", at=on(1), due_at=on(6, month=10))
    sooner.redated("L1", "finance", at=on(12), due_at=on(21, "00:00"))
    line = next(x for x in sooner.scored()["finance"].lines if x.indicator == "letters_in_time")
    assert line.points == D("0.00")
    assert [fact.type for fact in line.facts] == ["letter.received", "letter.redated"]
    assert {fact.remark for fact in line.facts} == {"月末逾期未复，期限至2026年9月20日"}


def test_a_letter_closed_is_not_open() -> None:
    story = Story().department("finance").received("L1", "finance", at=on(1), due_at=on(10))

    assert story.closed("L1", "finance", at=on(15)).points("finance", "letters_in_time")[0] is None


def test_a_transferred_letter_counts_for_whom_it_lies_with_at_the_time() -> None:
    # Transferred on the 5th: overdue for health. 0 ÷ (0 + 1) × 15 = 0; finance has none.
    story = Story().department("finance").department("health").received("L1", "finance", at=on(1), due_at=on(10))
    story.transferred("L1", "finance", "health", at=on(5))

    assert story.points("finance", "letters_in_time")[0] is None
    assert story.points("health", "letters_in_time")[0] == D("0.00")


def test_a_letter_whose_receipt_people_gave_up_is_judged_by_its_answer_and_holds_no_month_up() -> None:
    # L1's answer says when it was due. Nothing says when L2 is. 1 ÷ 1 × 15 = 15
    story = Story().department("finance").answered("L1", "finance", at=on(2), due_at=on(3))
    story.transferred("L2", "health", "finance", at=on(5))

    assert story.points("finance", "letters_in_time")[0] == D("15.00")


def test_a_transfer_after_the_month_leaves_the_letter_where_it_lay_at_its_end() -> None:
    story = Story().department("finance").department("health").received("L1", "finance", at=on(1), due_at=on(10))
    story.transferred("L1", "finance", "health", at=on(2, month=10))

    assert story.points("finance", "letters_in_time")[0] == D("0.00")
    assert story.points("health", "letters_in_time")[0] is None


def test_an_answer_after_the_month_leaves_the_letter_overdue_in_it() -> None:
    story = Story().department("finance").received("L1", "finance", at=on(1), due_at=on(10))
    story.answered("L1", "finance", at=on(2, month=10), due_at=on(10))

    assert story.points("finance", "letters_in_time")[0] == D("0.00")


# --- review/1: 5 points; complete reviews ÷ publications and revisions; withdrawn for a ground: 0


def test_a_review_by_the_author_or_with_a_ground_unanswered_is_not_complete() -> None:
    # a and b complete; c by its author; d with four of five grounds: 2 ÷ 4 × 5 = 2.5
    story = Story().department("finance").published("a", "finance", at=on(1))
    story.published("a", "finance", at=on(2), revision=2)
    story.published("c", "finance", at=on(3), by_another=False)
    story.published("d", "finance", at=on(4), grounds=tuple(Ground)[:4])

    assert story.points("finance", "review") == (D("2.50"), "审查完整 2 条 ÷ 发布和修订 4 条 × 5 分 = 2.50 分")


def test_one_withdrawal_for_a_ground_takes_all_points_of_review() -> None:
    story = Story().department("finance").published("a", "finance", at=on(1)).published("b", "finance", at=on(2))
    story.withdrawn("b", "finance", at=on(9), ground=Ground.PRIVACY_OR_COMMERCIAL_SECRET)

    points, formula = story.points("finance", "review")

    assert points == D("0.00")
    assert formula == "本月有 1 条已公开的信息因不予公开的情形（E2）撤回，本项 0.00 分"


def test_a_withdrawal_for_another_reason_costs_nothing() -> None:
    story = Story().department("finance").published("a", "finance", at=on(1))

    assert story.withdrawn("a", "finance", at=on(9), ground=None).points("finance", "review")[0] == D("5.00")


def test_a_withdrawal_counts_in_the_month_it_happens_not_in_that_of_publication() -> None:
    story = Story().department("finance").published("a", "finance", at=on(1, month=8))
    story.withdrawn("a", "finance", at=on(2), ground=Ground.STATE_SECRET)

    assert story.points("finance", "review")[0] == D("0.00")


def test_nothing_shown_and_nothing_withdrawn_is_no_duty_of_review() -> None:
    assert Story().department("finance").points("finance", "review")[0] is None
