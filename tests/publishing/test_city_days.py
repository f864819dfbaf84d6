"""The demonstration city's items as they lie on whatever day it is loaded: a plan, pure of servers."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.columns import city as tree
from services.kernel.contracts.publishing import Activity, ItemKind
from services.kernel.domain.calendar import DAY, SHANGHAI, day_of, official, start_of
from services.kernel.running.city import Moment, at_work, read
from services.publishing import city, store
from services.publishing.domain import DutyState, announce, open_for, refresh

ITEMS = [city.CityItem.model_validate(each) for each in read(city.__file__)["items"]]
COLUMNS = tree.City.model_validate(read(tree.__file__)).columns
YEAR = [date(2026, 1, 1) + n * DAY for n in range(365)]
HARDEST = [
    date(2026, 1, 1),  # a year begins with a day off
    date(2026, 2, 23),  # the last of nine days off
    date(2026, 2, 24),  # the first worked after them
    date(2026, 2, 28),  # a Saturday that is worked, the end of a short month
    date(2026, 3, 1),  # a Sunday that begins a month
    date(2026, 10, 7),  # the last day off of a long holiday
    date(2026, 10, 11),
    date(2026, 11, 28),  # a Saturday late in a month
    date(2026, 12, 31),
    date(2027, 2, 10),  # a year whose calendar nobody has told yet
    date(2028, 2, 29),
]


def steps(item: city.CityItem, today: date) -> Iterator[tuple[str, datetime]]:
    """What happens to an item, in the order in which it is played."""
    day = item.day(today)
    for name in ("made", "submitted", "returned", "resubmitted", "reviewed", "published"):
        if moment := getattr(item, name):
            yield name, start_of(day_of(moment.at(day))) if name == "made" else moment.at(day)
    for revision in item.revisions:
        yield from (("revised", each.at(day)) for each in (revision.submitted, revision.reviewed, revision.published))
    if item.withdrawn:
        yield "withdrawn", item.withdrawn.at(day)


def published(item: city.CityItem, today: date) -> list[datetime]:
    day = item.day(today)
    return [each.at(day) for each in (item.published, *(revision.published for revision in item.revisions)) if each]


def states(today: date, at: datetime) -> Counter[DutyState]:
    """How the duties of all columns stand, each played through its activities."""
    opened, found = Moment().at(at_work(today - tree.OPENING)), Counter[DutyState]()
    for column in COLUMNS:
        made = open_for(
            column.id, owner=column.owner, cadence=column.cadence, windows=store.windows(), at=opened, heard_at=opened
        )
        if made is None:
            continue
        duty = made.state
        activities = sorted(m for item in ITEMS if item.column == column.path for m in published(item, today))
        for moment in activities:
            duty = refresh(duty, Activity.PUBLISHED, windows=store.windows(), at=moment).state
        found[announce(duty, at=at).state.state] += 1
    return found


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize("hour", [0, 12, 24], ids=["at dawn", "at noon", "at night"])
def test_on_the_hardest_days_two_columns_are_red_and_a_few_amber(hour: int) -> None:
    for day in HARDEST:
        found = states(day, start_of(day) + timedelta(hours=hour) - timedelta(seconds=1) * (hour == 24))

        assert found[DutyState.STALE] == 2, day
        assert 2 <= found[DutyState.DUE_SOON] <= 5, day
        assert found[DutyState.CURRENT] >= 24, day


def test_on_every_day_of_a_year_likewise() -> None:
    for day in YEAR:
        found = states(day, noon(day))

        assert found[DutyState.STALE] == 2, day
        assert 2 <= found[DutyState.DUE_SOON] <= 5, day


def test_whatever_the_day_all_that_happens_lies_before_it_and_after_the_columns_were_opened() -> None:
    for today in YEAR + HARDEST:
        begin, end = Moment().at(at_work(today - tree.OPENING)), start_of(today)
        for item in ITEMS:
            moments = [moment for name, moment in steps(item, today) if name != "made"]
            assert begin < moments[0] - city.WRITING, (today, item.key)
            assert moments[-1] < end, (today, item.key)


def test_whatever_the_day_an_item_goes_its_way_in_order() -> None:
    for today in YEAR + HARDEST:
        for item in ITEMS:
            moments = [moment for _, moment in steps(item, today)]
            assert moments == sorted(moments), (today, item.key)


def test_people_publish_on_the_days_they_work_and_warnings_go_out_on_any() -> None:
    for today in YEAR:
        for item in ITEMS:
            assert item.any_day or official().is_working(item.day(today)), (today, item.key)
    assert {item.department for item in ITEMS if item.any_day} == {"office", "weather"}


def test_whatever_the_day_the_news_begin_with_yesterday() -> None:
    articles = [item for item in ITEMS if item.kind is ItemKind.ARTICLE and item.published]
    for today in YEAR + HARDEST:
        latest = max(articles, key=lambda item: published(item, today)[0])
        assert day_of(published(latest, today)[0]) == today - DAY
        assert latest.column == "news/city", (today, latest.key)
