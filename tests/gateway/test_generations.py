"""A new read model is filled beside the live one, and takes over without a dark moment."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.stack import Servers
from gateway.projections import Item
from services.kernel.domain.event import Message
from services.kernel.storage.lease import hold
from services.kernel.stream import people
from services.kernel.stream.generation import newest
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.telling import message
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
PAGES = ("/columns", "/columns/news", "/items/i1", "/departments/finance", "/api/v1/items/i1", "/api/v1/departments")
Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def rebuild(portal_at: Portal) -> Run:
    """`python -m gateway rebuild`, as its own process beside the running portal: exit code and what it said."""

    async def run(*arguments: str, kill: bool = False) -> tuple[int, str]:
        command = [sys.executable, "-m", "gateway", "rebuild", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command, env=os.environ | environment(portal_at), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if kill:
            assert process.stdout
            await process.stdout.readline()
            process.kill()
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    return run


def environment(portal: Portal) -> dict[str, str]:
    """As the running one's was."""
    settings = portal.gateway.settings
    names = ("namespace", "local", "port", "jwks", "public_url", "mailbox_url", "publishing_url", "scoring_url")
    plain = {f"CITYGATE_{name.upper()}": str(getattr(settings, name)) for name in names}
    secret = {
        f"CITYGATE_{n.upper()}": getattr(settings, n).get_secret_value() for n in ("encryption_keys", "service_token")
    }
    return plain | secret | {
        "MONGO_URL": settings.mongo_url.get_secret_value(), "KAFKA_BOOTSTRAP_SERVERS": settings.kafka,
    }  # fmt: skip


@asynccontextmanager
async def never_dark(portal: Portal) -> AsyncIterator[None]:
    """Somebody reads all the while, and is always answered."""
    answers: list[int] = []

    async def read() -> None:
        while True:
            answers.append((await portal.get("/items/i1?again=1")).status_code)
            await asyncio.sleep(0.01)

    reading = asyncio.create_task(read())
    yield
    reading.cancel()
    assert set(answers) == {200}


async def shown(portal: Portal) -> dict[str, bytes]:
    return {path: (await portal.get(path)).content for path in PAGES}


async def turned(portal: Portal, number: int) -> None:
    await eventually(lambda: portal.gateway.generation.number == number and not portal.gateway.listener.away)


async def test_a_rebuild_gives_the_same_pages_and_nobody_notices(portal_at: Portal, rebuild: Run) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    await eventually(lambda: seen(portal_at))
    before = await shown(portal_at)

    async with never_dark(portal_at):
        code, said = await rebuild()
        await turned(portal_at, 2)

    assert (code, "Generation 2 is read now" in said) == (0, True), said
    assert await shown(portal_at) == before
    await portal_at.hears(e.withdrawn(revision=1))
    assert (await portal_at.get("/items/i1")).status_code == 410


async def seen(portal: Portal) -> bool:
    return (await portal.get("/api/v1/items/i1")).json()["seen_at"] is not None


async def test_what_was_damaged_is_whole_again_and_the_one_before_goes_with_the_next(
    portal_at: Portal, rebuild: Run
) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    reader = portal_at.gateway.transact.reader
    await reader().documents(Item).update_one({"_id": "i1"}, {"$set": {"title": "被改"}})
    for number in (2, 3):
        assert (await rebuild())[0] == 0
        await turned(portal_at, number)

    item = await reader().look(Item, "i1")
    names = await portal_at.gateway.db.list_collection_names()
    assert item
    assert item.title == "2026年市级预算公开"
    assert sorted(name for name in names if name.startswith("item")) == ["item~2", "item~3"]


async def test_a_killed_rebuild_leaves_the_live_one_and_the_next_begins_anew(portal_at: Portal, rebuild: Run) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    await rebuild(kill=True)
    assert portal_at.gateway.generation.number == 1
    await portal_at.gateway.db["leases"].delete_many({})  # as half a minute does

    code, said = await rebuild()

    assert code == 0, said
    await turned(portal_at, await live(portal_at))
    assert (await portal_at.get("/items/i1")).status_code == 200


async def test_two_rebuilds_at_once_are_one_too_many(portal_at: Portal, rebuild: Run) -> None:
    await hold(portal_at.gateway.db, "rebuild", seconds=30, holder="another")

    code, said = await rebuild()

    assert code == 1
    assert "Another rebuild is under way" in said


async def test_what_fails_only_in_the_new_one_keeps_the_live_one_unless_it_is_passed(
    portal_at: Portal, rebuild: Run
) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    await portal_at.teller.bus.send([broken()])
    await eventually(lambda: waits(portal_at, 1))
    await portal_at.gateway.db["waiting"].delete_many({})  # as if it had been passed here

    code, said = await rebuild()
    assert (code, "item/broken#1" in said) == (1, True), said
    assert await live(portal_at) == 1

    code, said = await rebuild("--passing")
    assert code == 0, said
    await turned(portal_at, 3)
    assert await portal_at.gateway.db["waiting"].count_documents({}) == 0


async def test_what_nobody_can_read_and_people_passed_is_passed_again(
    portal_at: Portal, rebuild: Run, servers: Servers
) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    async with AIOKafkaProducer(bootstrap_servers=servers.kafka_address) as producer:
        await producer.send_and_wait(portal_at.teller.bus.topic("publishing"), b"hello", b"?")
    await eventually(lambda: waits(portal_at, 1))
    [place] = await people.places(portal_at.gateway.listener)
    assert await people.discard(portal_at.gateway.listener, place.subject) == [place]

    code, said = await rebuild()

    assert code == 0, said
    assert await live(portal_at) == 2
    assert await waits(portal_at, 0)


async def test_what_people_passed_is_passed_again_and_what_it_held_up_is_handled(
    portal_at: Portal, rebuild: Run
) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    listener = portal_at.gateway.listener
    await portal_at.teller.bus.send([broken(), message(e.withdrawn(id="broken"), 2)])
    await eventually(lambda: waits(portal_at, 2))
    assert [place.sequence for place in await people.discard(listener, "item/broken")] == [1]
    await eventually(lambda: waits(portal_at, 0))

    code, said = await rebuild()

    assert code == 0, said
    await turned(portal_at, 2)
    assert (await portal_at.get("/items/broken")).status_code == 410


async def live(portal: Portal) -> int:
    found = await newest(portal.gateway.db, {"live": True})
    assert found
    return found.number


async def waits(portal: Portal, count: int) -> bool:
    return await portal.gateway.db["waiting"].count_documents({}) == count


def broken() -> Message:
    return replace(message(e.withdrawn(id="broken"), 1), value=b"{}")
