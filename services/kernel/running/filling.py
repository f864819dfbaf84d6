"""The rebuild: a new generation is filled from the log beside the live one, until it can take over."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from services.kernel.running.parts import Part, for_ever
from services.kernel.running.program import Program
from services.kernel.storage.lease import hold, let_go
from services.kernel.stream import generation as generations
from services.kernel.stream.generation import Generation
from services.kernel.stream.people import catch_up

LEASE, RENEW, LOOK = 30.0, 10.0, 0.5  # seconds


async def rebuild(program: Program, asked: Namespace) -> None:
    """Fill new copies from the log. Running replicas turn to them when they have caught up.

    `SystemExit` with a sentence if another rebuild is under way, or if messages fail or wait in the new copies but not
    in the live ones.
    """
    async with alone(program):
        live = program.generation.number
        new = await generations.settle(program.db, program.service.hearing, rebuild=True)
        await program.current.turn_to(new)
        try:
            async with beside([*program.current.parts(), ("used", partial(keep, program, new))]):
                await fill(program, new, passing=asked.passing)
        except BaseException:
            await generations.abandon(program.db, new)
            raise
    print(f"Generation {new.number} is read now. Generation {live} stays until the next rebuild.")


async def fill(program: Program, new: Generation, *, passing: bool) -> None:
    """Fill the new generation to the end of the log, and turn it live.

    `passing`: messages that fail are passed. `SystemExit` names those that still fail or wait only in the new copies.
    """
    while left := await program.listener.behind():
        print(f"Generation {new.number}: {left} messages to go.", flush=True)
        await asyncio.sleep(LOOK)
    if places := await catch_up(program.listener, passing=passing):
        raise SystemExit(
            f"{len(places)} messages wait or fail that do not in the live copies, which stay:\n"
            + "".join(f"  {place.id}: {place.why[:200]}\n" for place in places)
            + "Mend the fold, or say --passing to pass what fails, as `waiting discard` would."
        )
    await generations.turn_live(program.db, new)


async def keep(program: Program, new: Generation) -> None:
    """Note again and again that the new generation is still being filled."""
    while True:
        await generations.use(program.db, new)
        await asyncio.sleep(RENEW)


@asynccontextmanager
async def beside(parts: Sequence[Part]) -> AsyncIterator[None]:
    """Run the parts while the block runs, and cancel them when it ends."""
    working = [asyncio.create_task(for_ever(name, part)) for name, part in parts]
    try:
        yield
    finally:
        for task in working:
            task.cancel()
        await asyncio.wait(working)


@asynccontextmanager
async def alone(program: Program) -> AsyncIterator[None]:
    """Allow one rebuild at a time. The lease of a killed one runs out after half a minute."""
    if not await hold(program.db, "rebuild", seconds=LEASE):
        raise SystemExit("Another rebuild is under way. Wait until it has ended; if it was killed, half a minute.")

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW)
            await hold(program.db, "rebuild", seconds=LEASE)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await let_go(program.db, "rebuild")
