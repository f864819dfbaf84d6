"""The score as a whole: what it follows from, and what it must not."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.columns import Cadence, DepartmentClass
from services.kernel.contracts.publishing import Activity, Ground
from services.kernel.domain.decision import Missing, Unknown
from services.kernel.domain.event import Message
from services.scoring.domain.facts import MEASURED, taken
from services.scoring.domain.scheme import in_force
from services.scoring.domain.score import canonical, compute, scaled
from services.scoring.store import month as months
from tests.scoring.story import AFTER, OPENING, SCHEME, Story, inputs, kept, on, pieces, whole_month

ANNOUNCED = ("duty.stale", "duty.due_soon", "letter.overdue", "letter.due_soon")


def told(messages: list[Message]) -> bytes:
    return canonical(compute(pieces(messages), inputs(), SCHEME), inputs())


def test_a_whole_month_by_hand() -> None:
    # finance (III): quantity 3 ÷ 4 × 20 = 15.00; update 8 ÷ 30 × 25 = 6.67; letters 1 ÷ (1 + 1) × 15 = 7.50;
    # review 3 of 4: 3.75. Sum 32.92 ÷ 65 × 100 = 50.646… → 50.65
    # health (II): quantity 1 ÷ 8 × 20 = 2.50; no column; letters 0 ÷ 1 = 0; review 0. 2.50 ÷ 40 × 100 = 6.25
    scored = whole_month().scored()

    assert [line.points for line in scored["finance"].lines] == [
        Decimal("15.00"), Decimal("6.67"), Decimal("7.50"), Decimal("3.75"),
    ]  # fmt: skip
    assert (scored["finance"].score, scored["finance"].rank) == (Decimal("50.65"), 1)
    assert (scored["health"].score, scored["health"].rank) == (Decimal("6.25"), 2)
    assert scaled(scored["finance"].lines) == "15.00 + 6.67 + 7.50 + 3.75 = 32.92；32.92 ÷ 65 × 100 = 50.65 分"


def test_a_body_is_scored_on_the_duties_it_has() -> None:
    # Nothing but quantity and review apply: (20 + 5) ÷ 25 × 100 = 100
    story = Story().department("finance")
    for n in range(4):
        story.published(f"i{n}", "finance", at=on(1 + n))

    scored = story.scored()["finance"]

    assert scored.score == Decimal("100.00")
    assert [line.points for line in scored.lines if line.points is None] == [None, None]


def test_equal_scores_share_a_rank_and_the_next_rank_is_left_out() -> None:
    story = Story().department("a").department("b").department("c")
    for department in ("a", "b"):
        story.published(f"i-{department}", department, at=on(2))

    assert {code: each.rank for code, each in story.scored().items()} == {"a": 1, "b": 1, "c": 3}


def test_what_a_department_that_ended_did_counts_for_its_successor_which_alone_is_scored() -> None:
    # health (II) takes over finance (III) on the 20th: 3 + 1 items ÷ 8 × 20 = 10.00; the column with it; letters 1 ÷ 3
    # × 15 = 5.00; review 0 for what health withdrew.
    story = whole_month().merged("finance", "health", at=on(18), since=on(20, "00:00"))

    [health] = story.scored().values()

    assert health.department == "health"
    assert [line.points for line in health.lines] == [
        Decimal("10.00"), Decimal("6.67"), Decimal("5.00"), Decimal("0.00"),
    ]  # fmt: skip


def test_a_merger_that_takes_effect_when_the_month_is_over_changes_nothing_of_it() -> None:
    story = whole_month()
    before = story.scored()

    assert story.merged("finance", "health", at=on(18), since=on(1, "00:00", month=10)).scored() == before


def test_a_department_registered_after_the_month_is_not_in_it() -> None:
    story = Story().department("old").department("new", at=on(1, "00:00", month=10))

    assert list(story.scored()) == ["old"]


def test_facts_beyond_the_position_do_not_count() -> None:
    story = whole_month()
    before = compute(pieces(story.messages), inputs(position=len(story.messages)), SCHEME)
    story.published("late", "finance", at=on(25))

    after = compute(pieces(story.messages), inputs(position=len(story.messages) - 1), SCHEME)

    assert after == before


def test_a_fact_that_speaks_of_nobody_known_fails_instead_of_being_left_out() -> None:
    with pytest.raises(Unknown):
        Story().department("finance").published("i1", "ghost", at=on(2)).scored()


def test_a_scheme_is_in_force_from_its_day_and_none_before() -> None:
    assert in_force(months.schemes(), "2008-09").version == "qingyuan-2008/1"
    assert in_force(months.schemes(), "2025-12").version == "qingyuan-2008/1"
    assert in_force(months.schemes(), "2026-01").version == "qingyuan-2008/2"
    with pytest.raises(Missing):
        in_force(months.schemes(), "2008-08")
    with pytest.raises(ValueError, match="qingyuan-2008/1"):
        compute([], inputs(), replace(SCHEME, version="qingyuan-2008/2"))


def test_no_announcement_is_measured() -> None:
    assert not set(ANNOUNCED) & set(MEASURED)
    assert taken(kept(1, Story().stale("c-news", "finance", at=on(2)).messages[0])) is None


def test_what_a_measure_takes_of_an_item_leaves_its_text_behind() -> None:
    [piece] = Story().published("i1", "finance", at=on(2)).pieces()

    assert "正文" not in repr(piece)


# --- properties, over months made at random

DAYS = st.integers(1, 30)
DEPARTMENTS = st.sampled_from(["finance", "health", "transport"])


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Departments, columns with duties, items and letters, at any time from August to October."""
    story = Story()
    for code in ("finance", "health", "transport"):
        story.department(code, draw(st.sampled_from(DepartmentClass)))
        story.column(f"c-{code}", code, cadence=draw(st.sampled_from([Cadence.NEWS, Cadence.STATIC, Cadence.NONE])))
        story.refreshed(f"c-{code}", code, at=OPENING, due_at=OPENING + timedelta(days=7), because=Activity.OPENED)
        for day in sorted(draw(st.lists(DAYS, max_size=4, unique=True))):
            story.refreshed(f"c-{code}", code, at=on(day), due_at=on(day) + timedelta(days=draw(st.integers(1, 20))))
    for n, (department, day, whole, month) in enumerate(
        draw(st.lists(st.tuples(DEPARTMENTS, DAYS, st.booleans(), st.sampled_from([8, 9, 9, 9, 10])), max_size=12))
    ):
        story.published(f"i{n}", department, at=on(day, month=month), by_another=whole)
        if draw(st.integers(0, 9)) == 0:
            ground = draw(st.sampled_from([None, *Ground]))
            story.withdrawn(f"i{n}", department, at=on(day, "18:00", month=month), ground=ground)
    letters(draw, story)
    return story


def letters(draw: st.DrawFn, story: Story) -> None:
    for n, (department, other, day) in enumerate(draw(st.lists(st.tuples(DEPARTMENTS, DEPARTMENTS, DAYS), max_size=8))):
        due = on(day, month=8) + timedelta(days=draw(st.integers(1, 50)))
        story.received(f"L{n}", department, at=on(day, month=8), due_at=due)
        if other != department:
            story.transferred(f"L{n}", department, other, at=on(day, "11:00", month=8))
        if draw(st.booleans()):
            at = on(day, "12:00", month=8) + timedelta(days=draw(st.integers(0, 60)))
            story.answered(f"L{n}", other, at=at, due_at=due)


@given(stories(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_facts_arrive_does_not_change_a_byte(story: Story, data: st.DataObject) -> None:
    arrived = data.draw(st.permutations(story.messages))

    assert told(list(arrived)) == told(story.messages)


@given(stories())
@settings(max_examples=60, deadline=None)
def test_scores_and_points_stay_within_their_bounds(story: Story) -> None:
    for each in story.scored().values():
        assert each.score is None or 0 <= each.score <= 100
        assert all(line.points is None or 0 <= line.points <= line.maximum for line in each.lines)
        assert (each.score is None) == (each.rank is None)


def test_another_process_reckons_the_same_bytes_however_it_hashes() -> None:
    """Sets and dictionaries have another order in each process: none of it may reach the bytes that are compared."""
    script = """
import sys
from tests.scoring.test_score import told, whole_month
sys.stdout.buffer.write(told(whole_month().messages))
"""
    command, here = [sys.executable, "-c", script], told(whole_month().messages)

    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed}
        assert subprocess.run(command, env=env, capture_output=True, check=True).stdout == here


@given(stories(), DAYS)
@settings(max_examples=40, deadline=None)
def test_a_fact_of_another_department_changes_nothing_for_this_one(story: Story, day: int) -> None:
    before = story.scored()
    story.published("more", "health", at=on(day)).received("more", "health", at=on(day), due_at=on(day, "11:00"))
    after = story.scored()

    for code in ("finance", "transport"):
        assert after[code].lines == before[code].lines
        assert after[code].score == before[code].score


@given(stories(), st.lists(st.tuples(DEPARTMENTS, DAYS), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_announcements_said_or_left_out_change_nothing(story: Story, said: list[tuple[str, int]]) -> None:
    before = told(story.messages)
    for n, (department, day) in enumerate(said):
        story.stale(f"c-{department}", department, at=on(day)).overdue(f"X{n}", department, at=on(day))

    assert told(story.messages) == before


@given(stories(), st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_once_the_month_is_over_what_happens_later_changes_nothing_but_the_moment(story: Story, days: int) -> None:
    later = inputs(as_of=AFTER + timedelta(days=days))

    assert compute(pieces(story.messages), later, SCHEME) == compute(pieces(story.messages), inputs(), SCHEME)
