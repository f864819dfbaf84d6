"""Figures are reckoned exactly and rounded once."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.domain.calendar import end_of, in_time, last_day
from services.kernel.domain.figures import half_up, mean, scaling, share

WHOLE = st.integers(1, 10**9)


@pytest.mark.parametrize(
    ("number", "places", "shown"),
    [("4.25", 1, "4.3"), ("1.5454", 1, "1.5"), ("0.005", 2, "0.01"), ("2.675", 2, "2.68"), ("7", 2, "7.00")],
)
def test_half_goes_up(number: str, places: int, shown: str) -> None:
    assert str(half_up(Decimal(number), places)) == shown


@given(st.integers(1, 5000), st.integers(1, 1000), st.integers(0, 3))
def test_a_mean_is_within_half_a_step_of_the_exact_one(total: int, count: int, places: int) -> None:
    shown = mean(total, count, places)

    assert shown is not None
    off = Fraction(shown) - Fraction(total, count)
    assert -Fraction(1, 2 * 10**places) < off <= Fraction(1, 2 * 10**places)
    assert mean(0, 0) is None


@given(WHOLE, st.data())
def test_a_share_is_whole_exactly_if_nothing_is_missing(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.one_of(st.integers(0, whole), st.integers(max(0, whole - 3), whole)))

    assert (share(part, whole) == 100) == (part == whole)
    assert (share(part, whole, Decimal(5)) == 5) == (part == whole)
    assert 0 <= share(part, whole) <= 100


def test_a_score_follows_from_its_lines_in_print() -> None:
    assert scaling([(Decimal("12.08"), Decimal(20)), (None, Decimal(35)), (Decimal("0.00"), Decimal(45))]) == (
        Decimal("18.58"), "12.08 + 0.00 = 12.08；12.08 ÷ 65 × 100 = 18.58 分",
    )  # fmt: skip
    assert scaling([(Decimal("20.00"), Decimal(20))])[1] == "20.00 ÷ 20 × 100 = 100.00 分"
    assert scaling([(None, Decimal(20))]) == (None, "本月没有适用的指标，不计分")


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_twenty_four_o_clock_belongs_to_the_day_that_it_ends_and_is_too_late(day: date) -> None:
    due_at = end_of(day)

    assert last_day(due_at) == day
    assert in_time(due_at - timedelta(microseconds=1), due_at)
    assert not in_time(due_at, due_at)
