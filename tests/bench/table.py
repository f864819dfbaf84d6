"""One row a figure: what was measured, beside its own ceiling."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ratio` is ours ÷ ceiling. `hold` says what it must keep, `held` whether it did; `profile`: where time goes."""

    what: str
    ours: str
    ceiling: str
    ratio: float | None
    hold: str
    held: bool
    profile: str = ""

    @classmethod
    def at_least(cls, what: str, ours: float, ceiling: float, unit: str, against: str, hold: float) -> "Row":
        """For rates: more is better."""
        ratio = ours / ceiling
        return cls(
            what=what, ours=f"{ours:,.0f} {unit}", ceiling=f"{ceiling:,.0f} {unit}: {against}", ratio=ratio,
            hold=f"≥ {hold:g}", held=ratio >= hold,
        )  # fmt: skip

    @classmethod
    def at_most(
        cls,
        what: str,
        ours: float,
        ceiling: float,
        unit: str,
        against: str,
        hold: float,
        *,
        aim: float | None = None,
        profile: str = "",
    ) -> "Row":
        """For durations: less is better. `aim`: what is wished for, and not held yet."""
        ratio = ours / ceiling
        return cls(
            what=what, ours=f"{ours:,.1f} {unit}", ceiling=f"{ceiling:,.1f} {unit}: {against}", ratio=ratio,
            hold=f"≤ {hold:g} ×" + (f", aim ≤ {aim:g} ×" if aim else ""), held=ratio <= hold, profile=profile,
        )  # fmt: skip

    @classmethod
    def within(cls, what: str, ours: float, unit: str, hold: float) -> "Row":
        """For figures with a limit of their own."""
        return cls(
            what=what, ours=f"{ours:,.2f} {unit}", ceiling="", ratio=None, hold=f"≤ {hold:g} {unit}", held=ours <= hold
        )


def printed(rows: Sequence[Row]) -> str:
    lines = ["| what | measured | ceiling, same run | ratio | to hold | held |", "|---|---|---|---|---|---|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        held = "yes" if row.held else "**no**"
        lines.append(f"| {row.what} | {row.ours} | {row.ceiling} | {ratio} | {row.hold} | {held} |")
    notes = [f"{row.what}: {row.profile}." for row in rows if row.profile]
    return "\n".join([*lines, *notes])
