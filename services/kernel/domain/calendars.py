"""Calendars as records: the days of each year as they were told, in every version, and the calendar of a version.

One number counts the changes of all years together. Version 7 of the calendar is what each year was at number 7.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import ClassVar

from pydantic import ConfigDict

from services.kernel.domain.calendar import Calendar
from services.kernel.domain.decision import Copied, Reader

KEPT = 16  # calendars that a process holds ready


@dataclass(frozen=True, slots=True)
class DayOff:
    """A day off, with its Chinese name."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    day: date
    """In Asia/Shanghai."""
    name: str
    """Of the holiday, as 国庆节."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days off of a year, and the weekend days that are worked for them (调休). `source`: who says so."""

    off: tuple[DayOff, ...]
    make_up: tuple[date, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition(Days):
    """The days of a year from a number on."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest(Copied):
    """Of a year: the number and the moment of its last change; `id`: the year."""

    KIND: ClassVar[str] = "calendar"

    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Year(Newest):
    """A year in all its editions, oldest first: a program's own aggregates, or its copies of them."""

    editions: tuple[Edition, ...]

    def edition(self, number: int) -> Edition | None:
        return next((edition for edition in reversed(self.editions) if edition.number <= number), None)


def told(year: Year | None, id: str, edition: Edition) -> Year:
    """A copy after another edition was told."""
    before = year.editions if year else ()
    return Year(id=id, number=edition.number, at=edition.at, editions=(*before, edition))


UNKNOWN = Calendar(version="calendar-0", holidays=MappingProxyType({}), make_up=frozenset(), years=frozenset())
"""Before anything was told: no year has a notice, so that every deadline in working days is provisional."""


def name(number: int) -> str:
    """As clocks and months keep it."""
    return f"calendar-{number}"


def number_of(version: str) -> int:
    """The number of a version. Another name is the library's of the days that were loaded first."""
    word, _, number = version.partition("-")
    return int(number) if word == "calendar" and number.isdigit() else 1


def put_together(years: Iterable[Year], number: int) -> Calendar:
    found = {int(year.id): edition for year in years if (edition := year.edition(number))}
    return replace(
        UNKNOWN,
        version=name(number),
        holidays=MappingProxyType({day.day: day.name for edition in found.values() for day in edition.off}),
        make_up=frozenset(day for edition in found.values() for day in edition.make_up),
        years=frozenset(found),
    )


_held: dict[tuple[int, datetime], Calendar] = {}


async def at_number(read: Reader, number: int, at: datetime) -> Calendar:
    """The calendar of a number, which was told at this moment; a process holds the latest it was asked for ready."""
    key = (number, at)
    if key not in _held:
        if len(_held) == KEPT:
            _held.clear()
        _held[key] = put_together(await read.find(Year, {}, sort="_id", limit=0), number)
    return _held[key]


async def current(read: Reader) -> Calendar:
    """As far as this program has heard. Index: number."""
    newest = await read.find(Newest, {}, sort="-number", limit=1)
    return await at_number(read, newest[0].number, newest[0].at) if newest else UNKNOWN


async def of_version(read: Reader, version: str) -> Calendar:
    """The calendar that a clock or a month was reckoned with."""
    return replace(put_together(await read.find(Year, {}, sort="_id", limit=0), number_of(version)), version=version)
