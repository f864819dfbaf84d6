"""The second version of the scheme: who is scored and ranked, what counts from when, which hand-overs are named."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.contracts.columns import DepartmentClass
from services.kernel.contracts.publishing import Activity
from services.kernel.contracts.scoring import SchemeAdopted
from services.kernel.running.program import Program
from services.scoring import timers
from services.scoring.domain.noticed import Noticed, noticed
from services.scoring.domain.scheme import Bunched, adopt, in_force
from services.scoring.domain.score import Inputs, scaled
from services.scoring.store import month as months
from tests.scoring.story import AFTER, OPENING, SECOND, Story, on, whole_month

D = Decimal
BUNCHED = Bunched(at_least=4, share=D("0.5"), minutes=60)
END = on(1, "00:00", month=10)


def test_a_department_of_the_first_day_is_scored_and_one_of_the_second_is_not() -> None:
    story = Story().department("old").department("first", at=on(1, "23:59")).department("second", at=on(2, "00:00"))
    story.department("last", at=on(30, "21:00")).published("i1", "last", at=on(30, "22:00"))

    assert list(story.scored(scheme=SECOND)) == ["first", "old"]
    assert list(story.scored(month="2026-10", as_of=on(3, month=11), scheme=SECOND)) == [
        "first",
        "last",
        "old",
        "second",
    ]


def test_a_change_of_its_data_does_not_make_a_department_new() -> None:
    story = Story().department("old").department("old", DepartmentClass.I, at=on(20))

    assert list(story.scored(scheme=SECOND)) == ["old"]


def test_whoever_is_judged_on_too_little_is_scored_and_listed_and_not_ranked() -> None:
    # Quantity and review are 25 of 65 points, below 60 %; with a column they are 50, with letters 40.
    story = Story()
    for code in ("small", "column", "letters"):
        story.department(code)
        for n in range(4):
            story.published(f"{code}{n}", code, at=on(1 + n))
    story.column("c-news", "column").refreshed("c-news", "column", at=OPENING, due_at=on(20, "00:00"))
    story.received("L1", "letters", at=on(1), due_at=on(8, "00:00"))
    story.answered("L1", "letters", at=on(4), due_at=on(8, "00:00"))

    scored = story.scored(scheme=SECOND)

    assert (scored["small"].score, scored["small"].rank) == (D("100.00"), None)
    assert (scored["letters"].score, scored["letters"].rank) == (D("100.00"), 1)
    assert scored["column"].rank == 2


def test_exactly_sixty_percent_of_the_maxima_is_enough() -> None:
    assert SECOND.ranks(D(39))
    assert not SECOND.ranks(D("38.99"))


def test_a_column_is_judged_from_the_day_after_it_opened() -> None:
    # Opened on the 10th, due at 24:00 of the 14th, then stale: 4 days inside (11 to 14) of 20 (11 to 30).
    story = Story().department("finance").column("c-news", "finance", at=on(10))
    story.refreshed("c-news", "finance", at=on(10), due_at=on(15, "00:00"), because=Activity.OPENED)

    line = story.line("finance", "update_cycle", scheme=SECOND)

    assert (line.points, line.formula) == (D("5.00"), "在更新周期内 4 栏目日 ÷ 应维护 20 栏目日 × 25 分 = 5.00 分")
    assert line.facts[0].remark.endswith("本月在周期内 4 天，超期 16 天")


def test_a_column_opened_on_the_last_evening_does_not_count_yet() -> None:
    story = Story().department("finance").column("c-news", "finance", at=on(30, "23:00"))
    story.refreshed("c-news", "finance", at=on(30, "23:00"), due_at=on(8, "00:00", month=10), because=Activity.OPENED)

    line = story.line("finance", "update_cycle", scheme=SECOND)

    assert (line.points, line.facts) == (None, ())


def test_a_letter_handed_to_and_fro_is_named_on_both_sides_with_its_times() -> None:
    story = Story().department("finance").department("health").department("transport")
    story.received("L1", "finance", at=on(1), due_at=on(8, "00:00"))
    story.transferred("L1", "finance", "health", at=on(2, "09:30")).transferred("L1", "health", "finance", at=on(4))
    story.transferred("L1", "finance", "health", at=on(7, "17:05"))
    story.answered("L1", "health", at=on(9), due_at=on(8, "00:00"))

    for code in ("finance", "health"):
        remarks = [fact.remark for fact in story.line(code, "letters_in_time", scheme=SECOND).facts]
        assert "9月2日09:30由市finance局转交市health局办理" in remarks
        assert "9月4日10:00由市health局转交市finance局办理" in remarks
        assert "9月7日17:05由市finance局转交市health局办理" in remarks
    assert story.line("health", "letters_in_time", scheme=SECOND).points == D("0.00")
    assert story.line("finance", "letters_in_time", scheme=SECOND).points is None
    assert story.line("transport", "letters_in_time", scheme=SECOND).facts == ()


def test_a_letter_that_lies_overdue_where_it_was_handed_names_the_hand_over_on_both_sides() -> None:
    story = Story().department("finance").department("health")
    story.received("L1", "finance", at=on(1), due_at=on(8, "00:00")).transferred("L1", "finance", "health", at=on(7))

    health = story.line("health", "letters_in_time", scheme=SECOND)
    assert [fact.remark for fact in health.facts] == [
        "月末逾期未复，期限至2026年9月7日", "9月7日10:00由市finance局转交市health局办理",
    ]  # fmt: skip
    [given] = story.line("finance", "letters_in_time", scheme=SECOND).facts
    assert given.remark == "9月7日10:00由市finance局转交市health局办理"


def test_points_are_never_full_while_anything_is_missing() -> None:
    # 2,999 ÷ 3,000 × 5 = 4.998…, which would be shown as 5.00
    story = Story().department("finance")
    for n in range(3_000):
        story.published(f"i{n}", "finance", at=on(5), by_another=n > 0)

    assert story.line("finance", "review", scheme=SECOND).points == D("4.99")
    assert story.line("finance", "review").points == D("5.00")


def test_the_lines_and_the_scaling_step_sum_to_the_score_in_print() -> None:
    scored = whole_month().scored(scheme=SECOND)["health"]

    # 2.50 + 0.00 + 0.00 = 2.50, of 20 + 15 + 5 points
    assert scaled(scored.lines) == "2.50 + 0.00 + 0.00 = 2.50；2.50 ÷ 40 × 100 = 6.25 分"
    assert scored.score == D("6.25")


def test_months_before_it_took_effect_are_scored_by_the_first() -> None:
    assert [in_force(months.schemes(), month).version for month in ("2025-12", "2026-01")] == [
        "qingyuan-2008/1", "qingyuan-2008/2",
    ]  # fmt: skip
    assert (
        Inputs(position=1, scheme=SECOND.version, calendar="c", month="2026-01", as_of=AFTER).scheme == SECOND.version
    )


# --- what whoever confirms the month is shown


def test_the_scheme_says_what_is_close_together() -> None:
    assert SECOND.bunched == BUNCHED


def test_twelve_items_just_before_the_month_ends_are_shown() -> None:
    moments = [on(30, "23:50") + timedelta(seconds=20 * n) for n in range(12)]

    [found] = noticed({"finance": moments}, BUNCHED, end=END)

    assert found == Noticed(department="finance", count=12, of=12, since=moments[0], until=moments[-1])


@pytest.mark.parametrize(
    ("moments", "shown"),
    [
        ([on(30, f"{h:02}:00") for h in range(8, 16)], 8),  # over the whole last day
        ([on(12, f"10:{m:02}") for m in range(0, 40, 5)], 8),  # at once in the middle of the month
        ([on(3), on(9), on(17), on(30, "23:00"), on(30, "23:10"), on(30, "23:20"), on(30, "23:30")], 4),
        ([on(d) for d in range(1, 13)], None),  # evenly
        ([on(30, "23:50"), on(30, "23:51"), on(30, "23:52")], None),  # too few to mean anything
        ([on(d) for d in range(1, 20)] + [on(30, f"23:{m}") for m in range(50, 54)], None),  # few of many
    ],
)
def test_what_lies_close_together_is_shown_and_what_is_spread_is_not(
    moments: list[datetime], shown: int | None
) -> None:
    found = list(noticed({"finance": moments}, BUNCHED, end=END))

    assert [each.count for each in found] == ([] if shown is None else [shown])


@given(st.lists(st.datetimes(on(1).replace(tzinfo=None), on(30).replace(tzinfo=None)), min_size=1, max_size=30))
def test_what_is_shown_lies_in_the_month_and_is_counted_right(drawn: list[datetime]) -> None:
    moments = sorted(moment.replace(tzinfo=END.tzinfo) for moment in drawn)

    for each in noticed({"finance": moments}, BUNCHED, end=END):
        assert each.of == len(moments)
        assert each.count == sum(each.since <= moment <= each.until for moment in moments) >= BUNCHED.at_least


def test_every_line_of_every_scheme_is_explained_for_everybody() -> None:
    for scheme in months.schemes():
        [told] = adopt(scheme, at=END).facts
        assert isinstance(told, SchemeAdopted)
        assert [each.code for each in told.indicators] == [each.code for each in scheme.indicators]
        assert all(each.explained.endswith("。") for each in told.indicators)


@pytest.mark.servers
async def test_a_scheme_is_told_once_however_often_scoring_starts(program: Program) -> None:
    await timers.first(program.transact)
    told = program.db["journal"].find({"type": "scheme.adopted"}).sort("subject", 1)
    assert [fact["subject"] for fact in await told.to_list(None)] == [f"scheme/{s.version}" for s in months.schemes()]

    await timers.first(program.transact)

    assert await program.db["journal"].count_documents({"type": "scheme.adopted"}) == len(months.schemes())
