"""Measures by name and version. Once a month was published by one, its code never changes: a new version is added.

No measure uses announcements (`duty.stale`, `letter.overdue`). All use only what happened and when it was due. Points
and formula follow from counts alone; the facts behind them are cited apart, as they may be many.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Activity, Ground
from services.kernel.contracts.scoring import FactCited, Line
from services.kernel.domain.calendar import DAY, SHANGHAI, day_of, end_of, last_day
from services.kernel.domain.figures import half_up, share
from services.scoring.domain.evidence import Column, ColumnDays, Evidence, Overdue, dated, must_have_no_period
from services.scoring.domain.facts import Answered, Department, Recorded, Refreshed
from services.scoring.domain.scheme import Indicator

DONE = {Activity.OPENED: "开通", Activity.PUBLISHED: "更新", Activity.REVISED: "更新"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a department's evidence adds up to. `over`: the month is over. `faults`: withdrawn for a ground, by ground.

    `days`: of columns. `overdue`: letters open and due.
    """

    over: bool
    published: int = 0
    shown: int = 0
    complete: int = 0
    faults: Mapping[Ground, int]
    answered: int = 0
    on_time: int = 0
    overdue: int = 0
    days: ColumnDays

    @property
    def when(self) -> str:
        return "月末" if self.over else "目前"


Points = tuple[Decimal | None, str]
"""The points, or None where the body has no such duty, and the formula in words with its numbers."""


@dataclass(frozen=True, slots=True)
class Measure:
    """`points`: what follows from the counts. `cites`: the facts behind it."""

    points: Callable[[Counts, Department, Indicator], Points]
    cites: Callable[[Evidence, Department], Iterable[FactCited]]


def counts(found: Evidence, code: str) -> Counts:
    """What a department's evidence adds up to. Raises `Unknown` if facts that a line needs are missing."""
    shown, answered = found.shown.get(code, ()), found.answered.get(code, ())
    faults: dict[Ground, int] = {}
    for gone in found.withdrawn.get(code, ()):
        if gone.ground:
            faults[gone.ground] = faults.get(gone.ground, 0) + 1
    days = added(column_days(column, found) for column in found.columns.get(code, ()))
    return Counts(
        over=found.over, faults=faults, shown=len(shown), complete=sum(x.complete for x in shown),
        published=sum(not x.revised for x in shown), answered=len(answered),
        on_time=sum(x.is_on_time for x in answered), overdue=len(found.overdue.get(code, ())), days=days,
    )  # fmt: skip


def column_days(column: Column, found: Evidence) -> ColumnDays:
    opening = end_of(day_of(column.opened.fact.at)) if column.opened.fact.at >= found.start else None
    ends = [(end == opening, end <= period.due_at) for period, days in periods(column, found) for end in days]
    return ColumnDays(
        len(ends), sum(inside for _, inside in ends), sum(first for first, _ in ends), sum(map(all, ends))
    )


def added(days: Iterable[ColumnDays]) -> ColumnDays:
    return ColumnDays(*(sum(each) for each in zip(ColumnDays(), *days, strict=True)))


def of_sums(of: Mapping[str, int], *, over: bool, days: ColumnDays, overdue: int) -> Counts:
    """What was summed up as the facts came, by name, with what is counted when somebody looks."""
    faults = {ground: of[ground] for ground in Ground if of.get(ground)}
    said = {name: of.get(name, 0) for name in ("published", "shown", "complete", "answered", "on_time")}
    return Counts(over=over, faults=faults, days=days, overdue=overdue, **said)


def part_1(part: int, whole: int, maximum: Decimal) -> Decimal:
    """The points for a share. It is multiplied before it is divided, so that only the result is rounded."""
    return half_up(maximum * part / whole)


Part = Callable[[int, int, Decimal], Decimal]
"""The points for a part of a whole. From 2 on they are never the maximum while anything is missing (`share`)."""


def cited(facts: Iterable[FactCited]) -> tuple[FactCited, ...]:
    """In the order in which a line names its facts."""
    return tuple(sorted(facts, key=lambda fact: (fact.at, fact.subject, fact.type)))


def line(indicator: Indicator, counted: Counts, department: Department) -> Line:
    """Without its facts."""
    points, formula = MEASURES[indicator.measure].points(counted, department, indicator)
    return Line(
        indicator=indicator.code, name=indicator.name, measure=indicator.measure, points=points,
        maximum=indicator.maximum, formula=formula, facts=(),
    )  # fmt: skip


def quantity(counted: Counts, department: Department, indicator: Indicator, *, part: Part) -> Points:
    """Items published in the month ÷ the minimum of the department's class, at most 1 (发布数量)."""
    if indicator.minimum is None:
        raise ValueError(f"{indicator.code}: {indicator.measure} needs a minimum for each class")
    minimum, count = indicator.minimum[department.size], counted.published
    points = part(min(count, minimum), minimum, indicator.maximum)
    capped = "（超过的按 1 计）" if count > minimum else ""
    return points, f"本月发布 {count} 条 ÷ 应发布 {minimum} 条{capped} × {indicator.maximum} 分 = {points} 分"


def quantity_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for shown in found.shown.get(department.code, ()):
        if not shown.revised:
            yield shown.fact.cited("发布 1 条")


def update_cycle_1(counted: Counts, _: Department, indicator: Indicator) -> Points:
    """Column-days inside the column's window ÷ column-days since it opened (更新周期); each judged at its 24:00."""
    return of_days(counted.days.inside, counted.days.kept, indicator, part_1)


def update_cycle_2(counted: Counts, _: Department, indicator: Indicator) -> Points:
    """The same from the day after it opened: on the first day it could hardly be anything but current."""
    days = counted.days
    return of_days(days.inside - days.opening_inside, days.kept - days.opening, indicator, share)


def of_days(inside: int, kept: int, indicator: Indicator, part: Part) -> Points:
    if not kept:
        return None, "本月没有须按周期更新的栏目，本项不计入"
    points = part(inside, kept, indicator.maximum)
    days = f"在更新周期内 {inside} 栏目日 ÷ 应维护 {kept} 栏目日"
    return points, f"{days} × {indicator.maximum} 分 = {points} 分"


def update_cycle_1_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for column in found.columns.get(department.code, ()):
        for period, days in periods(column, found):
            yield period_cited(column, period, days)


def update_cycle_2_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for column in found.columns.get(department.code, ()):
        opening = end_of(day_of(dated(column.opened.fact.at)))
        for period, days in periods(column, found):
            if judged := [end for end in days if end > opening]:
                yield period_cited(column, period, judged)


def period_cited(column: Column, period: Refreshed, days: Sequence[datetime]) -> FactCited:
    current = sum(end <= period.due_at for end in days)
    return period.fact.cited(period_remark(column.opened.name, period, len(days), current))


def periods(column: Column, found: Evidence) -> Iterator[tuple[Refreshed, list[datetime]]]:
    """Each period that was in force at the end of a day of the month, with those ends of days.

    Raises `Unknown` if no fact tells of a period. Days before the first one told are those whose period people gave
    up: they are not counted. A cadence that this code does not know is what is told of its periods; where nothing is
    told, it sets none.
    """
    days: dict[int, list[datetime]] = {}
    begun = 0
    for end in days_kept(column, found):
        while begun < len(column.refreshed) and column.refreshed[begun].fact.at < end:
            begun += 1
        if begun:
            days.setdefault(begun - 1, []).append(end)
        elif not column.refreshed:
            must_have_no_period(column.opened)
    return ((column.refreshed[n], ends) for n, ends in days.items())


def days_kept(column: Column, found: Evidence) -> Iterator[datetime]:
    """The ends of the days of the month that are over by now and at which the column was live and had a cadence."""
    if column.opened.cadence is Cadence.NONE:
        return
    end = end_of(day_of(max(found.start, column.opened.fact.at)))
    last = min(found.until, column.retired.fact.at) if column.retired else found.until
    while end <= last:
        yield end
        end += DAY


def period_remark(name: str, period: Refreshed, days: int, current: int) -> str:
    did = DONE.get(period.because, period.because)
    late = f"，超期 {days - current} 天" if days > current else ""
    return f"栏目“{name}”{did}，更新期限至{day_said(period.due_at)}：本月在周期内 {current} 天{late}"


def letters_in_time(counted: Counts, _: Department, indicator: Indicator, *, part: Part) -> Points:
    """Answered before the due moment ÷ (answered in the month + open and overdue at its end) (按时答复)."""
    if not counted.answered and not counted.overdue:
        return None, "本月没有答复或逾期未复的来信，本项不计入"
    points = part(counted.on_time, counted.answered + counted.overdue, indicator.maximum)
    all_due = f"本月答复 {counted.answered} 件 + {counted.when}逾期未复 {counted.overdue} 件"
    return points, f"按时答复 {counted.on_time} 件 ÷（{all_due}） × {indicator.maximum} 分 = {points} 分"


def letters_in_time_1_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for answer in found.answered.get(department.code, ()):
        yield answer.fact.cited(answer_remark(answer))
    for letter in found.overdue.get(department.code, ()):
        for basis in known_by(letter):
            yield basis.cited(overdue_remark(letter, found))


def letters_in_time_2_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    """Every transfer of these letters too, for whoever gave and whoever took."""
    for answer in found.answered.get(department.code, ()):
        yield answer.fact.cited(answer_remark(answer))
    for letter in found.overdue.get(department.code, ()):
        yield letter.received.fact.cited(overdue_remark(letter, found))
        if letter.due is not letter.received:
            yield letter.due.fact.cited(overdue_remark(letter, found))
    for move in found.moved.get(department.code, ()):
        yield move.fact.cited(f"{minute(move.fact.at)}由{found.name(move.giver)}转交{found.name(move.department)}办理")


def known_by(letter: Overdue) -> Sequence[Recorded]:
    """The facts behind an overdue letter: its receipt, its last transfer, and what says when it was due if not that."""
    others = (each.fact for each in (letter.held, letter.due) if each is not letter.received)
    return letter.received.fact, *others


def answer_remark(answer: Answered) -> str:
    return f"{'按时' if answer.is_on_time else '逾期'}答复，期限至{day_said(answer.due_at)}"


def overdue_remark(letter: Overdue, found: Evidence) -> str:
    when = "月末" if found.over else "目前"
    return f"{when}逾期未复，期限至{day_said(letter.due.due_at)}"


def review(counted: Counts, _: Department, indicator: Indicator, *, part: Part) -> Points:
    """Publications and revisions with a complete review; one withdrawn for a ground of art. 8: 0 (公开前审查)."""
    if faults := sum(counted.faults.values()):
        grounds, none = "、".join(sorted(counted.faults)), half_up(Decimal(0))
        return none, f"本月有 {faults} 条已公开的信息因不予公开的情形（{grounds}）撤回，本项 {none} 分"
    if not counted.shown:
        return None, "本月没有发布或修订信息，本项不计入"
    points = part(counted.complete, counted.shown, indicator.maximum)
    formula = f"审查完整 {counted.complete} 条 ÷ 发布和修订 {counted.shown} 条 × {indicator.maximum} 分 = {points} 分"
    return points, formula


def review_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for x in found.shown.get(department.code, ()):
        yield x.fact.cited(f"{'修订' if x.revised else '发布'}，审查{'完整' if x.complete else '不完整'}")
    for gone in found.withdrawn.get(department.code, ()):
        if gone.ground:
            yield gone.fact.cited(f"公开后因不予公开的情形 {gone.ground} 撤回")


def day_said(due_at: datetime) -> str:
    """The last day of a limit."""
    day = last_day(dated(due_at))
    return f"{day.year}年{day.month}月{day.day}日"


def minute(at: datetime) -> str:
    here = dated(at).astimezone(SHANGHAI)
    return f"{here.month}月{here.day}日{here:%H:%M}"


MEASURES = {
    "quantity/1": Measure(partial(quantity, part=part_1), quantity_cites),
    "quantity/2": Measure(partial(quantity, part=share), quantity_cites),
    "update_cycle/1": Measure(update_cycle_1, update_cycle_1_cites),
    "update_cycle/2": Measure(update_cycle_2, update_cycle_2_cites),
    "letters_in_time/1": Measure(partial(letters_in_time, part=part_1), letters_in_time_1_cites),
    "letters_in_time/2": Measure(partial(letters_in_time, part=share), letters_in_time_2_cites),
    "review/1": Measure(partial(review, part=part_1), review_cites),
    "review/2": Measure(partial(review, part=share), review_cites),
}
