"""Long work goes on where it stood, whoever does it; each step is done once, and what it failed with is known."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from pymongo import InsertOne

from services.kernel.domain import task as tasks
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away, Reader, Refused, Unit
from services.kernel.domain.task import Progress, Task, TaskState
from services.kernel.running.task import Act, Tasks, Work, running
from services.kernel.storage import lease
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from tests.support.refusals import refusal
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
STEPS = 10


class Killed(BaseException):
    """The process ended."""


class Counting:
    """Ten steps. `before`: what happens when a step is about to be written, by its number."""

    def __init__(self, before: Callable[[int], None] = lambda number: None) -> None:
        self.before = before
        self.thought = 0

    async def __call__(self, _: Reader, task: Task) -> Act:
        number = int(task.progress.cursor or "0") + 1
        self.thought += 1

        async def act(unit: MongoUnit) -> Progress:
            unit.write("done", InsertOne({"number": number}))
            self.before(number)
            return Progress(cursor=str(number) if number < STEPS else None, done=number, total=STEPS)

        return act


def once(number: int, error: BaseException) -> Callable[[int], None]:
    """Raises the error before a step, the first time."""
    left = [error]

    def before(reached: int) -> None:
        if reached == number and left:
            raise left.pop()

    return before


async def numbers(db: Database) -> list[int]:
    return [d["number"] for d in await db["done"].find().sort("number", 1).to_list(None)]


async def begin(unit: Unit, id: str) -> Task:
    return unit.save(tasks.begin(await unit.look(Task, id), id, "count", {}, by="tests", request="r-1", at=now()))


def of(transact: Transactor, counting: Counting) -> Tasks:
    return Tasks(transact, [Work("count", counting)])


async def test_a_task_killed_in_the_middle_is_gone_on_with_by_another_where_it_stood(
    db: Database, transact: Transactor
) -> None:
    await transact(begin, "t")
    with pytest.raises(Killed):
        await of(transact, Counting(once(5, Killed()))).ended("t")
    assert await numbers(db) == [1, 2, 3, 4]

    other = Counting()
    ended = await of(transact, other).ended("t")

    assert (ended.state, ended.progress, other.thought) == (TaskState.DONE, Progress(cursor=None, done=10, total=10), 6)
    assert await numbers(db) == list(range(1, 11))


async def test_a_task_that_somebody_began_is_done_without_anybody_asking(db: Database, transact: Transactor) -> None:
    working = asyncio.create_task(of(transact, Counting()).run())
    try:
        await transact(begin, "t")
        await eventually(partial(has_ended, transact))
    finally:
        working.cancel()
    assert await numbers(db) == list(range(1, 11))


async def test_replicas_do_each_step_once_even_if_both_believe_to_hold_the_lease(
    db: Database, transact: Transactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def given(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr("services.kernel.running.task.hold", given)
    await transact(begin, "t")

    await asyncio.gather(*(of(transact, Counting()).ended("t") for _ in range(3)))

    assert await numbers(db) == list(range(1, 11))


async def test_while_one_replica_has_the_lease_the_other_waits_for_the_end(db: Database, transact: Transactor) -> None:
    await transact(begin, "t")
    assert await lease.hold(db, "task:t", seconds=60, holder="another")
    waiting = asyncio.create_task(of(transact, Counting()).ended("t"))
    await asyncio.wait([waiting], timeout=0.5)
    assert (waiting.done(), await numbers(db)) == (False, [])

    await lease.let_go(db, "task:t", holder="another")

    assert (await waiting).state is TaskState.DONE


async def test_what_a_step_is_refused_ends_the_task_and_says_why(db: Database, transact: Transactor) -> None:
    await transact(begin, "t")

    ended = await of(transact, Counting(once(3, refusal(Refused, "count.enough", "Three are too many.")))).ended("t")

    assert ended.state is TaskState.FAILED
    assert ended.why
    assert (ended.why.kind, ended.why.code, ended.why.detail) == ("Refused", "count.enough", "Three are too many.")
    assert await numbers(db) == [1, 2], "nothing of the step that was refused"


async def test_an_error_in_the_work_ends_the_task_and_tells_nothing_of_it(transact: Transactor) -> None:
    await transact(begin, "t")

    ended = await of(transact, Counting(once(3, ZeroDivisionError("secret")))).ended("t")

    assert ended.why
    assert (tasks.refusal(ended.why).status, ended.why.code) == (500, "task.failed")
    assert "secret" not in ended.why.detail


async def test_what_failed_is_begun_anew_from_the_beginning(db: Database, transact: Transactor) -> None:
    await transact(begin, "t")
    await of(transact, Counting(once(3, refusal(Refused, "count.enough", "No.")))).ended("t")

    again = await transact(begin, "t")
    ended = await of(transact, Counting()).ended("t")

    assert (again.state, again.progress.done, ended.state) == (TaskState.RUNNING, 0, TaskState.DONE)
    assert await numbers(db) == [1, 1, 2, 2, *range(3, 11)]


async def test_beginning_a_task_that_runs_changes_nothing(db: Database, transact: Transactor) -> None:
    first, second = await transact(begin, "t"), await transact(begin, "t")

    assert first == second
    assert await db["journal"].count_documents({"type": "task.begun"}) == 1


async def test_while_the_database_is_away_a_task_goes_on_running(transact: Transactor) -> None:
    await transact(begin, "t")

    with pytest.raises(Away):
        await of(transact, Counting(once(3, refusal(Away, "database.away", "Not now.")))).ended("t")

    [task] = await running(transact.reader())
    assert task.progress.done == 2


async def test_a_task_of_tomorrow_is_left_to_replicas_that_know_its_work(transact: Transactor) -> None:
    await transact(begin, "t")

    assert await Tasks(transact, []).look() == []
    assert len(await running(transact.reader())) == 1


async def test_the_journal_says_who_wanted_what_a_step_wrote(db: Database, transact: Transactor) -> None:
    await transact(begin, "t")
    await of(transact, Counting()).ended("t")

    moved = await db["journal"].find({"type": "task.moved"}).to_list(None)
    assert {(record["who"], record["request"]) for record in moved} == {("tests", "r-1")}
    assert len(moved) == STEPS


async def test_a_task_does_not_end_with_who_asked_for_it(db: Database, transact: Transactor) -> None:
    """The caller went away: what was begun goes on."""
    program = of(transact, Counting())
    await transact(begin, "t")

    waiting = asyncio.create_task(asyncio.wait([program.do("t")]))
    await asyncio.sleep(0)
    waiting.cancel()

    await eventually(partial(has_ended, transact))
    await asyncio.gather(*program.begun)
    assert await numbers(db) == list(range(1, 11))


async def has_ended(transact: Transactor) -> bool:
    return not await running(transact.reader())
