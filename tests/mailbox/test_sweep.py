"""What time does to letters, told by several replicas' sweeps at once, on real MongoDB."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.kernel.domain.clock import now
from services.kernel.domain.decision import Cause
from services.kernel.domain.sealed import Sealed
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.transaction import Transactor
from services.mailbox import store, timers
from services.mailbox.actions import answer_letter, receive_letter
from tests.mailbox.letters import OFFICE, WRITING
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
AT = datetime.fromisoformat("2026-03-02T02:00:00Z")
MANY = 450  # more than two batches


async def received(program: Program, *receipts: str, at: datetime = AT) -> None:
    for receipt in receipts:
        await program.transact(receive_letter, receipt, WRITING, code_digest=Sealed("-"), at=at)


async def told(program: Program, type: str) -> Counter[str]:
    return Counter([r["subject"] async for r in program.db["journal"].find({"type": type})])


async def test_each_overdue_letter_is_announced_once_by_sweeps_that_run_at_the_same_time(program: Program) -> None:
    receipts = [f"20260302-{n:06}" for n in range(MANY)]
    await asyncio.gather(*(received(program, *receipts[n::10]) for n in range(10)))
    late = AT + timedelta(days=60)

    async def replica(name: str) -> None:
        sweep, _ = timers.sweeps()
        transact = Transactor(program.db, Cause(who=name, request=name), vault=program.vault)
        while await sweep.once(transact, late):
            pass

    await asyncio.gather(*(replica(f"replica-{n}") for n in range(3)))

    expected = Counter({f"letter/{receipt}": 1 for receipt in receipts})
    assert await told(program, "letter.due_soon") == expected
    assert await told(program, "letter.overdue") == expected
    assert await store.letters_to_wake(MongoReader(program.db), late, limit=1) == []
    at = await program.db["journal"].distinct("at", {"type": "letter.overdue"})
    assert at == [datetime.fromisoformat("2026-03-23T16:00:00Z")]


async def test_a_late_answer_beside_sweeps_tells_overdue_once_and_before_the_answer(program: Program) -> None:
    receipts = [f"20260302-A{n:05}" for n in range(60)]
    await received(program, *receipts)
    late = AT + timedelta(days=60)

    async def sweeps() -> None:
        sweep, _ = timers.sweeps()
        while await sweep.once(program.transact, late):
            pass

    async def answers(some: list[str]) -> None:
        for receipt in some:
            await program.transact(answer_letter, receipt, text="已修", by=OFFICE, at=late)

    await asyncio.gather(answers(receipts[::2]), answers(receipts[1::2]), sweeps(), sweeps())

    for receipt in receipts:
        facts = program.db["journal"].find({"subject": f"letter/{receipt}"}).sort([("version", 1), ("n", 1)])
        types = [fact["type"] async for fact in facts]
        assert types == ["letter.received", "letter.due_soon", "letter.overdue", "letter.answered"]


async def test_it_is_told_within_five_seconds_of_the_due_moment(program: Program) -> None:
    """The due moment is put two seconds ahead; two replicas run as they do in the program."""
    await received(program, "20260302-NOWNOW")
    due = now() + timedelta(seconds=2)
    clock: dict[str, Any] = {"clock.due_at": due, "clock.due_soon_at": due - timedelta(seconds=1)}
    await program.db["letter"].update_many({}, {"$set": clock | {"wakes_at": clock["clock.due_soon_at"]}})
    replicas = [asyncio.create_task(timers.sweeps()[0].run(program.transact)) for _ in range(2)]

    async def announced() -> bool:
        return bool(await told(program, "letter.overdue"))

    await eventually(announced)
    for replica in replicas:
        replica.cancel()

    facts = await program.db["journal"].find({"type": {"$in": ["letter.due_soon", "letter.overdue"]}}).to_list(None)
    assert [fact["type"] for fact in facts] == ["letter.due_soon", "letter.overdue"]
    assert all(timedelta() <= fact["written"] - fact["at"] < timedelta(seconds=5) for fact in facts)
    assert facts[1]["at"] == due
