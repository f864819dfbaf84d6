"""Versions of a program keep their copies side by side, each in a generation that is filled by its own code."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.stack import Servers
from services.kernel.contracts.columns import ColumnOpened, DepartmentChanged, DepartmentRegistered
from services.kernel.domain.clock import host
from services.kernel.domain.event import Message
from services.kernel.running import current
from services.kernel.running.filling import beside
from services.kernel.storage.mongo import Database, document
from services.kernel.stream import generation, people
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.generation import Generation
from services.kernel.stream.inbox import Delivery
from services.kernel.stream.queue import Place
from services.kernel.stream.retry import Retry
from tests.contracts.examples import EXAMPLES
from tests.gateway.support.telling import message as said
from tests.kernel.versions import NAMES, NEWER, PHONES, PICKY, Code, Replica, Replicas, code_in, names, noting, ran
from tests.support.sample import message, spoken
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
OPENED = said(EXAMPLES["column.opened"], 1)
RETIRED = said(EXAMPLES["column.retired"].model_copy(update={"column_id": "c-news"}), 2)
LETTER = said(EXAMPLES["letter.received"], 1)


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Code]:
    with code_in(tmp_path) as made:
        yield made


@pytest.fixture
async def replicas(
    db: Database, bus: Bus, servers: Servers, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Replicas]:
    monkeypatch.setattr(current, "LOOK", 0.1)
    await generation.make_indexes(db)
    made = Replicas(db, servers.kafka_address, namespace)
    yield made
    await made.end()


async def live(replica: Replica, number: int) -> None:
    await eventually(lambda: (replica.generation.number, replica.generation.filled) == (number, True))


async def hold(db: Database, expected: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Copies by collection and department."""

    async def held() -> bool:
        found = {collection: await names(db, collection) for collection in expected}
        assert found == expected
        return True

    await eventually(held)


async def did(db: Database, name: str, *what: str) -> None:
    """Effects of this name ran once for each of these."""

    async def so() -> bool:
        assert await ran(db, name) == dict.fromkeys(what, 1)
        return True

    await eventually(so)


async def waits(db: Database, *places: str) -> None:
    async def so() -> bool:
        assert sorted([place["_id"] for place in await db[Place.KIND].find({}).to_list(None)]) == sorted(places)
        return True

    await eventually(so)


def of(code: str, *numbers: int) -> list[str]:
    return [f"department/{code} 名{n}" for n in numbers]


async def unused(db: Database, number: int) -> None:
    """Its replicas went two hours ago."""
    await db[Generation.KIND].update_one({"_id": str(number)}, {"$set": {"used_at": host() - timedelta(hours=2)}})


async def numbers(db: Database) -> list[str]:
    return sorted([each["_id"] for each in await db[Generation.KIND].find({}).to_list(None)])


async def test_a_program_that_begins_is_live_at_once(code: Code, replicas: Replicas) -> None:
    replica = await replicas.start(code.hearing(NAMES), kafka="127.0.0.1:1")

    assert (replica.generation.number, replica.generation.live) == (1, True)


async def test_a_changed_fold_is_filled_beside_the_live_copy_which_goes_on(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    old = await replicas.start(code.hearing(NAMES, PHONES))
    await bus.send(spoken("finance", 2))
    await hold(db, {"names": {"finance": ["名1", "名2"]}, "phones": {"finance": ["名1", "名2"]}})

    new = await replicas.start(code.hearing(NEWER, PHONES))
    assert (new.generation.number, new.generation.live) == (2, False)
    assert new.current.transact.copies.live == {"names": "names~2", "phones": "phones"}
    await live(new, 2)
    await bus.send([message("finance", 3, "名3"), *spoken("water", 1)])

    both = {"finance": ["名1", "名2", "名3"], "water": ["名1"]}
    marked = {"finance": ["名1！", "名2！", "名3！"], "water": ["名1！"]}
    await hold(db, {"names": both, "phones": both, "names~2": marked})
    assert (old.generation.number, old.current.transact.copies.live["names"]) == (1, "names")


async def test_a_new_effect_hears_the_past_and_one_from_now_on_only_what_comes(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES, noting("before")))
    await bus.send([*spoken("finance", 2), *spoken("water", 1)])
    await did(db, "before", *of("finance", 1, 2), *of("water", 1))

    new = await replicas.start(code.hearing(NAMES, noting("before"), noting("all"), noting("later", from_now=True)))
    await live(new, 2)
    await did(db, "all", *of("finance", 1, 2), *of("water", 1))
    await did(db, "later")
    await bus.send([message("finance", 3, "名3"), *spoken("police", 1)])

    await did(db, "later", *of("finance", 3), *of("police", 1))
    await did(db, "all", *of("finance", 1, 2, 3), *of("water", 1), *of("police", 1))
    await did(db, "before", *of("finance", 1, 2, 3), *of("water", 1), *of("police", 1))
    await waits(db)


async def test_effects_that_listen_to_one_more_kind_hear_its_past(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES, noting("noted")))
    await bus.send([*spoken("finance", 1), OPENED])
    await did(db, "noted", *of("finance", 1))

    more = noting("noted", DepartmentRegistered, DepartmentChanged, ColumnOpened)
    await live(await replicas.start(code.hearing(NAMES, more)), 2)
    await bus.send([RETIRED])

    async def told() -> bool:
        return await db["heard"].count_documents({"_id": "noted|column/c-news", "sequence": 2}) == 1

    await eventually(told)
    await did(db, "noted", *of("finance", 1), "column/c-news 新闻动态")
    await waits(db)


async def test_from_now_holds_for_a_service_that_nobody_listened_to_before(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES))
    await bus.send([*spoken("finance", 1), LETTER])
    await hold(db, {"names": {"finance": ["名1"]}})

    later = noting("later", type(EXAMPLES["letter.received"]), type(EXAMPLES["letter.accepted"]), from_now=True)
    await live(await replicas.start(code.hearing(NAMES, later, sources=("columns", "mailbox"))), 2)
    await did(db, "later")
    await bus.send([said(EXAMPLES["letter.accepted"], 2)])

    await did(db, "later", LETTER.subject + " " + LETTER.subject)
    await waits(db)


async def test_who_was_there_before_goes_on_where_the_one_before_stopped_also_from_now_on(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    old = await replicas.start(code.hearing(NAMES, noting("later", from_now=True)))
    await live(old, 1)
    await bus.send(spoken("finance", 1))
    await did(db, "later", *of("finance", 1))
    await old.end()
    await bus.send([message("finance", 2, "名2")])  # nobody listens

    await replicas.start(code.hearing(NEWER, noting("later", from_now=True)))

    await did(db, "later", *of("finance", 1, 2))


async def test_effects_run_once_although_two_versions_hear(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES, noting("noted")))
    await live(await replicas.start(code.hearing(NEWER, noting("noted"))), 2)
    for n in range(1, 21):
        await bus.send([message(department, n, f"名{n}") for department in ("finance", "water")])

    await hold(db, {"names": {d: [f"名{n}" for n in range(1, 21)] for d in ("finance", "water")}})
    await hold(db, {"names~2": {d: [f"名{n}！" for n in range(1, 21)] for d in ("finance", "water")}})
    await did(db, "noted", *of("finance", *range(1, 21)), *of("water", *range(1, 21)))


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
    await db[Generation.KIND].delete_many({})
    await db["names"].drop()
    await db[Generation.KIND].insert_one({"_id": "4", **document(replace(
        generation.made(code.hearing(NEWER), 4), used_at=host()))})  # fmt: skip

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


async def test_what_waits_in_a_copy_that_is_shared_is_worked_off_by_whoever_is_there(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    old = await replicas.start(code.hearing(NAMES, PHONES))
    await bus.send([message("finance", 2, "名2")])
    await waits(db, "names|department/finance#2", "phones|department/finance#2")
    await old.end()

    new = await replicas.start(code.hearing(NEWER, PHONES))
    await waits(db, *(f"{queue}|department/finance#2" for queue in ("names", "names~2", "phones")))
    await bus.send(spoken("finance", 1))

    await hold(db, {"phones": {"finance": ["名1", "名2"]}, "names~2": {"finance": ["名1！", "名2！"]}})
    await live(new, 2)
    await waits(db, "names|department/finance#2")  # of the version that is gone


async def test_what_fails_only_in_new_copies_keeps_them_from_taking_over_until_people_have_decided(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES))
    await bus.send(spoken("finance", 2))
    await hold(db, {"names": {"finance": ["名1", "名2"]}})

    new = await replicas.start(code.hearing(PICKY))
    await eventually(lambda: new.current.filling == "1 fail or wait that did not before")
    assert not new.generation.live
    [place] = await people.discard(new.current.listener, "department/finance")

    assert place.id == "names~2|department/finance#2"
    await live(new, 2)


async def test_all_replicas_know_that_it_is_live_though_one_has_seen_it(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES))
    newer = code.hearing(NEWER)
    without_kafka = await replicas.start(newer, kafka="127.0.0.1:1")
    assert not without_kafka.generation.live

    await live(await replicas.start(newer), 2)

    await live(without_kafka, 2)


async def test_a_version_that_starts_while_kafka_is_away_is_filled_when_that_is_back(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    await replicas.start(code.hearing(NAMES, noting("noted")))
    await bus.send(spoken("finance", 2))
    await did(db, "noted", *of("finance", 1, 2))

    new = await replicas.start(
        code.hearing(NEWER, noting("noted"), noting("later", from_now=True)), kafka="127.0.0.1:1"
    )
    await eventually(lambda: new.current.listener.away.startswith("Kafka"))
    assert not new.generation.live
    new.current.bus.servers = bus.servers

    await live(new, 2)
    await hold(db, {"names~2": {"finance": ["名1！", "名2！"]}})
    await bus.send([message("finance", 3, "名3")])
    await did(db, "later", *of("finance", 3))
    await did(db, "noted", *of("finance", 1, 2, 3))


async def test_after_kafka_was_emptied_nothing_is_taken_for_the_past(
    code: Code, replicas: Replicas, bus: Bus, db: Database
) -> None:
    handlers = noting("before"), noting("later", from_now=True)
    await replicas.start(code.hearing(NAMES, handlers[0]))
    await bus.send(spoken("finance", 5))
    await did(db, "before", *of("finance", 1, 2, 3, 4, 5))
    new = await replicas.start(code.hearing(NAMES, *handlers))
    await live(new, 2)
    for replica in replicas.running[:1]:
        await replica.end()
    await emptied(bus)

    new.current.listener.again.set()
    await bus.send([message("finance", 6, "名6")])

    await did(db, "later", *of("finance", 6))
    await did(db, "before", *of("finance", 1, 2, 3, 4, 5, 6))


async def emptied(bus: Bus) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bus.servers)
    await admin.start()
    await admin.delete_topics([bus.topic("columns")])
    await eventually(lambda: gone(bus))
    await admin.close()
    await bus.prepare()


async def gone(bus: Bus) -> bool:
    return bus.topic("columns") in await bus.missing()


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
