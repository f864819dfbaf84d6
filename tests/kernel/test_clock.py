from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.domain import clock


@pytest.fixture(autouse=True)
def _unshifted() -> Iterator[None]:
    yield
    clock.shift(timedelta())


def test_now_is_the_host_s_time_in_utc() -> None:
    before = datetime.now(UTC)
    moment = clock.now()

    assert moment.tzinfo is UTC
    assert before - timedelta(milliseconds=1) < moment <= datetime.now(UTC)


def test_now_has_no_more_than_milliseconds_so_that_mongodb_gives_back_what_was_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "host", lambda: datetime(2026, 11, 2, 9, 30, 0, 123_999, tzinfo=UTC))
    clock.shift(timedelta(microseconds=500))

    assert clock.now() == datetime(2026, 11, 2, 9, 30, 0, 124_000, tzinfo=UTC)


def test_a_shift_moves_now_and_leaves_the_host_s_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock.shift(timedelta(days=30))

    assert timedelta(days=29, hours=23) < clock.now() - datetime.now(UTC) <= timedelta(days=30)
    assert abs(clock.host() - datetime.now(UTC)) < timedelta(hours=1)


def test_a_second_shift_replaces_the_first() -> None:
    clock.shift(timedelta(days=30))
    clock.shift(timedelta(days=-1))

    assert clock.now() < clock.host()
