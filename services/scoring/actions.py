"""What can be done to a month: close, confirm, publish. Each is done for all departments at once."""

from collections.abc import Sequence
from datetime import datetime

from services.kernel.domain.decision import Refused, Unit
from services.scoring.domain.assessment import Assessment, Month, close, confirm, key, publish, show
from services.scoring.domain.score import Inputs, Scored


async def close_month(unit: Unit, inputs: Inputs, all_scored: Sequence[Scored], *, at: datetime) -> Month:
    """Save scores that were computed before: facts up to a position never change.

    Of two that close at once, one is refused.
    """
    month, assessments = close(await unit.look(Month, inputs.month), inputs, all_scored, at=at)
    for assessment in assessments:
        unit.save(assessment)
    return unit.save(month)


async def confirm_month(unit: Unit, month: str, *, at: datetime, expected: int | None = None) -> Month:
    return unit.save(confirm(await closed(unit, month, expected=expected), at=at))


async def publish_month(unit: Unit, id: str, *, at: datetime, expected: int | None = None) -> Month:
    month = unit.save(publish(await closed(unit, id, expected=expected), at=at))
    ids = [key(month.id, department) for department in month.departments]
    await unit.load(Assessment, ids)
    for each in ids:
        unit.save(show(await unit.get(Assessment, each), month.inputs, at=at))
    return month


async def closed(unit: Unit, month: str, *, expected: int | None) -> Month:
    if await unit.look(Month, month) is None:
        raise Refused("month.running", f"{month} is not closed yet. Close it first.")
    return await unit.get(Month, month, expected=expected)
