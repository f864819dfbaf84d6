"""Effects and copies: each with a name and a guard of its own, any number of one event."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import pytest

from services.kernel.contracts.columns import (
    DepartmentChanged,
    DepartmentEvent,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Copied, Unit
from services.kernel.storage.mongo import Database, MongoReader
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.consumer import Copy, Effects, Hearing
from tests.kernel.queues import listening, names
from tests.support.hearing import heard
from tests.support.sample import Bureau, Known, found, knowing, rename_bureau, spoken

pytestmark = pytest.mark.servers


async def test_an_effect_and_the_guard_are_one_transaction(db: Database, transact: Transactor) -> None:
    opening = Effects("opening")

    @opening.on(DepartmentRegistered)
    async def open_one(unit: Unit, event: DepartmentRegistered, _: datetime) -> None:
        unit.save(found(f"own-{event.code}", name=event.name))

    listener = listening(transact, opening)
    await asyncio.gather(*(heard(listener, spoken("finance", 2)) for _ in range(3)))

    assert await db["department"].count_documents({}) == 1
    [record] = await db["journal"].find().to_list(None)
    assert (record["who"], record["request"]) == ("columns", "test")
    assert await MongoReader(db).look(Bureau, "own-finance") is not None


async def test_one_event_may_have_any_number_of_effects_each_with_a_name(db: Database, transact: Transactor) -> None:
    def opening(prefix: str) -> Effects:
        made = Effects(prefix)

        @made.on(DepartmentRegistered)
        async def open_one(unit: Unit, event: DepartmentRegistered, _: datetime) -> None:
            unit.save(found(f"{prefix}-{event.code}"))

        return made

    await heard(listening(transact, opening("a"), opening("b")), spoken("finance", 1))

    assert {d["_id"] for d in await db["department"].find().to_list(None)} == {"a-finance", "b-finance"}


def test_a_second_effect_or_fold_of_one_event_under_one_name_is_refused_at_import() -> None:
    effects, copy = Effects("opening"), Copy(Known)

    async def nothing(_: Unit, __: DepartmentEvent, ___: datetime) -> None: ...

    def empty(_: Known | None, event: DepartmentEvent) -> Known:
        return Known(id=event.code, names=())

    effects.on(DepartmentRegistered)(nothing)
    copy.on(DepartmentRegistered)(empty)

    with pytest.raises(TypeError, match=r"has an effect of department\.registered already"):
        effects.on(DepartmentRegistered)(nothing)
    with pytest.raises(TypeError, match=r"department\.registered"):
        copy.on(DepartmentRegistered)(empty)
    with pytest.raises(TypeError, match="Two of the same name"):
        Hearing(handlers=[Effects("a"), Effects("a")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest(Copied):
    """A second copy of the same kind."""

    KIND: ClassVar[str] = "department"
    COPY: ClassVar[str] = "latest"

    name: str


def latest() -> Copy[Latest]:
    made = Copy(Latest)

    @made.on(DepartmentRegistered, DepartmentChanged)
    def named(_: Latest | None, event: DepartmentEvent) -> Latest:
        return Latest(id=event.code, name=event.name)

    return made


async def test_two_copies_of_one_kind_each_have_their_own_guard(db: Database, transact: Transactor) -> None:
    await heard(listening(transact, knowing()), spoken("finance", 2))
    await heard(listening(transact, knowing(), latest()), spoken("finance", 3))

    assert await names(db, "finance") == ("名1", "名2", "名3")
    known = await MongoReader(db).look(Latest, "finance")
    assert known is not None
    assert known.name == "名3"


async def test_an_effect_sees_its_copy_as_the_message_leaves_it_and_what_the_batch_saved(
    db: Database, transact: Transactor
) -> None:
    seen: list[tuple[str, int]] = []
    looking = Effects("looking")

    @looking.on(DepartmentChanged)
    async def look(unit: Unit, event: DepartmentChanged, _: datetime) -> None:
        copy = await unit.known(Latest, event.code)
        unit.save(found(f"own-{event.code}-{len(seen)}"))
        [*_rest, last] = await unit.find(Latest, {"name": {"$gte": ""}}, sort="_id", limit=0)
        seen.append((copy.name, await unit.count(Bureau, {})))
        assert last == copy

    await heard(listening(transact, looking, latest()), spoken("finance", 3))

    assert seen == [("名2", 1), ("名3", 2)]


async def test_a_hearing_that_names_content_needs_something_to_fetch_it_with(transact: Transactor) -> None:
    copy = Copy(Known)
    copy.on(DepartmentRegistered, fetch=lambda event: None)(lambda _, event: Known(id=event.code, names=()))

    with pytest.raises(ValueError, match="nothing to fetch it with"):
        listening(transact, copy)


async def test_an_effect_that_changes_what_another_replica_changes_too_is_run_again(
    db: Database, transact: Transactor
) -> None:
    renaming = Effects("renaming")

    @renaming.on(DepartmentChanged)
    async def rename(unit: Unit, event: DepartmentChanged, _: datetime) -> None:
        bureau = await unit.get(Bureau, "shared")
        await rename_bureau(unit, "shared", bureau.name + "x")

    await transact(make_shared)
    listeners = [listening(transact, renaming) for _ in range(3)]
    await asyncio.gather(*(heard(each, spoken(f"d{n}", 2)) for n, each in enumerate(listeners)))

    shared = await MongoReader(db).look(Bureau, "shared")
    assert shared is not None
    assert shared.name == "财政局xxx"


async def make_shared(unit: Unit) -> Bureau:
    return unit.save(found("shared"))


async def test_a_copy_of_which_nothing_is_kept_yet_is_in_no_answer(db: Database, transact: Transactor) -> None:
    copy = Copy(Latest)

    @copy.on(DepartmentRegistered)
    def named(_: Latest | None, event: DepartmentEvent) -> Latest | None:
        return Latest(id=event.code, name=event.name) if event.code == "finance" else None

    for code in ("finance", "nothing"):
        await heard(listening(transact, copy), spoken(code, 1))

    read = MongoReader(db, copies={Latest.named(): Latest.named()})
    assert await db[Latest.named()].count_documents({}) == 2
    assert await read.look(Latest, "nothing") is None
    assert [each.id for each in await read.find(Latest, {}, sort="_id", limit=0)] == ["finance"]
    assert (await read.ids(Latest, {}, sort="_id", limit=0), await read.count(Latest, {})) == (["finance"], 1)
