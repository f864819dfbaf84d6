"""Mailbox's part of the demonstration city, on real MongoDB, beside the program that is running."""

import asyncio

import pytest

from services.kernel.city import read
from services.kernel.clock import now
from services.kernel.inbox import hear_all
from services.kernel.program import Program
from services.kernel.transaction import Transactor
from services.mailbox import city, consumers, timers
from tests.mailbox.examples import registered

pytestmark = pytest.mark.servers


async def hear_the_city(program: Program) -> None:
    letters = read(city.__file__)["letters"]
    codes = {letter["department"] for letter in letters} | {
        transfer["to"] for letter in letters for transfer in letter.get("transferred") or []
    }
    known = {"office", "finance", "water", "archive"}
    await program.transact(hear_all, consumers.HEARING, [registered(code) for code in sorted(codes - known)])


async def sweeping(transact: Transactor) -> None:
    """The running program's own sweep, busier than it is."""
    [sweep] = timers.sweeps()
    while True:
        await sweep.once(transact, now())
        await asyncio.sleep(0.01)


async def test_a_program_that_runs_meanwhile_tells_of_no_letter_that_its_department_answered_in_time(
    program: Program,
) -> None:
    await hear_the_city(program)
    running = asyncio.create_task(sweeping(program.transact))
    await city.load(program)
    running.cancel()

    answered = program.db["letter"].find({"answered_at": {"$ne": None}, "overdue_since": {"$ne": None}})
    false = [
        letter["_id"] for letter in await answered.to_list(None) if letter["answered_at"] < letter["overdue_since"]
    ]
    assert false == []
