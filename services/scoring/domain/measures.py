"""Measures by name and version. Once a month was published by one, its code never changes: a new version is added.

No measure uses announcements (`duty.stale`, `letter.overdue`). All use only what happened and when it was due. Points
and formula follow from counts alone; the facts behind them are cited apart, as they may be many.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Activity, Ground
from services.kernel.contracts.scoring import FactCited, Line
from services.kernel.domain.calendar import DAY, SHANGHAI, day_of, end_of
from services.scoring.domain.evidence import Column, Evidence, Overdue, dated, must_have_no_period
from services.scoring.domain.facts import Answered, Department, Recorded, Refreshed
from services.scoring.domain.scheme import Indicator

CENT = Decimal("0.01")
DONE = {Activity.OPENED: "开通", Activity.PUBLISHED: "更新", Activity.REVISED: "更新"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a department's evidence adds up to. `over`: the month is over. `faults`: withdrawn for a ground, by ground.

    `kept`, `inside`: column-days, and those inside the column's window. `overdue`: letters open and due.
    """

    over: bool
    published: int = 0
    shown: int = 0
    complete: int = 0
    faults: Mapping[Ground, int]
    answered: int = 0
    on_time: int = 0
    overdue: int = 0
    kept: int = 0
    inside: int = 0

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
    spans = [days for column in found.columns.get(code, ()) for days in periods(column, found)]
    return Counts(
        over=found.over, faults=faults, shown=len(shown), complete=sum(x.complete for x in shown),
        published=sum(not x.revised for x in shown), answered=len(answered),
        on_time=sum(x.is_on_time for x in answered), overdue=len(found.overdue.get(code, ())),
        kept=sum(len(days) for _, days in spans),
        inside=sum(end <= period.due_at for period, days in spans for end in days),
    )  # fmt: skip


def of_sums(of: Mapping[str, int], *, over: bool, kept: int, inside: int, overdue: int) -> Counts:
    """What was summed up as the facts came, by name, with what is counted when somebody looks."""
    faults = {ground: of[ground] for ground in Ground if of.get(ground)}
    said = {name: of.get(name, 0) for name in ("published", "shown", "complete", "answered", "on_time")}
    return Counts(over=over, faults=faults, kept=kept, inside=inside, overdue=overdue, **said)


def rounded(number: Decimal) -> Decimal:
    """To hundredths, half up (四舍五入)."""
    return number.quantize(CENT, ROUND_HALF_UP)


def share(part: int, whole: int, maximum: Decimal) -> Decimal:
    """The points for a share. It is multiplied before it is divided, so that only the result is rounded."""
    return rounded(maximum * part / whole)


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


def quantity_1(counted: Counts, department: Department, indicator: Indicator) -> Points:
    """Items published in the month ÷ the minimum of the department's class, at most 1 (发布数量)."""
    if indicator.minimum is None:
        raise ValueError(f"{indicator.code}: {indicator.measure} needs a minimum for each class")
    minimum, count = indicator.minimum[department.size], counted.published
    points = share(min(count, minimum), minimum, indicator.maximum)
    capped = "（超过的按 1 计）" if count > minimum else ""
    return points, f"本月发布 {count} 条 ÷ 应发布 {minimum} 条{capped} × {indicator.maximum} 分 = {points} 分"


def quantity_1_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for shown in found.shown.get(department.code, ()):
        if not shown.revised:
            yield shown.fact.cited("发布 1 条")


def update_cycle_1(counted: Counts, _: Department, indicator: Indicator) -> Points:
    """Column-days inside the column's window ÷ column-days since it opened (更新周期); each judged at its 24:00."""
    if not counted.kept:
        return None, "本月没有须按周期更新的栏目，本项不计入"
    points = share(counted.inside, counted.kept, indicator.maximum)
    days = f"在更新周期内 {counted.inside} 栏目日 ÷ 应维护 {counted.kept} 栏目日"
    return points, f"{days} × {indicator.maximum} 分 = {points} 分"


def update_cycle_1_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for column in found.columns.get(department.code, ()):
        for period, days in periods(column, found):
            current = sum(end <= period.due_at for end in days)
            yield period.fact.cited(period_remark(column.opened.name, period, len(days), current))


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
    return f"栏目“{name}”{did}，更新期限至{last_day(period.due_at)}：本月在周期内 {current} 天{late}"


def letters_in_time_1(counted: Counts, _: Department, indicator: Indicator) -> Points:
    """Answered before the due moment ÷ (answered in the month + open and overdue at its end) (按时答复)."""
    if not counted.answered and not counted.overdue:
        return None, "本月没有答复或逾期未复的来信，本项不计入"
    points = share(counted.on_time, counted.answered + counted.overdue, indicator.maximum)
    all_due = f"本月答复 {counted.answered} 件 + {counted.when}逾期未复 {counted.overdue} 件"
    return points, f"按时答复 {counted.on_time} 件 ÷（{all_due}） × {indicator.maximum} 分 = {points} 分"


def letters_in_time_1_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for answer in found.answered.get(department.code, ()):
        yield answer.fact.cited(answer_remark(answer))
    for letter in found.overdue.get(department.code, ()):
        for basis in known_by(letter):
            yield basis.cited(overdue_remark(letter, found))


def known_by(letter: Overdue) -> Sequence[Recorded]:
    """The facts behind an overdue letter: its receipt, its last transfer, and what says when it was due if not that."""
    others = (each.fact for each in (letter.held, letter.due) if each is not letter.received)
    return letter.received.fact, *others


def answer_remark(answer: Answered) -> str:
    return f"{'按时' if answer.is_on_time else '逾期'}答复，期限至{last_day(answer.due_at)}"


def overdue_remark(letter: Overdue, found: Evidence) -> str:
    when = "月末" if found.over else "目前"
    return f"{when}逾期未复，期限至{last_day(letter.due.due_at)}"


def review_1(counted: Counts, _: Department, indicator: Indicator) -> Points:
    """Publications and revisions with a complete review; one withdrawn for a ground of art. 8: 0 (公开前审查)."""
    if faults := sum(counted.faults.values()):
        grounds, none = "、".join(sorted(counted.faults)), rounded(Decimal(0))
        return none, f"本月有 {faults} 条已公开的信息因不予公开的情形（{grounds}）撤回，本项 {none} 分"
    if not counted.shown:
        return None, "本月没有发布或修订信息，本项不计入"
    points = share(counted.complete, counted.shown, indicator.maximum)
    formula = f"审查完整 {counted.complete} 条 ÷ 发布和修订 {counted.shown} 条 × {indicator.maximum} 分 = {points} 分"
    return points, formula


def review_1_cites(found: Evidence, department: Department) -> Iterator[FactCited]:
    for x in found.shown.get(department.code, ()):
        yield x.fact.cited(f"{'修订' if x.revised else '发布'}，审查{'完整' if x.complete else '不完整'}")
    for gone in found.withdrawn.get(department.code, ()):
        if gone.ground:
            yield gone.fact.cited(f"公开后因不予公开的情形 {gone.ground} 撤回")


def last_day(due_at: datetime) -> str:
    """The day that ends at this moment."""
    day = (dated(due_at) - timedelta(milliseconds=1)).astimezone(SHANGHAI)
    return f"{day.year}年{day.month}月{day.day}日"


MEASURES = {
    "quantity/1": Measure(quantity_1, quantity_1_cites),
    "update_cycle/1": Measure(update_cycle_1, update_cycle_1_cites),
    "letters_in_time/1": Measure(letters_in_time_1, letters_in_time_1_cites),
    "review/1": Measure(review_1, review_1_cites),
}
