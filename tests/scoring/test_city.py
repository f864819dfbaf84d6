"""Scoring's part of the demonstration city: once, resumed where it was cut off, and never over other months."""

from datetime import date, datetime, timedelta

import pytest

from services.kernel.contracts.publishing import Activity
from services.kernel.domain.calendar import DAY, day_of, month_of, month_span, start_of
from services.kernel.domain.clock import now
from services.kernel.running.city import read
from services.kernel.running.program import Program
from services.scoring import city
from services.scoring.actions import close_month
from services.scoring.domain.score import compute
from tests.scoring.conftest import Hear
from tests.scoring.story import SCHEME, Story, inputs

pytestmark = pytest.mark.servers
CITY = city.City.model_validate(read(city.__file__))
MONTHS = [month.id(day_of(now())) for month in CITY.months]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(city, "STILL", 0.05)


def past() -> Story:
    """Something of everything in the first month that is scored."""
    begin, end = month_span(MONTHS[0])
    opening, due = begin - timedelta(days=9), end + timedelta(days=90)
    story = Story().department("finance", at=opening).column("c-news", "finance", at=opening)
    story.refreshed("c-news", "finance", at=opening, due_at=due, because=Activity.OPENED)
    story.published("i1", "finance", at=begin + timedelta(days=2))
    return story.received("L1", "finance", at=begin, due_at=begin + timedelta(days=5))


def test_whatever_the_day_the_last_month_is_published_by_then_and_not_before_its_end() -> None:
    for today in (date(2026, 1, 1) + n * DAY for n in range(365)):
        latest = max(CITY.months, key=lambda month: month.month)
        closed, confirmed, published = latest.steps(today)

        assert latest.id(today) == month_of(start_of(today.replace(day=1)) - DAY)
        assert month_span(latest.id(today))[1] < closed < confirmed < published < start_of(today) + DAY, today


async def states(program: Program) -> dict[str, str]:
    return {d["_id"]: d["state"] async for d in program.db["month"].find()}


async def moments(program: Program, type_: str) -> list[datetime]:
    return [record["at"] async for record in program.db["journal"].find({"type": type_}).sort("_id", 1)]


async def test_the_months_are_closed_confirmed_and_published_at_their_moments_and_once(
    working: Program, hear: Hear, capsys: pytest.CaptureFixture[str]
) -> None:
    await hear(past().messages)

    await city.load(working)
    await city.load(working)

    assert "already" in capsys.readouterr().out
    assert await states(working) == dict.fromkeys(MONTHS, "published")
    closed, confirmed, published = [
        await moments(working, f"month.{step}") for step in ("closed", "confirmed", "published")
    ]
    for n, month in enumerate(MONTHS):
        assert month_span(month)[1] < closed[n] < confirmed[n] < published[n] < now()
    assert len(closed) == len(confirmed) == len(published) == len(MONTHS)
    assert len(await moments(working, "assessment.published")) == len(MONTHS)


async def test_a_load_that_was_cut_off_goes_on(working: Program, hear: Hear, monkeypatch: pytest.MonkeyPatch) -> None:
    await hear(past().messages)

    async def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(city, "confirm_month", cut)
        with pytest.raises(KeyboardInterrupt):
            await city.load(working)
    assert await states(working) == {MONTHS[0]: "closed"}

    await city.load(working)

    assert await states(working) == dict.fromkeys(MONTHS, "published")
    assert len(await moments(working, "month.closed")) == len(MONTHS)


async def test_it_does_not_go_into_a_database_that_holds_other_months(working: Program, hear: Hear) -> None:
    await hear(past().messages)
    end = month_span(MONTHS[0])[0]
    other = inputs(month=month_of(end - timedelta(days=1)), as_of=end)
    await working.transact(close_month, other, compute(past().pieces(), other, SCHEME), at=end)

    with pytest.raises(SystemExit, match="other months"):
        await city.load(working)
