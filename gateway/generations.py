"""Which read model is live. Each is a generation with a database and a consumer group of its own, by its number."""

from argparse import Namespace
from asyncio import create_task, sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.program import Gateway, generation_name
from services.kernel.storage.lease import hold, let_go
from services.kernel.storage.mongo import Database
from services.kernel.stream import inbox

LEASE, RENEW, LOOK = 30.0, 10.0, 0.5  # seconds


async def rebuild(gateway: Gateway, asked: Namespace) -> None:
    """Fill a new read model from the log beside the live one; running gateways turn to it when it has caught up.

    Raises `SystemExit` with a sentence where another rebuild is under way, or where messages fail or wait in the new
    one that do not in the live one.
    """
    async with alone(gateway.kept.database):
        live, before = gateway.number, gateway.db
        number = await gateway.kept.reserve()
        await forget_all_but(gateway, {live, number})
        gateway.turn_to(number)
        await gateway.make_ready()
        listening = create_task(gateway.listener.run())
        try:
            while left := await gateway.listener.behind():
                print(f"Generation {number}: {left} messages to go.", flush=True)
                await sleep(LOOK)
            await must_be_as_good(gateway, before, passing=asked.passing)
            await gateway.kept.swap(number)
        finally:
            listening.cancel()
    print(f"The portal reads generation {number} now. Generation {live} stays until the next rebuild.")


@asynccontextmanager
async def alone(kept: Database) -> AsyncIterator[None]:
    """One rebuild at a time; one that was killed is forgotten after half a minute."""
    if not await hold(kept, "rebuild", seconds=LEASE):
        raise SystemExit("Another rebuild is under way. Wait until it has ended; if it was killed, half a minute.")

    async def renew() -> None:
        while True:
            await sleep(RENEW)
            await hold(kept, "rebuild", seconds=LEASE)

    renewing = create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await let_go(kept, "rebuild")


async def forget_all_but(gateway: Gateway, numbers: set[int]) -> None:
    """Older ones, and those that a killed rebuild left half made."""
    base, client = gateway.base, gateway.db.client
    kept = {generation_name(base, number) for number in numbers}
    for name in await client.list_database_names():
        if (name == base or name.removeprefix(f"{base}_").isdigit()) and name not in kept:
            await client.drop_database(name)


async def must_be_as_good(gateway: Gateway, live: Database, *, passing: bool) -> None:
    """What waits or failed in the live one as well is no reason to stay with it, nor what people passed there because
    nobody can read it. `passing`: pass whatever failed.
    """
    known = {place["_id"] async for place in live["waiting"].find({}, {"_id": 1})}
    passed = {mark["_id"] async for mark in live["heard"].find({"_id": {"$regex": "^unreadable/"}}, {"_id": 1})}
    worse = []
    for place in await gateway.db["waiting"].find({"_id": {"$nin": list(known)}}).sort("_id", 1).to_list(None):
        may_pass = place["error"] and (passing or place["subject"] in passed)
        if not may_pass or await gateway.transact(inbox.discard, gateway.service.hearing, place["subject"]) is None:
            worse.append(f"  {place['_id']}: {inbox.why(place)[:200]}")
    if worse:
        raise SystemExit(
            f"{len(worse)} messages wait or fail that do not in the live read model, which stays:\n"
            + "\n".join(worse)
            + "\nMend the projection, or say --passing to pass what fails, as `waiting discard` would."
        )
