"""Waiting for a condition instead of for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

T = TypeVar("T")


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


def until(ask: Callable[[], T | Literal[False]], *, seconds: float = 30) -> T:
    """The same for journeys over HTTP: what `ask` gives once it raises no assertion error and gives something true."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = ask()
            assert found is not False, f"{ask} does not hold"
            assert found, f"{ask} does not hold"
            return found
        except AssertionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)
