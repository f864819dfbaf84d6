"""Keeping the parts of a program running."""

import asyncio
from collections.abc import Awaitable, Callable

from services.kernel.telemetry import PART_FAILURES, log

Part = tuple[str, Callable[[], Awaitable[None]]]
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds until a part that failed is started again


async def for_ever(name: str, part: Callable[[], Awaitable[None]], *, may_end: bool = False) -> None:
    """Start a part again whenever it fails or ends. The pauses grow until it has run for longer than the longest one.

    `may_end`: the part is done when it ends without an error.
    """
    failures, clock, pause = PART_FAILURES.labels(part=name), asyncio.get_running_loop().time, PAUSE
    while True:
        begun = clock()
        try:
            await part()
            if may_end:
                return
            log.error("part.ended", part=name)
        except (Exception, asyncio.CancelledError) as error:
            if was_cancelled(error):
                raise
            log.error("part.failed", part=name, exc_info=error)
        failures.inc()
        if clock() - begun > LONGEST_PAUSE:
            pause = PAUSE
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def was_cancelled(error: BaseException) -> bool:
    """Whether the running task itself was cancelled, and not only something that it waited for."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
