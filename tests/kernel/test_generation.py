"""Versions of a program keep their copies side by side, each in a generation that is filled by its own code."""

import pytest

from services.kernel.contracts.columns import ColumnOpened, DepartmentChanged, DepartmentRegistered
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.storage.mongo import Database
from services.kernel.stream import people
from services.kernel.stream.bus import Bus
from tests.gateway.support.telling import message as said
from tests.kernel.versions import NAMES, NEWER, PHONES, PICKY, Code, Replicas, did, hold, live, noting, of, waits
from tests.support.sample import message, spoken
from tests.support.topics import delete
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
OPENED = said(EXAMPLES["column.opened"], 1)
RETIRED = said(EXAMPLES["column.retired"].model_copy(update={"column_id": "c-news"}), 2)
LETTER = said(EXAMPLES["letter.received"], 1)


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
    await delete(bus, ["columns"])
    await bus.prepare()
