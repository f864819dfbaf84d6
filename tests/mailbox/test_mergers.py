"""Who handles the letters of a department that was merged into another."""

from datetime import timedelta

import httpx
import pytest

from services.kernel.domain.clock import now
from services.kernel.domain.person import Role
from services.kernel.running.program import Program
from tests.mailbox.desk import Desk, done, expect_problem
from tests.mailbox.examples import merged
from tests.support.hearing import heard
from tests.support.services import Bearer

pytestmark = pytest.mark.servers
YESTERDAY, TOMORROW = now() - timedelta(days=1), now() + timedelta(days=1)


@pytest.fixture
def finance(bearer: Bearer) -> dict[str, str]:
    return bearer(Role.HANDLER, department="finance")


@pytest.fixture
def water(bearer: Bearer) -> dict[str, str]:
    return bearer(Role.HANDLER, department="water")


async def queue(desk: Desk, who: dict[str, str], **query: str) -> set[str]:
    found = done(await desk.client.get("/letters", params=query, headers=who))
    return {letter["id"] for letter in found["items"]}


async def read(desk: Desk, receipt: str, who: dict[str, str]) -> httpx.Response:
    return await desk.client.get(f"/letters/{receipt}", headers=who)


async def test_a_handler_of_two_departments_sees_the_letters_of_both(desk: Desk, bearer: Bearer) -> None:
    both = bearer(Role.HANDLER, department=["finance", "water"])
    finances, waters = (await desk.write())["receipt"], (await desk.write(mailbox="water"))["receipt"]
    await desk.write(mailbox="mayor")

    assert await queue(desk, both) == {finances, waters}
    assert await queue(desk, both, department="water") == {waters}


async def test_the_successors_handlers_take_over_and_the_letter_keeps_its_department(
    program: Program, desk: Desk, finance: dict[str, str], water: dict[str, str]
) -> None:
    old, own = (await desk.write())["receipt"], (await desk.write(mailbox="water"))["receipt"]
    await heard(program.listener, [merged("finance", into="water", at=YESTERDAY)])

    assert await queue(desk, water) == await queue(desk, water, department="water") == {old, own}
    assert await queue(desk, desk.office, department="water") == {old, own}
    assert await queue(desk, water, department="finance") == {old}
    answered = done(await desk.client.post(f"/letters/{old}/answer", json={"text": "已修。"}, headers=water))
    assert (answered["department"], answered["state"]) == ("finance", "answered")
    assert await queue(desk, finance) == set()
    expect_problem(await read(desk, old, finance), 403, "department.foreign")
    assert (await desk.client.get("/letters?department=finance", headers=finance)).status_code == 403


async def test_a_merger_that_lies_ahead_changes_nothing_yet(
    program: Program, desk: Desk, finance: dict[str, str], water: dict[str, str]
) -> None:
    await heard(program.listener, [merged("finance", into="water", at=TOMORROW)])
    receipt = (await desk.write())["receipt"]

    assert (await desk.letter(receipt))["department"] == "finance"
    assert (await queue(desk, finance), await queue(desk, water)) == ({receipt}, set())
    expect_problem(await read(desk, receipt, water), 403, "department.foreign")


async def test_a_chain_of_mergers_and_one_that_is_undone_are_followed(
    program: Program, desk: Desk, bearer: Bearer, finance: dict[str, str], water: dict[str, str]
) -> None:
    receipt, office = (await desk.write())["receipt"], bearer(Role.HANDLER, department="office")
    chain = [
        merged("finance", into="water", at=YESTERDAY - timedelta(days=9)),
        merged("water", into="office", at=YESTERDAY - timedelta(days=5)),
    ]
    await heard(program.listener, chain)

    assert (await read(desk, receipt, office)).status_code == 200
    assert (await read(desk, receipt, water)).status_code == 403

    await heard(program.listener, [merged("office", into="finance", at=YESTERDAY)])
    assert (await read(desk, receipt, finance)).status_code == 200
    assert (await read(desk, receipt, office)).status_code == 403


async def test_a_merger_told_twice_is_heard_once_and_a_later_one_waits_for_it(
    program: Program, desk: Desk, water: dict[str, str], bearer: Bearer
) -> None:
    receipt = (await desk.write())["receipt"]
    first = merged("finance", into="archive", at=YESTERDAY - timedelta(days=3))
    second = merged("finance", into="water", at=YESTERDAY, sequence=3)

    await heard(program.listener, [second])
    assert (await read(desk, receipt, water)).status_code == 403
    await heard(program.listener, [first, first, second])

    assert (await read(desk, receipt, water)).status_code == 200
    assert (await read(desk, receipt, bearer(Role.HANDLER, department="archive"))).status_code == 403


async def test_a_letter_to_a_merged_department_is_its_successors_from_the_start(program: Program, desk: Desk) -> None:
    await heard(program.listener, [merged("finance", into="water", at=YESTERDAY)])

    letter = await desk.letter((await desk.write())["receipt"])

    assert (letter["mailbox"], letter["department"]) == ("finance", "water")


async def test_a_letter_is_transferred_to_who_answers_for_the_department_named(
    program: Program, desk: Desk, water: dict[str, str]
) -> None:
    await heard(program.listener, [merged("finance", into="office", at=YESTERDAY)])
    receipt, body = (await desk.write(mailbox="water"))["receipt"], {"to": "finance", "reason": "财政职责"}

    moved = done(await desk.client.post(f"/letters/{receipt}/transfer", json=body, headers=water))

    assert moved["department"] == "office"


async def test_a_letter_to_a_department_whose_successor_was_not_heard_of_waits_for_it(
    program: Program, desk: Desk
) -> None:
    await heard(program.listener, [merged("finance", into="nobody", at=YESTERDAY)])

    answer = await desk.hand_in()

    expect_problem(answer, 409, "unknown_yet")
    assert answer.headers["retry-after"]


async def test_the_mayors_letters_go_to_who_answers_for_the_office(program: Program, desk: Desk) -> None:
    await heard(program.listener, [merged("office", into="water", at=YESTERDAY)])

    letter = await desk.letter((await desk.write(mailbox="mayor"))["receipt"])

    assert letter["department"] == "water"
