"""Each measure against months reckoned by hand; the reckoning stands above each case."""

from decimal import Decimal

import pytest

from services.kernel.contracts.columns import Cadence, DepartmentClass
from services.kernel.contracts.publishing import Activity
from services.kernel.domain.decision import Unknown
from tests.scoring.story import OPENING, Story, on

D = Decimal


def publications(count: int, size: DepartmentClass) -> Story:
    story = Story().department("finance", size)
    for n in range(count):
        story.published(f"i{n}", "finance", at=on(1 + n))
    return story


# --- quantity/1: 20 points; minima I 12, II 8, III 4


def test_nine_of_twelve_items_give_three_quarters_of_twenty_points() -> None:
    # 9 ÷ 12 × 20 = 15
    points, formula = publications(9, DepartmentClass.I).points("finance", "quantity")

    assert points == D("15.00")
    assert formula == "本月发布 9 条 ÷ 应发布 12 条 × 20 分 = 15.00 分"


def test_more_than_the_minimum_counts_as_the_minimum() -> None:
    # min(10, 8) ÷ 8 × 20 = 20
    points, formula = publications(10, DepartmentClass.II).points("finance", "quantity")

    assert points == D("20.00")
    assert formula == "本月发布 10 条 ÷ 应发布 8 条（超过的按 1 计） × 20 分 = 20.00 分"


def test_nothing_published_is_no_points_and_not_an_exemption() -> None:
    # 0 ÷ 4 × 20 = 0
    assert publications(0, DepartmentClass.III).points("finance", "quantity")[0] == D("0.00")


def test_thirds_are_rounded_half_up_to_hundredths() -> None:
    # 1 ÷ 12 × 20 = 1.666… → 1.67
    assert publications(1, DepartmentClass.I).points("finance", "quantity")[0] == D("1.67")


def test_a_fact_belongs_to_the_month_of_its_time_in_shanghai() -> None:
    # 31 August 23:59 and 1 October 00:00 in Shanghai are not September; 1 September 00:00 and 30 September 23:59 are.
    story = Story().department("finance")
    story.published("a", "finance", at=on(31, "23:59", month=8)).published("b", "finance", at=on(1, "00:00"))
    story.published("c", "finance", at=on(30, "23:59")).published("d", "finance", at=on(1, "00:00", month=10))

    # 2 ÷ 4 × 20 = 10
    assert story.points("finance", "quantity")[0] == D("10.00")


def test_revisions_are_not_publications_and_the_class_at_the_end_of_the_month_counts() -> None:
    story = Story().department("finance", DepartmentClass.I).department("finance", DepartmentClass.III, at=on(30))
    story.published("a", "finance", at=on(2)).published("a", "finance", at=on(3), revision=2)

    # 1 ÷ 4 × 20 = 5
    assert story.points("finance", "quantity")[0] == D("5.00")


# --- update_cycle/1: 25 points; a day is inside if its 24:00 ≤ the due moment then in force


def kept_column(*, cadence: Cadence = Cadence.NEWS) -> Story:
    story = Story().department("finance").column("c-news", "finance", cadence=cadence)
    return story.refreshed("c-news", "finance", at=OPENING, due_at=on(28, "00:00", month=6), because=Activity.OPENED)


def test_a_column_refreshed_on_the_first_is_current_for_its_seven_days_and_stale_after() -> None:
    # Published on 1 September, due at 24:00 of the 8th (= 9th 00:00): days 1 to 8 inside, 9 to 30 outside.
    # 8 ÷ 30 × 25 = 6.666… → 6.67
    story = kept_column().refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"))
    line = next(x for x in story.scored()["finance"].lines if x.indicator == "update_cycle")

    assert line.points == D("6.67")
    assert line.formula == "在更新周期内 8 栏目日 ÷ 应维护 30 栏目日 × 25 分 = 6.67 分"
    assert [fact.remark for fact in line.facts] == [
        "栏目“政务要闻”更新，更新期限至2026年9月8日：本月在周期内 8 天，超期 22 天"
    ]


def test_a_late_refresh_makes_the_day_it_happens_current_again() -> None:
    # Days 1–8 inside by the first period; 9–14 outside; refreshed on the 15th until 22nd 24:00: 15–22 inside.
    # (8 + 8) ÷ 30 × 25 = 13.333… → 13.33
    story = kept_column().refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"))
    story.refreshed("c-news", "finance", at=on(15), due_at=on(23, "00:00"))

    assert story.points("finance", "update_cycle")[0] == D("13.33")


def test_the_period_in_force_at_the_start_of_the_month_may_come_from_long_before() -> None:
    # Refreshed in July, due at 24:00 of 15 September: days 1–15 inside. 15 ÷ 30 × 25 = 12.5
    story = kept_column().refreshed("c-news", "finance", at=on(3, month=7), due_at=on(16, "00:00"))

    assert story.points("finance", "update_cycle")[0] == D("12.50")


def test_a_column_counts_from_the_day_it_opened_to_the_day_before_it_retired() -> None:
    # Opened on the 11th, retired on the 21st at 10:00, whose 24:00 it does not see: days 11–20, all inside.
    # 10 ÷ 10 × 25 = 25
    story = Story().department("finance").column("c-new", "finance", at=on(11))
    story.refreshed("c-new", "finance", at=on(11), due_at=on(28, "00:00"), because=Activity.OPENED)
    points, formula = story.retired("c-new", at=on(21)).points("finance", "update_cycle")

    assert points == D("25.00")
    assert "10 栏目日 ÷ 应维护 10 栏目日" in formula


def test_column_days_of_all_columns_of_a_department_are_added() -> None:
    # One column all 30 days inside, one 8 of 30: 38 ÷ 60 × 25 = 15.8333… → 15.83
    story = kept_column().refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"))
    story.column("c-law", "finance", cadence=Cadence.NOTICE, name="政策文件")
    story.refreshed("c-law", "finance", at=OPENING, due_at=on(21, "00:00", month=12), because=Activity.OPENED)

    assert story.points("finance", "update_cycle")[0] == D("15.83")


def test_a_column_without_a_cadence_is_no_duty() -> None:
    story = Story().department("finance").column("c-box", "finance", cadence=Cadence.NONE)

    points, formula = story.points("finance", "update_cycle")

    assert points is None
    assert formula == "本月没有须按周期更新的栏目，本项不计入"


def test_a_cadence_of_tomorrow_is_what_is_told_of_its_periods() -> None:
    # Refreshed on the 1st until 24:00 of the 8th: 8 ÷ 30 × 25 = 6.666… → 6.67
    story = kept_column(cadence=Cadence("每季")).refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"))

    assert story.points("finance", "update_cycle")[0] == D("6.67")


def test_a_cadence_of_tomorrow_of_which_nothing_is_told_is_no_duty() -> None:
    story = Story().department("finance").column("c-box", "finance", cadence=Cadence("每季"))

    assert story.points("finance", "update_cycle")[0] is None


def test_an_activity_of_tomorrow_counts_and_is_named_as_it_was_told() -> None:
    because = Activity("核对")
    story = kept_column().refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"), because=because)
    line = next(x for x in story.scored()["finance"].lines if x.indicator == "update_cycle")

    assert line.points == D("6.67")
    assert line.facts[0].remark.startswith("栏目“政务要闻”核对，")


def test_while_the_month_runs_only_days_that_are_over_count() -> None:
    # At noon of the 10th nine days are over: 8 inside, the 9th not. 8 ÷ 9 × 25 = 22.222… → 22.22
    story = kept_column().refreshed("c-news", "finance", at=on(1), due_at=on(9, "00:00"))

    assert story.points("finance", "update_cycle", as_of=on(10, "12:00"))[0] == D("22.22")


def test_days_before_the_first_period_told_are_not_counted_as_people_gave_up_what_told_of_them() -> None:
    # Told from the 15th on, until 22nd 24:00: 8 days inside of 16. 8 ÷ 16 × 25 = 12.5
    story = Story().department("finance").column("c-news", "finance")
    story.refreshed("c-news", "finance", at=on(15), due_at=on(23, "00:00"))

    assert story.points("finance", "update_cycle")[0] == D("12.50")


def test_a_column_of_which_no_duty_was_told_fails_instead_of_scoring_nothing() -> None:
    story = Story().department("finance").column("c-news", "finance")

    with pytest.raises(Unknown) as no:
        story.scored()

    assert no.value.code == "facts.no_period"
    assert "c-news" in no.value.detail
