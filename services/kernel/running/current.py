"""The generation that a program runs on: its listener, how it is filled, and how another takes over."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from services.kernel.domain.decision import Away
from services.kernel.running.parts import Part, for_ever
from services.kernel.storage.mongo import Index, asking, make_indexes
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import generation as generations
from services.kernel.stream import tally
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.delivery import NOT_ITS_FAULT
from services.kernel.stream.generation import Generation
from services.kernel.stream.listener import Fetch, Listener
from services.kernel.stream.people import catch_up
from services.kernel.stream.retry import Retry
from services.kernel.telemetry import Waits, log

LOOK = 1.0  # seconds between two looks at the generation
USED = 10  # once in so many looks, a replica notes that it uses its generation

Turned = Callable[[Generation], Coroutine[Any, Any, None]]


class Current:
    """Keeps a program on one generation: `transact.copies` names its copies. `turned` is called with each new one."""

    def __init__(
        self,
        program: str,
        hearing: Hearing,
        transact: Transactor,
        bus: Bus,
        *,
        fetch: Fetch | None,
        indexes: Sequence[Index],
        turned: Turned,
    ) -> None:
        self.program, self.hearing, self.transact, self.bus = program, hearing, transact, bus
        self.fetch, self.indexes, self.turned = fetch, indexes, turned
        self.filling = "beginning"  # how far the filling is, in words
        self._turn(generations.made(hearing, 1))  # stands in until `settle` has asked MongoDB

    def _turn(self, generation: Generation) -> None:
        self.generation, self.transact.copies.live = generation, generation.copies
        self.listener = Listener(
            self.program, self.hearing, self.transact, self.bus, generation=generation, fetch=self.fetch
        )

    async def settle(self) -> None:
        """Turn to the generation of this program's code. If there is none, make one."""
        await generations.make_indexes(self.transact.db)
        await self.turn_to(await generations.settle(self.transact.db, self.hearing))

    async def turn_to(self, generation: Generation) -> None:
        """Read and fill another generation's copies. Requests under way end on the copies they began with."""
        await make_indexes(self.transact.db, self.indexes, generation.copies)
        await tally.make_indexes(self.transact.db, self.hearing, generation.copies)
        await generations.use(self.transact.db, generation)
        self._turn(generation)
        await self.turned(generation)
        log.info("generation.turned", number=generation.number, live=generation.live)

    def parts(self) -> list[Part]:
        """The parts that work on one generation."""
        return [("listener", self.listener.run), ("retry", Retry(self.listener).run)]

    async def run(self) -> None:
        """Run the parts of one generation until another takes over, then the parts of that one."""
        while True:
            parts = [*self.parts(), ("filling", self.fill)]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(for_ever(name, part)) for name, part in parts]
                other = await self._another()
                for task in tasks:
                    task.cancel()
            await self.turn_to(other)

    async def fill(self) -> None:
        """Turn the generation live once its copies have caught up with the log.

        A message that fails in them, and did not in the copies before, is left for people.
        """
        waits = Waits("filling", *NOT_ITS_FAULT)
        while not self.generation.filled:
            try:
                with asking():
                    await self._look_how_far()
                waits.over()
            except NOT_ITS_FAULT as error:
                waits.again(error)
            await asyncio.sleep(LOOK)
        await asyncio.Event().wait()  # a part that ends is started again

    async def _look_how_far(self) -> None:
        left = await self.listener.behind()
        places = [] if left else await catch_up(self.listener)
        self.filling = f"{left} messages to go" if left else f"{len(places)} fail or wait that did not before"
        if not left and not places:
            await generations.turn_live(self.transact.db, self.generation)
            self.generation = await generations.stored(self.transact.db, self.generation)
            log.info("generation.live", number=self.generation.number)

    async def _another(self) -> Generation:
        """Wait until this code has another generation to run on, and return it. If all are gone, a new one is made."""
        waits, looks = Waits("generation", Away), 0
        while True:
            await asyncio.sleep(LOOK)
            looks += 1
            try:
                with asking():
                    found = await generations.settle(self.transact.db, self.hearing)
                    if found.number != self.generation.number:
                        return found
                    self.generation = found  # another replica may have marked it as filled
                    if looks % USED == 0:
                        await generations.use(self.transact.db, found)
                waits.over()
            except Away as error:
                waits.again(error)
