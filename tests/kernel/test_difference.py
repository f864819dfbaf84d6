"""States are written as differences: a change costs what it changes, and what this version does not know stays."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Servers
from services.kernel.contracts.columns import DepartmentChanged
from services.kernel.domain.decision import Aggregate, Cause, Decision, Unit
from services.kernel.storage.difference import difference, noted, update
from services.kernel.storage.mongo import Database, connect
from services.kernel.storage.transaction import Transactor
from tests.support.sample import AT, Bureau, described, found, rename

NAMES = st.sampled_from(["a", "b", "wide.name", "$odd", "", "名"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3)


@pytest.mark.servers
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=DOCUMENTS, after=DOCUMENTS)
async def test_a_difference_that_is_written_gives_what_was_wanted(
    servers: Servers, before: dict[str, Any], after: dict[str, Any]
) -> None:
    db = connect(servers.mongo_url, "t_difference")
    await db["paper"].replace_one({"_id": 1}, before, upsert=True)
    if changes := update(difference(before, before, after)):
        await db["paper"].update_one({"_id": 1}, changes)
    stored = await db["paper"].find_one({"_id": 1}, {"_id": 0})
    db.client.close()

    assert stored == after


@given(before=DOCUMENTS)
def test_nothing_is_written_where_nothing_changed(before: dict[str, Any]) -> None:
    assert difference(before, before, deepcopy(before)) == {}


def test_a_list_that_grew_and_a_part_that_changed_are_written_alone() -> None:
    before = {"steps": [{"at": 1}, {"at": 2}], "clock": {"due": 5, "rule": "r/1"}}
    after = {"steps": [{"at": 1}, {"at": 2}, {"at": 3}], "clock": {"due": 6, "rule": "r/1"}}

    assert noted(difference(before, before, after)) == {"steps.2": [None, {"at": 3}], "clock.due": [5, 6]}


def test_what_an_older_document_lacks_is_written_whole() -> None:
    """Else only the changed part of it would be there."""
    before, after = {"clock": {"due": 5, "rule": "r/1"}}, {"clock": {"due": 6, "rule": "r/1"}}

    assert update(difference({}, before, after)) == {"$set": {"clock": {"due": 6, "rule": "r/1"}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A part of the state of tomorrow."""

    street: str
    floor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tomorrow(Aggregate):
    """The same aggregate as a newer version knows it."""

    KIND: ClassVar[str] = Bureau.KIND

    name: str
    motto: str = ""
    seats: tuple[Seat, ...] = ()


def moved(bureau: Tomorrow) -> Decision[Tomorrow]:
    told = DepartmentChanged(at=AT, **described(bureau.id, bureau.name))
    return Decision(replace(bureau, motto="勤政", seats=(Seat(street="人民路", floor=3),)), (told,))


@pytest.mark.servers
async def test_an_older_replica_leaves_what_a_newer_one_wrote(db: Database, transact: Transactor) -> None:
    async def newer(unit: Unit) -> None:
        unit.save(moved(await unit.get(Tomorrow, "finance")))

    async def older(unit: Unit) -> None:
        unit.save(rename(await unit.get(Bureau, "finance"), "市财政局"))

    await transact(lay_down(found("finance")))
    await transact(newer)
    await transact(older)

    stored = await db["department"].find_one({"_id": "finance"})
    assert stored is not None
    assert (stored["name"], stored["motto"]) == ("市财政局", "勤政")
    assert stored["seats"] == [{"street": "人民路", "floor": 3}]
    assert (stored["version"], stored["sequence"]) == (3, 3)


def lay_down(decision: Decision[Bureau]) -> Callable[[Unit], Any]:
    async def save(unit: Unit) -> None:
        unit.save(decision)

    return save


@pytest.mark.servers
async def test_a_state_that_changed_without_a_fact_is_a_programming_error(transact: Transactor) -> None:
    async def silently(unit: Unit) -> None:
        bureau = await unit.get(Bureau, "finance")
        unit.save(Decision(replace(bureau, name="x")))

    await transact(lay_down(found("finance")))

    with pytest.raises(TypeError, match="department/finance was changed without a fact"):
        await transact(silently)


@pytest.mark.servers
async def test_a_question_inside_a_unit_sees_what_was_saved_before_it(transact: Transactor) -> None:
    seen: list[list[str]] = []

    async def twice(unit: Unit) -> None:
        unit.save(found("finance"))
        seen.append(await unit.ids(Bureau, {}, sort="name", limit=0))
        unit.save(rename(await unit.get(Bureau, "finance"), "a"))
        unit.save(found("water"))
        seen.append([bureau.name for bureau in await unit.find(Bureau, {}, sort="name", limit=0)])
        seen.append([str(await unit.count(Bureau, {"name": "a"}))])

    await transact(twice)

    assert seen == [["finance"], ["a", "财政局"], ["1"]]


@pytest.mark.servers
async def test_what_a_question_had_written_is_gone_with_the_action_that_fails(db: Database) -> None:
    async def fails(unit: Unit) -> None:
        unit.save(found("finance"))
        await unit.count(Bureau, {})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Transactor(db, Cause(who="tester", request="-"))(fails)

    assert await db["department"].count_documents({}) == 0
    assert await db["journal"].count_documents({}) == 0
