"""What can be done to a month: close, confirm, publish. Each is done for all departments at once.

Closing and publishing are tasks: begun by a person, done beside the requests.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from services.kernel.domain import task as tasks
from services.kernel.domain.decision import Unit
from services.kernel.domain.person import Person
from services.kernel.domain.task import Task
from services.scoring.domain import refusals
from services.scoring.domain.assessment import Assessment, Month, close, confirm, key, must_be_open, publish, show
from services.scoring.domain.noticed import Noticed
from services.scoring.domain.scheme import Adopted, Scheme, adopt
from services.scoring.domain.score import Inputs, Scored

CLOSING, PUBLISHING = "closing", "publication"  # the works by name


async def adopt_schemes(unit: Unit, schemes: Sequence[Scheme], *, at: datetime) -> None:
    """Tell of each, once."""
    for scheme in schemes:
        if await unit.look(Adopted, scheme.version) is None:
            unit.save(adopt(scheme, at=at))


async def begin_closing(unit: Unit, inputs: Inputs, *, by: Person, request: str, at: datetime) -> Task:
    """Of a month that is over. The inputs are those of the moment at which it is begun."""
    must_be_open(await unit.look(Month, inputs.month), inputs.month)
    id = f"{CLOSING}:{inputs.month}"
    return unit.save(
        tasks.begin(await unit.look(Task, id), id, CLOSING, asdict(inputs), by=by.sub, request=request, at=at)
    )


async def begin_publication(
    unit: Unit, month: str, *, by: Person, request: str, at: datetime, expected: int | None = None
) -> Task:
    """Of a confirmed month; of one that is published already it does nothing again."""
    publish(await closed(unit, month, expected=expected), at=at)
    id = f"{PUBLISHING}:{month}"
    return unit.save(
        tasks.begin(await unit.look(Task, id), id, PUBLISHING, {"month": month}, by=by.sub, request=request, at=at)
    )


async def close_month(
    unit: Unit, inputs: Inputs, all_scored: Sequence[Scored], *, noticed: Sequence[Noticed] = (), at: datetime
) -> Month:
    """Fix what was computed. Of two that close at once, one is refused."""
    before = await unit.look(Month, inputs.month)
    month, all_fixed = await asyncio.to_thread(close, before, inputs, all_scored, noticed=noticed, at=at)
    for fixed in all_fixed:
        assessment = unit.save(fixed.decision)
        if fixed.facts is not None and assessment.cited:
            unit.attach(assessment.cited.sha256, fixed.facts, assessment.cited.media_type)
    return unit.save(month)


async def confirm_month(unit: Unit, month: str, *, at: datetime, expected: int | None = None) -> Month:
    return unit.save(confirm(await closed(unit, month, expected=expected), at=at))


async def publish_month(unit: Unit, id: str, *, at: datetime) -> Month:
    month = unit.save(publish(await closed(unit, id), at=at))
    ids = [key(month.id, department) for department in month.departments]
    await unit.load(Assessment, ids)
    for each in ids:
        unit.save(show(await unit.get(Assessment, each), month.inputs, at=at))
    return month


async def closed(unit: Unit, month: str, *, expected: int | None = None) -> Month:
    if await unit.look(Month, month) is None:
        raise refusals.RUNNING(month=month)
    return await unit.get(Month, month, expected=expected)
