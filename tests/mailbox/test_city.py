"""Mailbox's part of the demonstration city, on real MongoDB, beside the program that is running."""

import asyncio
from collections import Counter
from datetime import date

import pytest

from services.kernel.domain.calendar import DAY, day_of, last_day, official
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Decision
from services.kernel.running.city import at_work, read, worked
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.storage.unit import MongoUnit
from services.mailbox import city, store, timers
from services.mailbox.domain import Letter, LetterState
from services.mailbox.domain.clock import clock
from tests.mailbox.desk import Desk, done
from tests.mailbox.examples import registered
from tests.support.hearing import heard
from tests.support.waiting import eventually

LETTERS = [city.CityLetter.model_validate(each) for each in read(city.__file__)["letters"]]


@pytest.fixture
async def town(program: Program) -> Program:
    """Mailbox that has heard of the city's departments."""
    codes = {code for each in LETTERS for code in (each.department, *(t.to for t in each.transferred))}
    known = [registered(code) for code in sorted(codes - {"office", "finance", "water", "archive"})]
    await heard(program.listener, known)
    return program


async def letters(town: Program) -> dict[str, Letter]:
    return {
        each.id: each
        for each in await MongoReader(town.db, vault=town.vault).find(Letter, {}, sort="received_at", limit=0)
    }


async def stands(town: Program) -> tuple[int, int]:
    return await town.db["letter"].count_documents({}), await town.db["journal"].count_documents({})


def test_no_two_letters_have_the_same_receipt_number() -> None:
    assert len({letter.mark for letter in LETTERS}) == len(LETTERS)


def test_whatever_the_day_letters_are_due_then_and_on_the_next_a_few_are_overdue_and_some_answered_lately() -> None:
    [policy] = store.first_policies()
    for today in (date(2026, 1, 1) + n * DAY for n in range(365)):
        day, due = at_work(today), Counter[date]()
        for letter in LETTERS:
            if not letter.answered:
                received = letter.received.at(day)
                due[last_day(clock(letter.kind, policy, official(), at=received).due_at)] += 1
        lately = [each for each in LETTERS if each.disclosed and day_of(each.disclosed.at.at(day)) == worked(day, -1)]

        assert due[day] >= 2, today
        assert due[worked(day, 1)] >= 2, today
        assert sum(n for last, n in due.items() if last < today) == 3, today
        assert len(lately) >= 4, today


def test_whatever_the_day_all_that_happens_to_a_letter_lies_before_it_and_in_order() -> None:
    day = date(2026, 11, 27)
    for letter in LETTERS:
        way = [letter.received, letter.accepted, *(each.at for each in letter.transferred)]
        way += [each.at if each else None for each in (letter.answered, letter.disclosed, letter.closed)]
        told = [each.at(day) for each in way if each]
        assert told == sorted(told), letter.key
        assert min(each.before for each in way if each) >= 1, letter.key


@pytest.mark.servers
async def test_the_city_is_loaded_as_it_is_written(town: Program) -> None:
    await city.load(town)

    found, day = await letters(town), at_work(day_of(now()))
    for each in LETTERS:
        letter = found[each.receipt(day)]
        expected = (
            LetterState.CLOSED if each.closed
            else LetterState.ANSWERED if each.answered
            else LetterState.ACCEPTED if each.accepted and not each.transferred
            else LetterState.RECEIVED
        )  # fmt: skip
        assert (letter.state, letter.rating is not None) == (expected, each.rated is not None)
        assert letter.department == (each.transferred[-1].to if each.transferred else each.department)
        assert [step.at for step in letter.steps] == sorted(step.at for step in letter.steps)
    assert {letter.state for letter in found.values()} == set(LetterState)


@pytest.mark.servers
async def test_time_was_told_at_its_moments_and_before_what_came_after_it(town: Program) -> None:
    await city.load(town)

    overdue = 0
    for letter in (await letters(town)).values():
        records = town.db["journal"].find({"subject": f"letter/{letter.id}"}).sort([("version", 1), ("n", 1)])
        told = [(record["type"], record["at"]) async for record in records]
        assert [at for _, at in told] == sorted(at for _, at in told)
        late = (letter.answered_at or now()) >= letter.clock.due_at
        assert [at for type, at in told if type == "letter.overdue"] == [letter.clock.due_at] * late
        overdue += late
    assert overdue


@pytest.mark.servers
async def test_a_program_that_runs_meanwhile_tells_of_no_letter_that_was_answered_in_time(town: Program) -> None:
    sweep, _ = timers.sweeps()

    async def sweeping() -> None:
        """As the running program does, only busier."""
        while True:
            await sweep.once(town.transact, now())

    running = asyncio.create_task(sweeping())
    await city.load(town)
    await eventually(lambda: sweep.round > 5)
    running.cancel()

    found = (await letters(town)).values()
    assert not [each.id for each in found if each.overdue_since and (each.answered_at or now()) < each.overdue_since]


@pytest.mark.servers
async def test_a_second_load_writes_nothing_and_names_a_letter_to_try(
    town: Program, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await city.load(town)
    await desk.write()
    loaded = await stands(town)
    capsys.readouterr()

    await city.load(town)

    said = capsys.readouterr().out
    assert "already loaded" in said
    assert await stands(town) == loaded
    receipt, code = said.split("receipt ")[1].split(" with code ")
    own = done(await desk.ask(receipt, code.strip(" .\n")))
    assert own["answer"]


@pytest.mark.servers
@pytest.mark.parametrize("saves", [0, 1, 100, 200])
async def test_a_load_that_was_killed_left_nothing_and_the_next_is_whole(
    town: Program, monkeypatch: pytest.MonkeyPatch, saves: int
) -> None:
    before, left = await stands(town), iter(range(saves))

    def until_killed(unit: MongoUnit, decision: Decision[Letter]) -> Letter:
        if next(left, None) is None:
            raise ConnectionError("killed")
        return whole(unit, decision)

    whole = MongoUnit.save
    with monkeypatch.context() as patch:
        patch.setattr(MongoUnit, "save", until_killed)
        with pytest.raises(ConnectionError):
            await city.load(town)
    assert await stands(town) == before

    await city.load(town)

    assert (await stands(town))[0] == len(LETTERS)


@pytest.mark.servers
async def test_a_database_that_holds_other_letters_is_left_alone(town: Program, desk: Desk) -> None:
    await desk.write()
    before = await stands(town)

    with pytest.raises(SystemExit, match="other letters"):
        await city.load(town)

    assert await stands(town) == before


@pytest.mark.servers
async def test_a_city_whose_departments_were_never_heard_of_is_not_loaded(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kernel.running.city.PATIENCE", 0.3)

    with pytest.raises(SystemExit, match="departments"):
        await city.load(program)

    assert await program.db["letter"].count_documents({}) == 0
