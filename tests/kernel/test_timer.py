"""What time does, it does once, and one that fails does not starve the rest."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause, Decision, Reader, Unit
from services.kernel.running.timer import BATCH, Sweep
from services.kernel.storage.mongo import Database, connect
from services.kernel.storage.transaction import Transactor
from tests.support.sample import AT, Bureau, found, rename

pytestmark = pytest.mark.servers
LATER = AT + timedelta(hours=1)


async def to_wake(read: Reader, moment: datetime, *, limit: int) -> list[str]:
    return await read.ids(Bureau, {"wakes_at": {"$type": "date", "$lte": moment}}, sort="wakes_at", limit=limit)


async def wake(unit: Unit, id: str, /, *, at: datetime) -> None:
    bureau = await unit.get(Bureau, id)
    if bureau.name == "坏":
        raise ValueError("this one cannot be woken")
    if bureau.wakes_at is not None and bureau.wakes_at <= at:
        woken = rename(bureau, "已醒")
        unit.save(Decision(replace(woken.state, wakes_at=None), woken.facts))


def sweep() -> Sweep:
    return Sweep(name="bureaus", of=Bureau, due=to_wake, act=wake)


async def asleep(transact: Transactor, *names: str) -> None:
    async def all_of_them(unit: Unit) -> None:
        for n, name in enumerate(names):
            unit.save(found(f"b{n}", name=name, wakes_at=AT))

    await transact(all_of_them)


async def woken(db: Database) -> int:
    return await db["journal"].count_documents({"type": "department.changed"})


async def test_nothing_happens_before_the_moment(db: Database, transact: Transactor) -> None:
    await asleep(transact, "甲")

    assert await sweep().once(transact, AT - timedelta(milliseconds=1)) == 0
    assert await woken(db) == 0
    assert await sweep().once(transact, AT) == 1
    assert await woken(db) == 1


async def test_three_replicas_sweeping_at_once_wake_each_exactly_once(
    servers: Servers, db: Database, transact: Transactor
) -> None:
    await asleep(transact, *["甲"] * 450)
    replicas = [Transactor(connect(servers.mongo_url, db.name), Cause(who="timer", request="-")) for _ in range(3)]

    async def until_nothing_is_due(replica: Transactor) -> None:
        mine = sweep()
        while await mine.once(replica, LATER):
            pass

    await asyncio.gather(*(until_nothing_is_due(replica) for replica in replicas))

    assert await woken(db) == 450
    assert await db["department"].count_documents({"name": "已醒", "version": 2}) == 450


async def test_one_that_fails_is_set_aside_and_the_rest_are_woken(db: Database, transact: Transactor) -> None:
    await asleep(transact, *["坏"] * BATCH, *["甲"] * 10)
    mine = sweep()

    for _ in range(3):
        await mine.once(transact, LATER)

    assert await woken(db) == 10
    assert len(mine.guilty) == BATCH


async def test_one_that_failed_is_tried_again_later(db: Database, transact: Transactor) -> None:
    await asleep(transact, "坏")
    mine = sweep()
    await mine.once(transact, LATER)
    await db["department"].update_one({"_id": "b0"}, {"$set": {"name": "好"}})

    for _ in range(4):
        await mine.once(transact, LATER)

    assert await woken(db) == 1
