"""What scoring does beside its requests: long work on a month. A month is closed by a person, never by time alone."""

from services.kernel.domain.decision import Reader, Unit
from services.kernel.domain.task import Progress, Task
from services.kernel.running.task import Act, Work
from services.scoring import store
from services.scoring.actions import CLOSING, PUBLISHING, close_month, publish_month
from services.scoring.domain.score import Inputs


async def closing(read: Reader, task: Task) -> Act:
    inputs = Inputs(**task.arguments)
    scored = await store.score(read, inputs)

    async def close(unit: Unit) -> Progress:
        await close_month(unit, inputs, scored, at=task.begun_at)
        return Progress(cursor=None, done=len(scored), total=len(scored))

    return close


async def publishing(_: Reader, task: Task) -> Act:
    async def publish(unit: Unit) -> Progress:
        month = await publish_month(unit, task.arguments["month"], at=task.begun_at)
        return Progress(cursor=None, done=len(month.departments), total=len(month.departments))

    return publish


WORKS = (Work(CLOSING, closing), Work(PUBLISHING, publishing))
