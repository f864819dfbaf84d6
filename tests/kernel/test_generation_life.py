"""How generations begin, what they share, who takes over from whom, and how they end."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter

from deploy.local.stack import Servers
from services.columns.settings import ColumnsSettings
from services.kernel.domain.clock import host
from services.kernel.domain.event import Message
from services.kernel.running import current
from services.kernel.running.filling import beside
from services.kernel.running.program import Service
from services.kernel.storage.mongo import Database, document
from services.kernel.stream import generation
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.delivery import Delivery
from services.kernel.stream.generation import Generation
from services.kernel.stream.queue import Place
from services.kernel.stream.retry import Retry
from tests.kernel.versions import (
    NAMES,
    NEWER,
    PHONES,
    PICKY,
    Code,
    Replicas,
    hold,
    live,
    noting,
    numbers,
    unused,
    waits,
)
from tests.support.sample import message, spoken
from tests.support.services import running
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


async def test_going_back_to_the_code_before_goes_on_where_that_was(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    before = code.hearing(NAMES)
    old = await replicas.start(before)
    await bus.send(spoken("finance", 1))
    await hold(db, {"names": {"finance": ["名1"]}})
    new = await replicas.start(code.hearing(NEWER))
    await live(new, 2)
    await old.end()
    await bus.send([message("finance", 2, "名2")])
    await hold(db, {"names~2": {"finance": ["名1！", "名2！"]}, "names": {"finance": ["名1"]}})
    await new.end()

    again = await replicas.start(before)

    await hold(db, {"names": {"finance": ["名1", "名2"]}})
    assert again.generation.number == 1


async def test_a_version_without_replicas_is_forgotten_and_what_others_share_stays(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    old = await replicas.start(code.hearing(PICKY, PHONES, noting("gone")))
    await bus.send(spoken("finance", 2))
    await waits(db, "names|department/finance#2")
    new = await replicas.start(code.hearing(NEWER, PHONES))
    await live(new, 2)
    await old.end()
    await db[Place.KIND].update_one({}, {"$set": {"queue": "gone|department/x"}})
    await unused(db, 1)

    await replicas.start(code.hearing(NAMES, PHONES))

    assert await numbers(db) == ["2", "3"]
    await waits(db)
    found = await db.list_collection_names()
    assert {"names~2", "phones"} <= set(found)
    assert "names" not in found


async def test_one_that_is_forgotten_while_its_replica_stood_still_is_begun_anew(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    replica = await replicas.start(code.hearing(NAMES))
    await bus.send(spoken("finance", 2))
    await hold(db, {"names": {"finance": ["名1", "名2"]}})
    await db[Generation.KIND].insert_one({"_id": "4", **document(replace(
        generation.made(code.hearing(NEWER), 4), used_at=host()))})  # fmt: skip
    await db[Generation.KIND].delete_one({"_id": "1"})  # in this order: with none at all, it would begin with 1 again
    await db["names"].drop()

    await live(replica, 5)

    await hold(db, {"names~5": {"finance": ["名1", "名2"]}})


async def test_replicas_that_begin_at_once_begin_one(code: Code, replicas: Replicas, db: Database) -> None:
    older, newer = code.hearing(NAMES), code.hearing(NEWER)
    await generation.settle(db, older)

    made = await asyncio.gather(*(generation.settle(db, newer) for _ in range(20)))

    assert {each.number for each in made} == {2}
    assert await numbers(db) == ["1", "2"]


async def test_a_number_is_given_once_so_that_nobody_takes_over_the_offsets_of_what_was_abandoned(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    hearing = code.hearing(NAMES)
    await generation.settle(db, hearing)
    failed = await generation.settle(db, hearing, rebuild=True)
    await generation.abandon(db, failed)

    assert (await generation.settle(db, hearing, rebuild=True)).number > failed.number
    assert (await generation.settle(db, hearing)).number == 1


async def test_a_rebuild_while_a_new_version_fills_takes_over_from_both(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES))
    await bus.send(spoken("finance", 2))
    await hold(db, {"names": {"finance": ["名1", "名2"]}})
    newer = code.hearing(NEWER)
    filling = await replicas.start(newer, kafka="127.0.0.1:1")

    rebuilt = await generation.settle(db, newer, rebuild=True)
    at_work = replicas.current(newer)
    await at_work.turn_to(rebuilt)
    async with beside(at_work.parts()):
        await hold(db, {"names~3": {"finance": ["名1！", "名2！"]}})
        await generation.turn_live(db, rebuilt)

    await eventually(lambda: filling.current.transact.copies.live == {"names": "names~3"})


async def test_all_replicas_know_that_it_is_live_though_one_has_seen_it(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES))
    newer = code.hearing(NEWER)
    without_kafka = await replicas.start(newer, kafka="127.0.0.1:1")
    assert not without_kafka.generation.live

    await live(await replicas.start(newer), 2)

    await live(without_kafka, 2)


async def test_what_another_version_fails_at_starves_nobody(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    due = host() - timedelta(minutes=1)
    current = replicas.current(code.hearing(PICKY))
    await current.settle()
    await current.listener.deliver(deliveries(current.hearing, *spoken("finance", 2)))
    [place] = await db[Place.KIND].find({}).to_list(None)
    await db[Place.KIND].insert_many(
        [place | {"_id": f"names~9|x/{n}#2", "queue": f"names~9|x/{n}", "again_at": due} for n in range(150)]
    )

    await db[Place.KIND].update_one({"_id": place["_id"]}, {"$set": {"again_at": due + timedelta(seconds=1)}})
    assert await Retry(current.listener).once() == 1

    found = await db[Place.KIND].find_one({"_id": place["_id"]})
    assert found
    assert found["attempts"] == 2


def deliveries(hearing: Hearing, *messages: Message) -> list[Delivery]:
    return [Delivery(handler=handler, message=m) for m in messages for handler in hearing.of(m.kind)]


async def test_the_next_version_shares_with_the_one_that_is_run_on_and_not_with_one_that_was_taken_back(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    older = await generation.settle(db, code.hearing(NAMES, PHONES))
    taken_back = await generation.settle(db, code.hearing(NAMES, NEWER.replace('"names"', '"phones"')))
    await generation.turn_live(db, taken_back)
    await unused(db, taken_back.number)

    next_ = await generation.settle(db, code.hearing(PICKY, PHONES))

    assert (next_.before, next_.copies["phones"]) == (older.number, "phones")


async def test_the_next_begins_from_the_one_turned_to_though_a_replica_used_the_old_one_last_meanwhile(
    code: Code, replicas: Replicas, db: Database
) -> None:
    hearing = code.hearing(NAMES)
    at_work = replicas.current(hearing)
    await at_work.settle()
    rebuilt = await generation.settle(db, hearing, rebuild=True)
    await generation.turn_live(db, rebuilt)
    await generation.use(db, at_work.generation)

    await at_work.turn_to(rebuilt)

    assert (await generation.settle(db, hearing, rebuild=True)).before == rebuilt.number
    assert await numbers(db) == ["2", "3"]


async def test_a_program_whose_new_copies_fail_says_so_and_is_not_ready(
    code: Code, bus: Bus, servers: Servers, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "LOOK", 0.1)

    def service(source: str) -> Service:
        return Service(name="there", title="-", router=APIRouter(), may=None, hearing=code.hearing(source))

    await bus.send(spoken("finance", 2))
    async with running(service(NAMES), ColumnsSettings, servers, namespace, tmp_path) as older:
        assert await older.unready() == {}
        async with running(service(PICKY), ColumnsSettings, servers, namespace, tmp_path) as newer:
            async with beside([("generation", newer.current.run)]):
                await eventually(lambda: "1 fail" in newer.current.filling)
                said = await newer.unready()
            await newer.db.client.drop_database(newer.db.name)

    assert said == {"copies": "are filled from the log: 1 fail or wait that did not before"}
