"""The demonstration city's part, loaded once however often it is asked for."""

from datetime import timedelta

import pytest

from services.columns import city
from services.columns.actions import department
from services.columns.domain.column import ColumnState, Located
from services.columns.store import column as store
from services.kernel.domain.clock import now
from services.kernel.running.city import read
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.transaction import Transactor
from tests.columns.examples import AT, PROFILE

CITY = city.City.model_validate(read(city.__file__))


def test_no_two_paths_give_the_same_id() -> None:
    assert city.column_id("a-b/c") != city.column_id("a/b-c")
    assert len(CITY.ids()) == len(CITY.departments) + len(CITY.columns)


async def every(program: Program) -> list[Located]:
    read = MongoReader(program.db)
    return await store.in_order(read, await store.the_tree(read), list(ColumnState))


class Killed(Exception):
    """The process ended between two transactions."""


@pytest.mark.servers
async def test_the_city_is_loaded_as_it_is_written_and_at_a_past_moment(program: Program) -> None:
    await city.load(program)

    found = {each.location.path: each.column for each in await every(program)}
    assert set(found) == {column.path for column in CITY.columns}
    assert {column.state for column in found.values()} == {ColumnState.LIVE}
    assert all(found[column.path].profile.owner == column.owner for column in CITY.columns)
    [at] = await program.db["journal"].distinct("at")
    assert timedelta(days=155) < now() - at < timedelta(days=167), "the months that are played lie after its opening"


@pytest.mark.servers
async def test_a_second_load_writes_nothing(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    await city.load(program)
    written = await program.db["journal"].count_documents({})

    await city.load(program)

    assert "already loaded" in capsys.readouterr().out
    assert await program.db["journal"].count_documents({}) == written


@pytest.mark.servers
@pytest.mark.parametrize("actions", [0, 20, 35, 36, 40, 80, 124])
async def test_a_load_that_was_killed_goes_on(program: Program, monkeypatch: pytest.MonkeyPatch, actions: int) -> None:
    left = iter(range(actions))

    async def until_killed(transactor: Transactor, *args: object, **how: object) -> object:
        if next(left, None) is None:
            raise Killed
        return await working(transactor, *args, **how)  # type: ignore[arg-type]  # passed on as it came

    working = Transactor.__call__
    monkeypatch.setattr(Transactor, "__call__", until_killed)
    with pytest.raises(Killed):
        await city.load(program)
    monkeypatch.undo()

    await city.load(program)

    assert [each.column.state for each in await every(program)] == [ColumnState.LIVE] * len(CITY.columns)
    told = await program.db["journal"].count_documents({"sequence": {"$exists": True}})
    assert told == len(CITY.departments) + 2 * len(CITY.columns)


@pytest.mark.servers
async def test_a_database_that_holds_others_is_left_alone(program: Program) -> None:
    await program.transact(department.register, "elsewhere", PROFILE, at=AT)

    with pytest.raises(SystemExit) as no:
        await city.load(program)

    assert "empty" in str(no.value)
    assert await program.db["department"].count_documents({}) == 1
