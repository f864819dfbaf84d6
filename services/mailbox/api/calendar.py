"""The calendar of working days: what is in force, what a newer library proposes, and how the office sets it."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from services.kernel.contracts.fields import written
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.calendar import official
from services.kernel.domain.calendars import UNKNOWN, DayOff, Days, name
from services.kernel.domain.clock import now
from services.kernel.domain.person import EVERYBODY, Role
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Door, IfMatch, Read, Rights, View
from services.mailbox import store
from services.mailbox.actions import change_calendar
from services.mailbox.domain import refusals
from services.mailbox.domain.calendar import EARLIEST, LATEST, Year, differs, must_be_a_year, of_year
from services.mailbox.domain.reception import current_rules

router = APIRouter(route_class=Door, tags=["calendars"])
MAY: Rights = {
    "GET /calendars": EVERYBODY,
    "GET /calendars/{year}": EVERYBODY,
    "PUT /calendars/{year}": {Role.OFFICE},
}
SAYS: Says = {
    "GET /calendars/{year}": (refusals.NO_SUCH_YEAR,),
    "PUT /calendars/{year}": (
        refusals.ANOTHER_YEAR,
        refusals.DAY_TWICE,
        refusals.NO_SUCH_YEAR,
        anywhere.stale("calendar"),
        refusals.WEEKDAY_MADE_UP,
    ),
}
LAW = "全国年节及纪念日放假办法"  # what gives the days off of a year without a notice

YearInPath = Annotated[int, Path(description=f"{EARLIEST} to {LATEST}")]
Named = Annotated[str, written(text.line, 1, 100)]


class DayOffBody(Body):
    """A day off, with its Chinese name, as 国庆节."""

    day: date
    name: Named


class CalendarBody(Body):
    """All days off of a year, and the Saturdays and Sundays that are worked for them. `source`: the notice's number."""

    off: Annotated[tuple[DayOffBody, ...], Field(max_length=366)]
    make_up: Annotated[tuple[date, ...], Field(max_length=105)]
    source: Named

    @property
    def days(self) -> Days:
        return Days(off=tuple(DayOff(x.day, x.name) for x in self.off), make_up=self.make_up, source=self.source)


class DayOffView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    day: date
    name: str


class DaysView(BaseModel):
    """The days of a year, and who says so."""

    model_config = ConfigDict(from_attributes=True)

    off: tuple[DayOffView, ...]
    make_up: tuple[date, ...]
    source: str


class CalendarView(View, DaysView):
    """A year's calendar. `calendar`: the version since which it is so; None if no notice is loaded.

    Then the days are those of the law itself, and deadlines that touch the year are `provisional`. `proposed`: what the
    library of this version of the program has for the year, if that differs.
    """

    year: int
    calendar: str | None
    provisional: bool
    proposed: DaysView | None

    @classmethod
    def of_year(cls, year: int, found: Year | None) -> Self:
        theirs = of_year(official(), year) if official().knows(year) else None
        days = found.days if found else replace(of_year(UNKNOWN, year), source=LAW)
        return cls(
            version=found.version if found else 0, year=year, calendar=name(found.number) if found else None,
            provisional=found is None, off=tuple(DayOffView.model_validate(each) for each in days.off),
            make_up=days.make_up, source=days.source,
            proposed=DaysView.model_validate(theirs) if theirs and differs(days, theirs) else None,
        )  # fmt: skip


class YearBrief(View):
    """A year whose notice is loaded."""

    year: int
    calendar: str
    source: str


class Calendars(BaseModel):
    """The version in force over all years, and the years."""

    calendar: str
    years: list[YearBrief]


@router.get("/calendars", summary="The years whose notices are loaded")
async def years(read: Read) -> Calendars:
    rules = await current_rules(read)
    found = [
        YearBrief(version=year.version, year=int(year.id), calendar=name(year.number), source=year.days.source)
        for year in await store.years(read)
    ]
    return Calendars(calendar=name(rules.number), years=found)


@router.get("/calendars/{year}", summary="A year's days off and make-up days, and what a newer library proposes")
async def calendar(year: YearInPath, read: Read) -> CalendarView:
    must_be_a_year(year)
    return CalendarView.of_year(year, await read.look(Year, str(year)))


@router.put("/calendars/{year}", summary="Set the days of a year; every open letter is reckoned anew")
async def change(year: YearInPath, body: CalendarBody, answer: Answer, expected: IfMatch = None) -> CalendarView:
    def shown(found: Year) -> CalendarView:
        return CalendarView.of_year(year, found)

    return await answer(shown, change_calendar, year, body.days, at=now(), expected=expected)
