"""Lists read part by part: nothing twice, nothing left out, and no part costs more than the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from services.kernel.domain.decision import After, Record
from services.kernel.storage.mongo import Database, Index, MongoReader, following, sorting
from tests.support.sample import stored

pytestmark = pytest.mark.servers
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TIES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Record):
    KIND: ClassVar[str] = "sheet"

    owner: str = "finance"
    due_at: datetime | None


async def put(db: Database, moments: Sequence[datetime | None]) -> None:
    sheets = [Sheet(id=f"s{n:05}", due_at=moment) for n, moment in enumerate(moments)]
    await db[Sheet.KIND].insert_many([stored(sheet) for sheet in sheets])


async def read_through(db: Database, sort: str, limit: int) -> list[Sheet]:
    found: list[Sheet] = []
    after = None
    while part := await MongoReader(db).find(Sheet, {"owner": "finance"}, sort=sort, limit=limit, after=after):
        found += part
        value = part[-1].id if sort.endswith("_id") else part[-1].due_at
        after = After(value, part[-1].id)
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("sort", ["due_at", "-due_at", "_id", "-_id"])
async def test_a_list_with_ties_and_records_without_a_moment_is_read_whole(db: Database, sort: str, limit: int) -> None:
    later, latest = AT + timedelta(days=1), AT + timedelta(days=2)
    await put(db, [later, None, AT, later, None, latest, later, None, AT])
    whole = await MongoReader(db).find(Sheet, {}, sort=sort, limit=0)

    assert await read_through(db, sort, limit) == whole
    assert len({sheet.id for sheet in whole}) == 9


@pytest.mark.parametrize("sort", ["due_at", "-due_at"])
async def test_the_last_part_of_a_long_list_costs_no_more_than_the_first(db: Database, sort: str) -> None:
    await Index(of=Sheet, keys=("owner", "due_at")).make(db, {})
    await put(db, [AT + timedelta(minutes=n // TIES) for n in range(3_000)])
    last = (await MongoReader(db).find(Sheet, {}, sort=sort, limit=0))[-20]

    where: dict[str, Any] = {"$and": [{"owner": "finance"}, following(sort, After(last.due_at, last.id))]}
    asked = {"find": Sheet.KIND, "filter": where, "sort": dict(sorting(sort)), "limit": 10}
    cost = (await db.command("explain", asked, verbosity="executionStats"))["executionStats"]

    assert cost["nReturned"] == 10
    assert cost["totalKeysExamined"] <= 15
    assert cost["totalDocsExamined"] <= 10


async def test_an_index_puts_the_id_last_so_that_ties_need_no_sorting(db: Database) -> None:
    await Index(of=Sheet, keys=("owner", "-due_at")).make(db, {})
    await Index(of=Sheet, keys=("owner", "due_at"), unique=True).make(db, {})
    await Index(of=Sheet, keys=("due_at",), expires=60).make(db, {})
    made = [list(index["key"].items()) for index in await db[Sheet.KIND].list_indexes().to_list(None)]

    assert made == [
        [("_id", 1)],
        [("owner", 1), ("due_at", -1), ("_id", -1)],
        [("owner", 1), ("due_at", 1)],
        [("due_at", 1)],
    ]
