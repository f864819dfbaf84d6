"""Runs tasks: whichever replica holds a task's lease does its steps, and another goes on where it stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from services.kernel.domain import refusals
from services.kernel.domain import task as tasks
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away, Busy, Cause, No, Reader, Unit
from services.kernel.domain.task import Progress, Task, TaskState
from services.kernel.storage.lease import hold, let_go
from services.kernel.storage.mongo import Index, MongoReader, asking
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.telemetry import TASK_PROGRESS, TASKS, Waits, log

INDEXES = [Index(of=Task, keys=("begun_at",), where={"state": TaskState.RUNNING})]
LEASE = 30.0  # seconds; renewed while a step runs
ROUND = 1.0  # seconds until a replica looks for tasks that others began

Act = Callable[[MongoUnit], Awaitable[Progress]]
"""What a step writes, in one transaction with the task's progress. It runs again when it lost a race."""
Think = Callable[[MongoReader, Task], Awaitable[Act]]
"""What a step reads and reckons before, outside of any transaction and for as long as it takes."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of long work, by the name under which its tasks are stored."""

    name: str
    think: Think


async def running(read: Reader) -> list[Task]:
    """All that have not ended, oldest first. Index: begun_at."""
    return await read.find(Task, {"state": TaskState.RUNNING}, sort="begun_at", limit=0)


class Tasks:
    """The tasks of one program. `doing`: ids of those that this process does just now."""

    def __init__(self, transact: Transactor, works: Iterable[Work]) -> None:
        self.transact = transact
        self.works = {work.name: work for work in works}
        self.doing: set[str] = set()
        self.begun: set[asyncio.Task[Task]] = set()  # so that none is lost while nobody waits for it

    async def run(self) -> None:
        """The part of the program that does them."""
        waits = Waits("tasks", Away, Busy)
        for work in self.works:
            TASKS.labels(work=work).set(0)
        while True:
            try:
                with asking():
                    for task in await self.look():
                        await self.finish(task)
                waits.over()
            except waits.errors as error:
                waits.again(error)
            await asyncio.sleep(ROUND)

    async def look(self) -> list[Task]:
        """Those that run anywhere, measured. One of a work that this version does not know is left to others."""
        found = [task for task in await running(self.transact.reader()) if task.work in self.works]
        for work in self.works:
            of_it = [task.progress for task in found if task.work == work]
            TASKS.labels(work=work).set(len(of_it))
            known = [progress.done / progress.total for progress in of_it if progress.total]
            TASK_PROGRESS.labels(work=work).set(min(known, default=0.0))
        return found

    def do(self, id: str) -> asyncio.Task[Task]:
        """Do one that was begun just now, without waiting for the next look."""
        doing = asyncio.create_task(self.ended(id))
        self.begun.add(doing)
        doing.add_done_callback(self._left)
        return doing

    def _left(self, doing: asyncio.Task[Task]) -> None:
        self.begun.discard(doing)
        if not doing.cancelled() and (error := doing.exception()):
            log.warning("task.waits", error=type(error).__name__)

    async def ended(self, id: str) -> Task:
        """The task when it has ended, done here unless another replica does it. Raises `Away` and `Busy`."""
        while True:
            task = await self.transact.reader().look(Task, id)
            assert task is not None
            if task.state is not TaskState.RUNNING:
                return task
            if not await self.finish(task):
                await asyncio.sleep(ROUND / 10)

    async def finish(self, task: Task) -> bool:
        """Do its steps until it has ended. False if another replica holds its lease, or this process does it."""
        if task.id in self.doing:
            return False
        self.doing.add(task.id)
        try:
            mine = await hold(self.transact.db, f"task:{task.id}", seconds=LEASE)
            if mine:
                await self._to_its_end(task)
            return mine
        finally:
            self.doing.discard(task.id)

    async def _to_its_end(self, task: Task) -> None:
        name = f"task:{task.id}"
        keeping = asyncio.create_task(self._keep(name))
        try:
            while task.state is TaskState.RUNNING:
                task = await self._step(task)
        finally:
            keeping.cancel()
            await let_go(self.transact.db, name)

    async def _keep(self, name: str) -> None:
        """Renew the lease. If it is lost nothing is done twice, as every step moves the task it began from."""
        while True:
            await asyncio.sleep(LEASE / 3)
            with suppress(Away), asking():
                await hold(self.transact.db, name, seconds=LEASE)

    async def _step(self, task: Task) -> Task:
        transact = self.transact.because(Cause(who=task.by, request=task.request))
        try:
            with asking():
                act = await self.works[task.work].think(transact.reader(), task)

            async def step(unit: MongoUnit) -> Task:
                there = await unit.get(Task, task.id)
                return await _moved(unit, there, act) if there.version == task.version else there

            return await transact.named(f"task:{task.work}", step)
        except (Away, Busy):
            raise
        except No as no:
            return await transact(_failed, task, no)
        except Exception as error:
            log.error("task.failed", task=task.id, work=task.work, exc_info=error)
            return await transact(_failed, task, refusals.TASK_FAILED())


async def _moved(unit: MongoUnit, task: Task, act: Act) -> Task:
    progress = await act(unit)
    log.info("task.moved", task=task.id, work=task.work, done=progress.done, total=progress.total)
    return unit.save(tasks.move(task, progress, at=now()))


async def _failed(unit: Unit, task: Task, no: No) -> Task:
    there = await unit.get(Task, task.id)
    return unit.save(tasks.fail(there, no, at=now())) if there.version == task.version else there
