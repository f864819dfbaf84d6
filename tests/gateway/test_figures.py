"""Figures on the portal: what carries over from year to year, one rounding, the step from lines to score."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.pages.words import deadline, dialled, share
from services.kernel.contracts import mailbox as m
from services.kernel.domain.clock import now
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e


@pytest.mark.parametrize(
    ("phone", "address"),
    [
        ("0763-3300001", "tel:07633300001"), ("+86 138 0000 0000", "tel:+8613800000000"),
        ("(0763)3360000转801", "tel:07633360000;ext=801"), ("0763-3360000-12", "tel:07633360000;ext=12"),
    ],
)  # fmt: skip
def test_a_telephone_number_can_be_called_with_its_extension(phone: str, address: str) -> None:
    assert dialled(phone) == address


def test_a_share_is_never_whole_while_one_is_missing() -> None:
    of = ((1_999, 2_000), (199_999, 200_000), (2_000, 2_000), (2, 3), (1, 2), (0, 0))

    assert [share(part, whole) for part, whole in of] == ["99.95%", "99.99%", "100%", "66.67%", "50%", "—"]


@pytest.mark.parametrize(
    ("due_at", "said"),
    [("2026-12-17T16:00Z", "2026-12-17 24时前"), ("2026-12-31T16:00Z", "2026-12-31 24时前")],
)
def test_a_deadline_is_said_as_its_last_day(due_at: str, said: str) -> None:
    assert deadline(datetime.fromisoformat(due_at)) == said


def letter(n: int, at: datetime) -> list[Any]:
    return [e.received(f"20260302-7K3M{n:02}", at=at, due_at=at)]


def overdue(n: int, at: datetime) -> m.LetterOverdue:
    return m.LetterOverdue(at=at, letter_id=f"20260302-7K3M{n:02}", department="finance", due_at=at, rule="letters/1")


def answer(n: int, at: datetime, *, due_at: datetime) -> m.LetterAnswered:
    return e.answered(f"20260302-7K3M{n:02}", at=at, due_at=due_at)


def rated(n: int, stars: int) -> m.LetterRated:
    return m.LetterRated(
        at=now(), letter_id=f"20260302-7K3M{n:02}", department="finance", stars=stars, solved=True
    )  # fmt: skip


@pytest.mark.servers
async def test_letters_of_last_year_stay_open_and_overdue_when_the_year_turns(portal_at: Portal) -> None:
    year = now().year
    december, january = datetime(year - 1, 12, 10, 2, tzinfo=UTC), datetime(year, 1, 1, tzinfo=UTC)
    told = [event for n in range(4) for event in letter(n, december)]
    told += [overdue(0, december), overdue(1, december)]
    told += letter(4, january)
    told += [answer(3, january, due_at=december), answer(4, january, due_at=now())]
    await portal_at.hears(e.department(), *told)

    found = (await portal_at.get("/api/v1/letters")).json()["statistics"]

    assert (found["received"], found["answered"], found["in_time"]) == (1, 2, 1)
    assert (found["open"], found["carried_over"], found["overdue"]) == (3, 3, 2)
    assert "其中 3 件是此前收到的" in (await portal_at.get("/letters")).text
    assert "25%" in (await portal_at.get("/letters")).text  # 1 ÷ (2 + 2)


@pytest.mark.servers
@pytest.mark.parametrize(("stars", "mean"), [([5, 4, 4, 4], 4.3), ([1] * 5 + [2] * 6, 1.5)])
async def test_the_mean_of_ratings_is_rounded_once_half_up(portal_at: Portal, stars: list[int], mean: float) -> None:
    at = now()
    told = [event for n in range(len(stars)) for event in (*letter(n, at), answer(n, at, due_at=at))]
    await portal_at.hears(e.department(), *told, *(rated(n, given) for n, given in enumerate(stars)))

    assert (await portal_at.get("/api/v1/letters")).json()["statistics"]["mean_stars"] == mean
    assert f"<dd>{mean} / 5</dd>" in (await portal_at.get("/letters")).text


@pytest.mark.servers
async def test_the_lines_of_a_month_and_the_step_that_scales_them_sum_to_the_score(portal_at: Portal) -> None:
    lines = (
        e.LINE.model_copy(update={"points": "12.08"}),
        e.LINE.model_copy(update={"indicator": "update_cycle", "points": None, "maximum": "25"}),
        e.LINE.model_copy(update={"indicator": "review", "points": "0.00", "maximum": "45"}),
    )
    told = e.assessed(score="18.58", rank=None, lines=[line.model_dump() for line in lines])
    await portal_at.hears(e.department(), told)

    found = (await portal_at.get("/api/v1/scores/2026-02/finance")).json()
    page = (await portal_at.get("/scores/2026-02/finance")).text

    assert found["formula"] == "12.08 + 0.00 = 12.08；12.08 ÷ 65 × 100 = 18.58 分"
    assert re.search(r'<h2 id="total">.*?12\.08 ÷ 65 × 100 = 18\.58 分', page, re.DOTALL)
    assert "只计分，不参加排名" in page
