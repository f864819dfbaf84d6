"""Figures as people read them: reckoned exactly, rounded once, half up (四舍五入)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

HUNDRED = Decimal(100)


def half_up(number: Decimal | Fraction, places: int = 2) -> Decimal:
    """To this many decimal places; what is not below zero."""
    return Decimal((Fraction(number) * 10**places + Fraction(1, 2)).__floor__()).scaleb(-places)


def share(part: int, whole: int, of: Decimal = HUNDRED, places: int = 2) -> Decimal:
    """`of` × part ÷ whole. While anything is missing it is never all of it: 19,999 of 20,000 are 99.99 %."""
    found = half_up(Fraction(of) * part / whole, places)
    return found if part >= whole else min(found, of - Decimal(1).scaleb(-places))


def mean(total: int, count: int, places: int = 1) -> Decimal | None:
    """None of nothing."""
    return half_up(Fraction(total, count), places) if count else None


def scaling(lines: Sequence[tuple[Decimal | None, Decimal]]) -> tuple[Decimal | None, str]:
    """The score of 100 that follows from points and maxima, and how, in words; lines without points do not apply."""
    points = [points for points, _ in lines if points is not None]
    maximum = sum(maximum for points, maximum in lines if points is not None)
    if not maximum:
        return None, "本月没有适用的指标，不计分"
    total = sum(points, Decimal(0))
    score = half_up(total * HUNDRED / maximum)
    added = f"{' + '.join(map(str, points))} = {total}；" if len(points) > 1 else ""
    return score, f"{added}{total} ÷ {maximum} × 100 = {score} 分"
