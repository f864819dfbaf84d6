"""The calendar of working days: what is in force, what a newer library proposes, and how the office sets it."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Self

from fastapi import APIRouter, Path
from pydantic import Field

from services.kernel.contracts.describing import example, means
from services.kernel.contracts.fields import written
from services.kernel.domain import refusals as anywhere
from services.kernel.domain import text
from services.kernel.domain.calendar import official
from services.kernel.domain.calendars import UNKNOWN, DayOff, Days, name
from services.kernel.domain.clock import now
from services.kernel.domain.person import EVERYBODY, Rights, Role
from services.kernel.http.problem import Says
from services.kernel.http.web import Answer, Body, Door, IfMatch, Read, Shape, View
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

TAGS = {"calendars": "The calendar of working days (工作日历), by year: days off and make-up weekends (调休)."}
YearInPath = Annotated[int, Path(description=f"The calendar year, {EARLIEST} to {LATEST}", examples=[2027])]
Named = Annotated[str, written(text.line, 1, 100)]
Day = Annotated[date, means("A day in Asia/Shanghai.", "2027-01-01")]


class DayOffBody(Body):
    """A day off, with its Chinese name."""

    day: Day
    name: Annotated[Named, means("Of the holiday.", "元旦")]


class CalendarBody(Body):
    """All days off of a year, and the Saturdays and Sundays that are worked for them."""

    model_config = example(
        off=[{"day": "2027-01-01", "name": "元旦"}, {"day": "2027-10-01", "name": "国庆节"}],
        make_up=["2027-10-09"], source="国办发明电〔2026〕8号",
    )  # fmt: skip

    off: Annotated[tuple[DayOffBody, ...], Field(max_length=366)]
    """Days off; weekends only where they are named."""
    make_up: Annotated[tuple[Day, ...], Field(max_length=105)]
    """Saturdays and Sundays that are worked (调休)."""
    source: Named
    """The number of the notice (节假日安排的通知) that says so."""

    @property
    def days(self) -> Days:
        return Days(off=tuple(DayOff(x.day, x.name) for x in self.off), make_up=self.make_up, source=self.source)


class DayOffView(Shape):
    """A day off."""

    day: Day
    name: str
    """Of the holiday, as 国庆节."""


class DaysView(Shape):
    """The days of a year, and who says so."""

    off: tuple[DayOffView, ...]
    """Days off; weekends only where they are named."""
    make_up: tuple[Day, ...]
    """Saturdays and Sundays that are worked (调休)."""
    source: str
    """The notice, the library that the days were first taken from, or the law."""


class CalendarView(View, DaysView):
    """A year's calendar. While no notice is loaded, the days are those of the law itself."""

    year: int
    """The calendar year."""
    calendar: str | None
    """The version since which it is so, as `calendar-7`; null if no notice is loaded."""
    provisional: bool
    """Whether no notice is loaded, so that deadlines that touch the year may still move."""
    proposed: DaysView | None
    """What the library of this version of the program has for the year, if that differs; null otherwise."""

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
    """The calendar year."""
    calendar: str
    """The version since which it is so, as `calendar-7`."""
    source: str
    """The notice, or the library that the days were first taken from."""


class Calendars(Shape):
    """The version in force over all years, and the years."""

    calendar: str
    """The version in force, as `calendar-7`: it counts the changes of all years together."""
    years: list[YearBrief]
    """Those whose notices are loaded."""


@router.get("/calendars", summary="The years whose notices are loaded")
async def years(read: Read) -> Calendars:
    """A deadline that reaches into a year that is not here is provisional."""
    rules = await current_rules(read)
    found = [
        YearBrief(version=year.version, year=int(year.id), calendar=name(year.number), source=year.days.source)
        for year in await store.years(read)
    ]
    return Calendars(calendar=name(rules.number), years=found)


@router.get("/calendars/{year}", summary="A year's days off and make-up days, and what a newer library proposes")
async def calendar(year: YearInPath, read: Read) -> CalendarView:
    """Without a notice, the days of the law (全国年节及纪念日放假办法). What a library proposes changes nothing."""
    must_be_a_year(year)
    return CalendarView.of_year(year, await read.look(Year, str(year)))


@router.put("/calendars/{year}", summary="Set the days of a year; every open letter is reckoned anew")
async def calendar_change(
    year: YearInPath, body: CalendarBody, answer: Answer, expected: IfMatch = None
) -> CalendarView:
    """By the office, from the State Council's yearly notice. A letter whose deadline moves tells `letter.redated`."""

    def shown(found: Year) -> CalendarView:
        return CalendarView.of_year(year, found)

    return await answer(shown, change_calendar, year, body.days, at=now(), expected=expected)
