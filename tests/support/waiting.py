"""Waiting for a condition instead of for a time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def eventually(holds: Callable[[], object | Awaitable[object]], *, seconds: float = 30) -> None:
    """Until it holds or the time is up. An assertion error of the condition means not yet; the last one is shown."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            found = holds()
            if inspect.isawaitable(found):
                found = await found
            assert found, f"{holds} does not hold"
            return
        except AssertionError:
            if asyncio.get_running_loop().time() > end:
                raise
        await asyncio.sleep(0.02)
