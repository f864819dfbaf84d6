"""Publishing's part of the demonstration city, on real MongoDB."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from services.kernel.contracts.columns import Cadence, Publishers
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.transaction import Transactor
from services.publishing import city, store
from services.publishing.domain import GENESIS
from tests.publishing.desk import Desk
from tests.publishing.examples import column_opened, department_registered, message
from tests.support.hearing import heard

pytestmark = pytest.mark.servers
ITEMS: list[dict[str, Any]] = json.loads((Path(city.__file__).parent / "data" / "city.json").read_text("utf-8"))[
    "items"
]


async def hear_the_city(program: Program) -> None:
    """Its columns with those above them, opened before anything was published, and its departments."""
    at = datetime.now(UTC) - timedelta(days=165)
    paths = {item["column"] for item in ITEMS}
    paths |= {"/".join(path.split("/")[:n]) for path in paths for n in range(1, path.count("/") + 1)}
    columns = [
        column_opened(f"c-{path}", cadence=Cadence.NEWS, publishers=Publishers.ALL, at=at) for path in sorted(paths)
    ]
    departments = [
        department_registered(code, at=at)
        for code in sorted({item["department"] for item in ITEMS} - {"finance", "health"})
    ]
    events = [message(event) for event in (*columns, *departments)]
    await heard(program.listener, events)


async def stands(program: Program) -> tuple[int, int]:
    return await program.db["item"].count_documents({}), await program.db["journal"].count_documents({})


async def test_an_interrupted_load_goes_on_and_a_second_one_changes_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hear_the_city(program)
    whole, left = Transactor.named, iter(range(200))

    async def until_killed(self: Transactor, *args: Any) -> Any:
        if next(left, None) is None:
            raise ConnectionError("killed")
        return await whole(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Transactor, "named", until_killed)
        with pytest.raises(ConnectionError):
            await city.load(program)
    await city.load(program)
    loaded = await stands(program)
    await city.load(program)

    assert await stands(program) == loaded
    assert loaded[0] == len(ITEMS)
    await expect_the_past_to_be_whole(program)


async def expect_the_past_to_be_whole(program: Program) -> None:
    """Chains intact and marked as loaded; what time did was said once, in order, at its moments."""
    for department in {item["department"] for item in ITEMS}:
        found = await store.verification(MongoReader(program.db), department)
        assert (found.fault, found.head == GENESIS) == (None, False)
    assert await program.db["publication"].count_documents({"entry.loaded": False}) == 0
    told = (
        await program.db["journal"]
        .find({"type": {"$regex": "^duty"}})
        .sort([("subject", 1), ("sequence", 1)])
        .to_list(None)
    )
    for before, after in pairwise(told):
        if before["subject"] == after["subject"]:
            assert before["at"] <= after["at"], (before, after)
    assert {record["type"] for record in told} == {"duty.refreshed", "duty.due_soon", "duty.stale"}
    assert max(record["at"] for record in told) <= datetime.now(UTC)


async def test_a_database_with_other_items_is_left_alone(program: Program, desk: Desk) -> None:
    await hear_the_city(program)
    await desk.draft()

    with pytest.raises(SystemExit, match="other items"):
        await city.load(program)
