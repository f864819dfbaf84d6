"""The demonstration city as its first visitors find it, on whatever day it was loaded."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest

from services.kernel.domain.calendar import DAY, day_of, last_day, month_of, start_of
from services.kernel.domain.person import Role
from services.kernel.running.city import at_work, worked
from tests.support.city import ok
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


def home(city: Suite) -> Any:
    return ok(city.client("gateway").get("/api/v1/home"))


def all_of(city: Suite, service: str, list_: str) -> list[Any]:
    return list(ok(city.client(service, Role.OFFICE).get(f"{list_}?limit=200"))["items"])


def test_its_front_page_leads_with_the_day_before_and_shows_the_last_month(city: Suite, loaded_on: date) -> None:
    month = month_of(start_of(loaded_on.replace(day=1)) - DAY)
    until(lambda: home(city)["month"] == month and home(city)["news"])

    first = home(city)["news"][0]
    assert day_of(datetime.fromisoformat(first["published_at"])) == loaded_on - DAY
    assert len(home(city)["scores"]) == 8


def test_two_of_its_columns_are_red_and_a_few_amber(city: Suite) -> None:
    found = Counter(duty["state"] for duty in all_of(city, "publishing", "/duties"))

    assert found["stale"] == 2
    assert 2 <= found["due_soon"] <= 5


def test_letters_are_due_that_day_and_the_next_and_a_few_overdue(city: Suite, loaded_on: date) -> None:
    letters = [each for each in all_of(city, "mailbox", "/letters") if each["answered_at"] is None]
    due = Counter(last_day(datetime.fromisoformat(each["due_at"])) for each in letters)

    assert due[at_work(loaded_on)] >= 2
    assert due[worked(at_work(loaded_on), 1)] >= 2
    assert sum(each["overdue_since"] is not None for each in letters) == 3
