"""Which days count, and when a limit ends: working days, calendar days and months of Asia/Shanghai."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib.metadata import version
from types import MappingProxyType
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from services.kernel.domain.event import DescribedEnum

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)


class TimeUnit(DescribedEnum):
    """In what a limit is counted. The day on which it begins is day zero."""

    WORKING_DAYS = "working_days", "without weekends and statutory holidays, with make-up weekends (工作日)"
    CALENDAR_DAYS = "calendar_days", "every day (自然日)"
    MONTHS = "months", "to the same day of the month, or to the month's last day"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a clock may run; the amount is a whole number of units, not below zero."""

    amount: int
    unit: TimeUnit

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"A limit cannot be below zero: {self.amount} {self.unit}.")


@dataclass(frozen=True, slots=True)
class DayPassed:
    """One day or month of a running limit. `why` is what `Calendar.why` says of it, or the unit counted."""

    day: date
    counted: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """`due_at`: 24:00 Asia/Shanghai of the last day, in UTC. `provisional`: a year has no official calendar."""

    due_at: datetime
    provisional: bool
    days: tuple[DayPassed, ...]
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calendar:
    """The State Council's yearly holiday notices: days off by their Chinese name, make-up weekends, years covered."""

    version: str
    holidays: Mapping[date, str]
    make_up: frozenset[date]
    years: frozenset[int]

    def knows(self, year: int) -> bool:
        return year in self.years

    def is_working(self, day: date) -> bool:
        """In a year that the calendar does not know, Monday to Friday, except the days off of the law itself."""
        return day in self.make_up or (day.weekday() < 5 and self.holiday(day) is None)

    def holiday(self, day: date) -> str | None:
        """The Chinese name of a day off."""
        return self.holidays.get(day) if self.knows(day.year) else by_law(day.year).get(day)

    def why(self, day: date) -> str:
        """The kind of day: `weekday`, `weekend`, `调休上班`, or the holiday's name such as `国庆节`."""
        if day in self.make_up:
            return "调休上班"
        return self.holiday(day) or ("weekday" if day.weekday() < 5 else "weekend")


@cache
def by_law(year: int) -> Mapping[date, str]:
    """The days off that stand in the law, before the year's notice arranges the rest.

    全国年节及纪念日放假办法 as amended in 2024, art. 2: 1 January, four days of Spring Festival, Qingming, 1 and 2 May,
    the Dragon Boat and Mid-Autumn festivals, 1 to 3 October. Which days make up for one on a weekend, and which are
    swapped (调休), is for the notice.
    """
    from holidays import country_holidays

    found = country_holidays("CN", years=year, observed=False, language="zh_CN")
    return MappingProxyType({day: name for day, name in found.items() if "调休" not in name})


@cache
def official() -> Calendar:
    """All years that the chinesecalendar library knows, from 2004 on. A newer library gives a newer `version`."""
    from chinese_calendar import constants

    names = {holiday.value: holiday.chinese for holiday in constants.Holiday}
    off: dict[date, str] = {day: names[holiday] for day, holiday in constants.holidays.items()}
    return Calendar(
        version=f"chinesecalendar-{version('chinesecalendar')}",
        holidays=MappingProxyType(off),
        make_up=frozenset(constants.workdays),
        years=frozenset(range(min(off).year, max(off).year + 1)),
    )


def deadline(start: datetime, limit: Limit, calendar: Calendar) -> Deadline:
    """The days after the day of `start` in Shanghai count. Raises `ValueError` for a naive `start`.

    A limit in calendar days or months ends on the day counted, even if it is a holiday: a law that counts so (信访条例
    arts. 21, 33) grants that day and no more. A month ends on the same day of the month, or on the month's last day.
    """
    zero, amount = day_of(start), limit.amount
    match limit.unit:
        case TimeUnit.WORKING_DAYS:
            days = tuple(_until_worked(zero, amount, calendar))
        case TimeUnit.CALENDAR_DAYS:
            days = tuple(DayPassed(zero + DAY * n, True, "calendar day") for n in range(1, amount + 1))
        case TimeUnit.MONTHS:
            days = tuple(DayPassed(zero + relativedelta(months=n), True, "month") for n in range(1, amount + 1))
    provisional = limit.unit is TimeUnit.WORKING_DAYS and any(not calendar.knows(each.day.year) for each in days)
    last = days[-1].day if days else zero
    return Deadline(due_at=end_of(last), provisional=provisional, days=days, calendar=calendar.version)


def _until_worked(zero: date, amount: int, calendar: Calendar) -> Iterator[DayPassed]:
    day = zero
    while amount:
        day += DAY
        counts = calendar.is_working(day)
        amount -= counts
        yield DayPassed(day, counts, calendar.why(day))


def working_days_between(start: datetime, end: datetime, calendar: Calendar) -> int:
    """The working days after the day of `start`, up to and including the day of `end`; 0 if `end` is not later.

    24:00 still belongs to the day that it ends.
    """
    first, last = day_of(start), day_of(end - timedelta(microseconds=1))
    return sum(calendar.is_working(first + DAY * n) for n in range(1, (last - first).days + 1))


def day_of(moment: datetime) -> date:
    """The day in Asia/Shanghai. Raises `ValueError` for a naive moment, which names no day."""
    if moment.utcoffset() is None:
        raise ValueError(f"A moment without a time zone: {moment.isoformat()}.")
    return moment.astimezone(SHANGHAI).date()


def start_of(day: date) -> datetime:
    """00:00 Asia/Shanghai, in UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """24:00 Asia/Shanghai, in UTC: the first moment after this day."""
    return start_of(day + DAY)


def in_time(moment: datetime, due_at: datetime) -> bool:
    """Whether it came before its last day was over: 24:00 is the first moment too late, for everyone who asks."""
    return moment < due_at


def last_day(due_at: datetime) -> date:
    """The day in Asia/Shanghai that ends at a due moment."""
    return day_of(due_at - timedelta(microseconds=1))


def month_of(moment: datetime) -> str:
    """The month in Asia/Shanghai, as `2026-11`."""
    return f"{day_of(moment):%Y-%m}"


@lru_cache(maxsize=1_200)
def month_span(month: str) -> tuple[datetime, datetime]:
    """The first moments of a month like `2026-11` and of the next, in UTC. Raises `ValueError` for any other form."""
    try:
        first = date.fromisoformat(f"{month}-01")
        if not 1900 <= first.year <= 2999:
            raise ValueError
    except ValueError:
        raise ValueError(f"A month is written like 2026-11, not {month!r}.") from None
    return start_of(first), start_of(first + relativedelta(months=1))
