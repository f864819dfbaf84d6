"""State and facts together, in one transaction."""

import asyncio

import pytest
from pymongo import InsertOne
from pymongo.errors import OperationFailure

from services.kernel.contracts.examples import EXAMPLES
from services.kernel.domain.decision import Cause, Decision, Missing, Refused, Stale, Unit
from services.kernel.domain.event import LARGEST
from services.kernel.storage.journal import entry
from services.kernel.storage.mongo import Database, read
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from tests.support.refusals import refusal
from tests.support.sample import AT, Bureau, Looked, add_letter_to_name, found, found_bureau, rename_bureau

pytestmark = pytest.mark.servers


async def journal_of(db: Database, subject: str = "department/finance") -> list[dict[str, object]]:
    return await db["journal"].find({"subject": subject}).sort([("version", 1), ("n", 1)]).to_list(None)


async def test_state_and_facts_are_written_together(db: Database, transact: Transactor) -> None:
    bureau = await transact(found_bureau, "finance")

    stored = await db["department"].find_one({"_id": "finance"})
    assert stored == {"_id": "finance", "version": 1, "name": "财政局", "wakes_at": None, "sequence": 1}
    [record] = await journal_of(db)
    assert bureau.version == 1
    assert record["type"] == "department.registered"
    assert record["sequence"] == 1
    assert record["unsent"] is True
    assert (record["who"], record["request"], record["at"]) == ("tester", "request-1", AT)


async def test_an_action_that_fails_leaves_neither_state_nor_fact(db: Database, transact: Transactor) -> None:
    async def found_then_fail(unit: Unit) -> None:
        await found_bureau(unit, "finance")
        raise refusal(Refused, "no", "No.")

    with pytest.raises(Refused):
        await transact(found_then_fail)

    assert await db["department"].count_documents({}) == 0
    assert await db["journal"].count_documents({}) == 0


async def test_a_decision_without_facts_writes_nothing(db: Database, transact: Transactor) -> None:
    await transact(found_bureau, "finance")

    same = await transact(rename_bureau, "finance", "财政局")

    assert same.version == 1
    assert len(await journal_of(db)) == 1


async def test_the_journal_says_what_changed_before_and_after(db: Database, transact: Transactor) -> None:
    await transact(found_bureau, "finance", name="财政局")
    await transact(rename_bureau, "finance", "市财政局")

    _, second = await journal_of(db)
    assert second["changes"] == {"name": ["财政局", "市财政局"]}


async def test_a_kept_fact_is_in_the_journal_and_has_no_place_among_the_told(
    db: Database, transact: Transactor
) -> None:
    async def look(unit: Unit) -> None:
        bureau = await unit.get(Bureau, "finance")
        unit.save(Decision(bureau, (Looked(at=AT),)))

    await transact(found_bureau, "finance")
    await transact(look)
    await transact(rename_bureau, "finance", "市财政局")

    first, kept, last = await journal_of(db)
    assert (first["sequence"], last["sequence"]) == (1, 2)
    assert "sequence" not in kept
    assert "unsent" not in kept


async def test_several_decisions_on_one_aggregate_in_one_unit_are_one_write(db: Database, transact: Transactor) -> None:
    async def found_and_rename(unit: Unit) -> Bureau:
        await found_bureau(unit, "finance")
        return await rename_bureau(unit, "finance", "市财政局")

    bureau = await transact(found_and_rename)

    assert bureau.version == 2
    assert [(r["version"], r["sequence"]) for r in await journal_of(db)] == [(1, 1), (2, 2)]


async def test_if_match_of_an_older_version_is_stale(transact: Transactor) -> None:
    await transact(found_bureau, "finance")
    await transact(rename_bureau, "finance", "市财政局", expected=1)

    with pytest.raises(Stale) as no:
        await transact(rename_bureau, "finance", "财政", expected=1)

    assert no.value.code == "department.stale"


async def test_what_is_not_there_is_missing(transact: Transactor) -> None:
    with pytest.raises(Missing):
        await transact(rename_bureau, "nobody", "x")


async def test_racing_actions_all_succeed_and_none_is_lost(db: Database, transact: Transactor) -> None:
    await transact(found_bureau, "finance", name="")

    await asyncio.gather(*(transact(add_letter_to_name, "finance") for _ in range(16)))

    stored = await db["department"].find_one({"_id": "finance"})
    assert stored is not None
    assert (stored["name"], stored["version"], stored["sequence"]) == ("x" * 16, 17, 17)


async def test_founding_the_same_thing_twice_at_once_founds_it_once(db: Database, transact: Transactor) -> None:
    outcomes = await asyncio.gather(*(transact(found_bureau, "finance") for _ in range(4)), return_exceptions=True)

    assert [o.code for o in outcomes if isinstance(o, Refused)] == ["exists"] * 3
    assert len(await journal_of(db)) == 1


async def test_an_event_too_large_to_send_is_refused_when_it_is_saved(db: Database, transact: Transactor) -> None:
    with pytest.raises(Refused) as no:
        await transact(found_bureau, "finance", name="财" * (LARGEST // 3 + 1))

    assert no.value.code == "event.too_large"
    assert await db["department"].count_documents({}) == 0


async def test_a_decision_on_a_version_the_unit_does_not_hold_is_a_programming_error(transact: Transactor) -> None:
    async def from_memory(unit: Unit) -> None:
        await unit.get(Bureau, "finance")
        unit.save(found("finance"))

    await transact(found_bureau, "finance")
    with pytest.raises(TypeError, match="does not hold"):
        await transact(from_memory)


async def test_a_fact_about_another_aggregate_is_a_programming_error(transact: Transactor) -> None:
    async def mixed(unit: Unit) -> None:
        unit.save(Decision(Bureau(id="finance", name="x"), found("education").facts))

    with pytest.raises(TypeError, match="speaks of"):
        await transact(mixed)


def test_a_change_of_the_tree_carries_its_turn() -> None:
    opened = EXAMPLES["column.opened"]
    record = entry(opened, opened.subject, 1, 0, Cause(who="tester", request="-"))

    assert record["order"] == 3


async def test_what_cannot_be_written_leaves_no_document_in_the_error(transact: Transactor) -> None:
    async def impossible(unit: MongoUnit) -> None:
        unit.write("department", InsertOne({"_id": ["王女士"], "name": "王女士"}))

    with pytest.raises(OperationFailure, match="a bulk write failed with the codes") as failed:
        await transact(impossible)

    assert "王女士" not in str(failed.value)


def test_a_stored_document_that_cannot_be_read_is_named_without_its_values() -> None:
    with pytest.raises(ValueError, match="a stored department cannot be read: version") as failed:
        read(Bureau, {"_id": "x", "name": "财政局", "version": "王女士"})

    assert "王女士" not in str(failed.value)


async def test_content_is_kept_in_the_transaction_of_the_fact_that_names_it(db: Database, transact: Transactor) -> None:
    async def attach(unit: Unit) -> None:
        unit.attach("a" * 64, b"{}", "application/json")

    await transact(attach)
    await transact(attach)

    assert await db["content"].count_documents({"_id": "a" * 64, "data": b"{}"}) == 1
