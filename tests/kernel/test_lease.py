"""One replica sends at a time; one that was frozen while it did sends nothing before it is its turn again."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest
from bson import ObjectId

from deploy.local.stack import Servers
from services.kernel.storage.lease import Lease, hold, let_go
from services.kernel.storage.mongo import Database
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus
from services.kernel.stream.relay import Relay
from tests.kernel.relaying import LEASE
from tests.kernel.telling import on_topic, say, sequences
from tests.support.proof import in_order
from tests.support.sample import rename_bureau
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


async def test_one_replica_at_a_time_holds_the_lease(db: Database) -> None:
    takers = [hold(db, "relay", seconds=30, holder=f"replica-{n}") for n in range(8)]

    assert sorted(await asyncio.gather(*takers)) == [False] * 7 + [True]


async def test_the_lease_falls_to_another_when_it_ran_out_or_was_let_go(db: Database) -> None:
    assert await hold(db, "relay", seconds=30, holder="a")
    assert not await hold(db, "relay", seconds=30, holder="b")
    await let_go(db, "relay", holder="a")
    assert await hold(db, "relay", seconds=0, holder="b")
    await eventually(lambda: hold(db, "relay", seconds=30, holder="c"))


async def test_a_lease_is_ours_only_as_long_as_it_was_taken_for(db: Database) -> None:
    lease = Lease(db, "relay", seconds=0.5, holder="a")
    assert not lease.held()
    await eventually(lease.take)  # false as well when MongoDB takes longer to answer than the lease lasts
    assert lease.held()
    await eventually(lambda: not lease.held())

    await eventually(lambda: hold(db, "relay", seconds=30, holder="b"))  # MongoDB's clock began after ours
    assert not await lease.take()
    assert not lease.held()


@asynccontextmanager
async def relaying_apart(servers: Servers, namespace: str, *more: str) -> AsyncIterator[Process]:
    """A relay in a process of its own."""
    command = [sys.executable, "-m", "tests.kernel.relaying", servers.mongo_url, servers.kafka_address, namespace]
    process = await asyncio.create_subprocess_exec(*command, *more, stdout=PIPE)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def relaying_here(db: Database, bus: Bus) -> AsyncIterator[None]:
    relaying = asyncio.create_task(Relay(db, bus.send, asyncio.Event(), seconds=LEASE, holder="here").run())
    try:
        yield
    finally:
        relaying.cancel()
        await asyncio.wait([relaying])


def is_frozen(process: Process) -> bool:
    return psutil.Process(process.pid).status() == psutil.STATUS_STOPPED


async def all_is_sent(db: Database) -> bool:
    return not await db["journal"].count_documents({"unsent": True})


async def something_is_unsent(db: Database) -> bool:
    return not await all_is_sent(db)


async def holder_is(db: Database, name: str) -> bool:
    lease = await db["leases"].find_one({"_id": "relay"})
    return bool(lease and lease["holder"] == name)


async def test_a_relay_frozen_before_it_sends_is_succeeded_and_sends_nothing_until_the_lease_is_its_own_again(
    servers: Servers, namespace: str, db: Database, transact: Transactor, bus: Bus
) -> None:
    await say(transact, "finance", 3)
    async with relaying_apart(servers, namespace, "--freeze") as process:
        await eventually(lambda: is_frozen(process))
        async with relaying_here(db, bus):
            await eventually(lambda: all_is_sent(db))
            await rename(transact, "finance", 2)
            await eventually(lambda: all_is_sent(db))
            os.kill(process.pid, signal.SIGCONT)
            await eventually(lambda: not is_frozen(process))
            await rename(transact, "finance", 2)
            await eventually(lambda: all_is_sent(db))
        await eventually(lambda: holder_is(db, "frozen"))
        await rename(transact, "finance", 1)
        await eventually(lambda: all_is_sent(db))
        assert process.stdout
        first = await process.stdout.readline()

    assert first == b"8\n"
    assert await sequences(bus, "department/finance") == [1, 2, 3, 4, 5, 6, 7, 8]


async def rename(transact: Transactor, code: str, times: int) -> None:
    for _ in range(times):
        await transact(rename_bureau, code, f"名{ObjectId()}")


async def test_a_relay_frozen_at_any_moment_repeats_at_most_and_never_sends_out_of_order(
    servers: Servers, namespace: str, db: Database, transact: Transactor, bus: Bus
) -> None:
    codes = [f"bureau{n}" for n in range(5)]
    for code in codes:
        await say(transact, code, 1)
    async with relaying_apart(servers, namespace) as process:
        for _ in range(3):
            await eventually(lambda: holder_is(db, "frozen"))
            writing = asyncio.gather(*(rename(transact, code, 40) for code in codes))
            await eventually(lambda: something_is_unsent(db))
            os.kill(process.pid, signal.SIGSTOP)
            async with relaying_here(db, bus):
                await eventually(lambda: holder_is(db, "here"))
                await rename(transact, codes[0], 1)
                os.kill(process.pid, signal.SIGCONT)
                await writing
                await eventually(lambda: all_is_sent(db))

    in_order(await on_topic(bus))
    for code in codes:
        said = await db["journal"].distinct("sequence", {"subject": f"department/{code}"})
        assert set(await sequences(bus, f"department/{code}")) == set(said)
