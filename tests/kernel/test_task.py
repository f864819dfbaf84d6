"""Long work goes on where it stood, and each batch is done once."""

import asyncio

import pytest
from pymongo import InsertOne

from services.kernel.running.task import Task
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit

pytestmark = pytest.mark.servers


class Counting:
    """Ten batches; fails once before the one named."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.fails_at = fails_at

    async def __call__(self, unit: MongoUnit, cursor: str | None) -> str | None:
        number = int(cursor or "0") + 1
        unit.write("done", InsertOne({"number": number}))
        if number == self.fails_at:
            raise ConnectionError("killed in the middle")
        return str(number) if number < 10 else None


async def numbers(db: Database) -> list[int]:
    return [d["number"] for d in await db["done"].find().sort("number", 1).to_list(None)]


async def test_a_task_killed_in_the_middle_goes_on_where_it_stood(db: Database, transact: Transactor) -> None:
    with pytest.raises(ConnectionError):
        await Task(name="t", batch=Counting(fails_at=5)).run(transact)
    assert await numbers(db) == [1, 2, 3, 4]

    assert await Task(name="t", batch=Counting()).run(transact) == 6
    assert await numbers(db) == list(range(1, 11))


async def test_a_task_that_is_done_does_nothing_again(db: Database, transact: Transactor) -> None:
    await Task(name="t", batch=Counting()).run(transact)

    assert await Task(name="t", batch=Counting()).run(transact) == 0
    assert len(await numbers(db)) == 10


async def test_two_runs_of_one_task_do_each_batch_once(db: Database, transact: Transactor) -> None:
    await asyncio.gather(*(Task(name="t", batch=Counting()).run(transact) for _ in range(2)))

    assert await numbers(db) == list(range(1, 11))
