"""What people should look at before they stand by a month's scores. It changes none."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.kernel.domain.calendar import DAY
from services.scoring.domain.scheme import Bunched


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A department published `count` of its `of` items of the month between two moments that lie close together."""

    department: str
    count: int
    of: int
    since: datetime
    until: datetime


def noticed(shown: Mapping[str, Sequence[datetime]], rule: Bunched, *, end: datetime) -> Iterator[Noticed]:
    """By department: most of what counts came at once, or on the month's last day (突击发布).

    `shown`: the moments of its publications, in order. `end`: of the month.
    """
    for department, moments in sorted(shown.items()):
        begin, stop = max(_near(moments, rule, end=end), key=lambda span: (span[1] - span[0], span[0]))
        count, of = stop - begin, len(moments)
        if count >= rule.at_least and count >= rule.share * of:
            yield Noticed(
                department=department, count=count, of=of, since=moments[begin], until=moments[stop - 1]
            )  # fmt: skip


def _near(moments: Sequence[datetime], rule: Bunched, *, end: datetime) -> Iterator[tuple[int, int]]:
    """Where in the list those stand that are within so many minutes of each other, and those of the last day."""
    for begin, moment in enumerate(moments):
        yield begin, bisect_left(moments, moment + timedelta(minutes=rule.minutes))
    yield bisect_left(moments, end - DAY), len(moments)
