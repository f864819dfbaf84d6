"""Measures by name and version. Once a month was published by one, its code never changes: a new version is added.

No measure uses announcements (`duty.stale`, `letter.overdue`). All use only what happened and when it was due.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from services.kernel.contracts.columns import Cadence
from services.kernel.contracts.publishing import Activity
from services.kernel.contracts.scoring import FactCited, Line
from services.kernel.domain.calendar import DAY, SHANGHAI, day_of, end_of
from services.kernel.domain.decision import Unknown
from services.scoring.domain.evidence import Column, Evidence, Overdue
from services.scoring.domain.facts import Answered, Department, Recorded, Refreshed
from services.scoring.domain.scheme import Indicator

CENT = Decimal("0.01")
DONE = {Activity.OPENED: "开通", Activity.PUBLISHED: "更新", Activity.REVISED: "更新"}
Measure = Callable[[Evidence, Department, Indicator], Line]


def rounded(number: Decimal) -> Decimal:
    """To hundredths, half up (四舍五入)."""
    return number.quantize(CENT, ROUND_HALF_UP)


def share(part: int, whole: int, maximum: Decimal) -> Decimal:
    """The points for a share. It is multiplied before it is divided, so that only the result is rounded."""
    return rounded(maximum * part / whole)


def line(indicator: Indicator, points: Decimal | None, formula: str, facts: Iterable[FactCited] = ()) -> Line:
    return Line(
        indicator=indicator.code,
        name=indicator.name,
        measure=indicator.measure,
        points=points,
        maximum=indicator.maximum,
        formula=formula,
        facts=tuple(sorted(facts, key=lambda fact: (fact.at, fact.subject, fact.type))),
    )


def quantity_1(found: Evidence, department: Department, indicator: Indicator) -> Line:
    """Items published in the month ÷ the minimum of the department's class, at most 1 (发布数量)."""
    if indicator.minimum is None:
        raise ValueError(f"{indicator.code}: {indicator.measure} needs a minimum for each class")
    minimum = indicator.minimum[department.size]
    published = [shown for shown in found.shown.get(department.code, ()) if not shown.revised]
    count = len(published)
    points = share(min(count, minimum), minimum, indicator.maximum)
    capped = "（超过的按 1 计）" if count > minimum else ""
    formula = f"本月发布 {count} 条 ÷ 应发布 {minimum} 条{capped} × {indicator.maximum} 分 = {points} 分"
    return line(indicator, points, formula, (shown.fact.cited("发布 1 条") for shown in published))


def update_cycle_1(found: Evidence, department: Department, indicator: Indicator) -> Line:
    """Column-days inside the column's window ÷ column-days since it opened (更新周期); each judged at its 24:00."""
    kept, inside = 0, 0
    cited: list[FactCited] = []
    for column in found.columns.get(department.code, ()):
        for period, days in periods(column, found):
            current = sum(end <= period.due_at for end in days)
            kept, inside = kept + len(days), inside + current
            cited.append(period.fact.cited(period_remark(column.opened.name, period, len(days), current)))
    if not kept:
        return line(indicator, None, "本月没有须按周期更新的栏目，本项不计入")
    points = share(inside, kept, indicator.maximum)
    formula = f"在更新周期内 {inside} 栏目日 ÷ 应维护 {kept} 栏目日 × {indicator.maximum} 分 = {points} 分"
    return line(indicator, points, formula, cited)


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
        elif column.opened.cadence.is_known and not column.refreshed:
            detail = f"Nothing tells until when the column {column.opened.column} was current. Ask again soon."
            raise Unknown("unknown_yet", detail)
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


def letters_in_time_1(found: Evidence, department: Department, indicator: Indicator) -> Line:
    """Answered before the due moment ÷ (answered in the month + open and overdue at its end) (按时答复)."""
    answered, overdue = found.answered.get(department.code, ()), found.overdue.get(department.code, ())
    on_time = sum(is_on_time(answer) for answer in answered)
    if not answered and not overdue:
        return line(indicator, None, "本月没有答复或逾期未复的来信，本项不计入")
    points = share(on_time, len(answered) + len(overdue), indicator.maximum)
    formula = (
        f"按时答复 {on_time} 件 ÷（本月答复 {len(answered)} 件 + {when(found)}逾期未复 {len(overdue)} 件）"
        f" × {indicator.maximum} 分 = {points} 分"
    )
    cited = [answer.fact.cited(answer_remark(answer)) for answer in answered]
    cited += [basis.cited(overdue_remark(letter, found)) for letter in overdue for basis in known_by(letter)]
    return line(indicator, points, formula, cited)


def is_on_time(answer: Answered) -> bool:
    """The due moment is 24:00 of the last day: an answer at that very moment is too late."""
    return answer.fact.at < answer.due_at


def known_by(letter: Overdue) -> Sequence[Recorded]:
    """The facts behind an overdue letter: its receipt, which says when it was due, and its last transfer."""
    if letter.held is letter.received:
        return (letter.received.fact,)
    return letter.received.fact, letter.held.fact


def answer_remark(answer: Answered) -> str:
    return f"{'按时' if is_on_time(answer) else '逾期'}答复，期限至{last_day(answer.due_at)}"


def overdue_remark(letter: Overdue, found: Evidence) -> str:
    return f"{when(found)}逾期未复，期限至{last_day(letter.received.due_at)}"


def review_1(found: Evidence, department: Department, indicator: Indicator) -> Line:
    """Publications and revisions with a complete review; one withdrawn for a ground of art. 8: 0 (公开前审查)."""
    shown = found.shown.get(department.code, ())
    faults = [gone for gone in found.withdrawn.get(department.code, ()) if gone.ground]
    cited = [
        x.fact.cited(f"{'修订' if x.revised else '发布'}，审查{'完整' if x.complete else '不完整'}") for x in shown
    ]
    if faults:
        grounds = "、".join(sorted({gone.ground for gone in faults if gone.ground}))
        cited += [gone.fact.cited(f"公开后因不予公开的情形 {gone.ground} 撤回") for gone in faults]
        formula = f"本月有 {len(faults)} 条已公开的信息因不予公开的情形（{grounds}）撤回，本项 {rounded(Decimal(0))} 分"
        return line(indicator, rounded(Decimal(0)), formula, cited)
    if not shown:
        return line(indicator, None, "本月没有发布或修订信息，本项不计入")
    complete = sum(x.complete for x in shown)
    points = share(complete, len(shown), indicator.maximum)
    formula = f"审查完整 {complete} 条 ÷ 发布和修订 {len(shown)} 条 × {indicator.maximum} 分 = {points} 分"
    return line(indicator, points, formula, cited)


def when(found: Evidence) -> str:
    return "月末" if found.until == found.end else "目前"


def last_day(due_at: datetime) -> str:
    """The day that ends at this moment."""
    day = (due_at - timedelta(milliseconds=1)).astimezone(SHANGHAI)
    return f"{day.year}年{day.month}月{day.day}日"


MEASURES: dict[str, Measure] = {
    "quantity/1": quantity_1,
    "update_cycle/1": update_cycle_1,
    "letters_in_time/1": letters_in_time_1,
    "review/1": review_1,
}
