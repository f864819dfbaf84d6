"""The calendar of a year (工作日历): loaded once, then changed by the office, every edition kept."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar

from services.kernel.contracts.mailbox import CalendarChanged
from services.kernel.domain.calendar import Calendar, by_law
from services.kernel.domain.calendars import DayOff, Days, Edition
from services.kernel.domain.decision import Aggregate, Decision
from services.mailbox.domain import refusals

EARLIEST, LATEST = 2000, 2100  # years whose calendar may be set


@dataclass(frozen=True, slots=True, kw_only=True)
class Year(Aggregate):
    """A year in all its editions; `id`: the year. `number`, `at`: of the newest."""

    KIND: ClassVar[str] = "calendar"

    number: int
    at: datetime
    editions: tuple[Edition, ...]

    @property
    def days(self) -> Days:
        """As they are in force."""
        return days_of(self.editions[-1])


def days_of(edition: Edition) -> Days:
    return Days(**{each.name: getattr(edition, each.name) for each in fields(Days)})


def must_be_a_year(year: int) -> None:
    if not EARLIEST <= year <= LATEST:
        raise refusals.NO_SUCH_YEAR(earliest=EARLIEST, latest=LATEST)


def must_fit(days: Days, year: int) -> None:
    """Raises `Malformed` if these cannot be the days off and the make-up days of that year."""
    off, make_up = [each.day for each in days.off], list(days.make_up)
    strange = sorted({day for day in (*off, *make_up) if day.year != year})
    if strange:
        raise refusals.ANOTHER_YEAR(day=strange[0], year=year)
    for day in sorted(off + make_up):
        if off.count(day) + make_up.count(day) > 1:
            raise refusals.DAY_TWICE(day=day)
    if weekdays := [day for day in make_up if day.weekday() < 5]:
        raise refusals.WEEKDAY_MADE_UP(day=weekdays[0])


def change(found: Year | None, year: int, days: Days, *, number: int, at: datetime) -> Decision[Year]:
    """The days of a year from now on. The same again change nothing."""
    must_be_a_year(year)
    must_fit(days, year)
    days = Days(off=tuple(sorted(days.off, key=lambda each: each.day)), make_up=tuple(sorted(days.make_up)),
                source=days.source)  # fmt: skip
    if found is not None and found.days == days:
        return Decision(found)
    edition = Edition(off=days.off, make_up=days.make_up, source=days.source, number=number, at=at)
    told = CalendarChanged(at=at, year=year, version=number, off=days.off, make_up=days.make_up, source=days.source)
    before = found.editions if found else ()
    version = found.version if found else 0
    return Decision(Year(id=str(year), version=version, number=number, at=at, editions=(*before, edition)), (told,))


def years_of(calendar: Calendar) -> Iterator[tuple[int, Days]]:
    """The days of each year that a calendar knows."""
    for year in sorted(calendar.years):
        yield year, of_year(calendar, year)


def of_year(calendar: Calendar, year: int) -> Days:
    """The days of a year; those of the law where the calendar does not know it."""
    known = calendar.holidays if calendar.knows(year) else by_law(year)
    off = tuple(DayOff(day, known[day]) for day in sorted(known) if day.year == year)
    make_up = tuple(sorted(day for day in calendar.make_up if day.year == year))
    return Days(off=off, make_up=make_up, source=calendar.version)


def differs(days: Days, proposed: Days) -> bool:
    """Whether other days are off or worked, whatever they are called."""
    return {d.day for d in days.off} != {d.day for d in proposed.off} or set(days.make_up) != set(proposed.make_up)
