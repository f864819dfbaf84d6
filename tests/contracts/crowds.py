"""Some thousands of documents for each program: realistic in number and spread, one like the other in content."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, product
from typing import Any

from dateutil.relativedelta import relativedelta

from gateway.program import Gateway
from services.columns.domain.column import ColumnState
from services.kernel.contracts import mailbox as m
from services.kernel.contracts import publishing as p
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Record
from services.kernel.domain.event import Event, Message
from services.kernel.running.program import Program
from services.kernel.storage.files import Files
from services.mailbox.domain import Guesses, Letter, LetterState
from services.publishing.domain import Duty, DutyState, ItemState, Ledger
from services.scoring.domain.assessment import Assessment, Month, MonthState, key
from services.scoring.domain.score import Scored
from services.scoring.timers import gather_once
from tests.columns.examples import FINANCE, PROFILE, column
from tests.columns.examples import tree as standing
from tests.gateway.support import events as e
from tests.gateway.support.telling import message
from tests.mailbox.letters import LETTER
from tests.publishing.examples import column_opened, department_registered, drafted, duty, released
from tests.publishing.examples import publishing as published
from tests.scoring.story import Story, inputs, on
from tests.support.hearing import heard
from tests.support.pieces import pieces
from tests.support.sample import stored

NOW = datetime.now(UTC).replace(microsecond=0)
OWNERS = [f"d{n:02}" for n in range(25)]
EXTRACT = b'{"title": "t", "question": "q", "answer": "a"}'
CHECK = ClaimCheck.of(EXTRACT, "application/json")


def ago(n: int, *, of: int) -> datetime:
    """The n-th of so many moments of the past year, some of them alike."""
    return NOW - timedelta(days=365 * (n // 2 * 2) / of)


async def put(program: Program, states: Iterable[Record]) -> None:
    made = list(states)
    await program.db[made[0].KIND].insert_many([stored(state, program.vault) for state in made])


async def hear(program: Program, messages: Sequence[Message]) -> None:
    for start in range(0, len(messages), 200):
        await heard(program.listener, messages[start : start + 200])


def told(events: Iterable[Event]) -> list[Message]:
    """Each aggregate's events counted."""
    last: dict[str, int] = {}
    found = []
    for event in events:
        last[event.subject] = last.get(event.subject, 0) + 1
        found.append(message(event, last[event.subject]))
    return found


async def columns(program: Program) -> None:
    states = cycle(ColumnState)
    names = (PROFILE.model_copy(update={"name": f"名{n // 2}"}) for n in range(len(OWNERS)))
    await put(program, (replace(FINANCE, id=owner, profile=name) for owner, name in zip(OWNERS, names, strict=True)))
    every = [column(f"c{n}", next(states)) for n in range(600)]
    await put(program, every)
    await put(program, [standing(*(f"c{n}" for n, each in enumerate(every) if each.left is None))])


async def mailbox(program: Program) -> None:
    def letters() -> Iterator[Letter]:
        for n in range(4_000):
            at = ago(n, of=4_000)
            due = at + timedelta(days=21)
            state = LetterState.CLOSED if n > 800 else list(LetterState)[n % len(LetterState)]
            yield replace(
                LETTER, id=f"20260302-{n:06}", version=1, department=OWNERS[n % 25], received_at=at, state=state,
                clock=replace(LETTER.clock, due_at=due), wakes_at=due if state is LetterState.RECEIVED else None,
            )  # fmt: skip

    await put(program, letters())
    await put(program, (Guesses(id=f"20260302-{n:06}", wrong=1, until=NOW) for n in range(500)))


async def publishing(program: Program) -> None:
    opened = [column_opened(f"c-{n}", at=ago(n, of=400)) for n in range(400)]
    registered = [department_registered(owner, at=NOW) for owner in OWNERS]
    await hear(program, told([*registered, *opened]))
    await put(program, duties())
    draft, made = drafted(), published(released()).publication.state
    items, publications = [], []
    for n in range(3_000):
        at, owner = ago(n, of=3_000), OWNERS[0 if n % 2 else n % 25]
        state = list(ItemState)[n % 7] if n < 500 else ItemState.PUBLISHED
        items.append(replace(draft, id=f"i{n}", version=1, department=owner, state=state, changed_at=at, created_at=at))
        publications.append(replace(made, id=f"i{n}.1", version=1, item_id=f"i{n}", department=owner, position=n + 1))
    await put(program, items)
    await put(program, publications)
    await put(program, (Ledger(id=owner, version=1, length=3_000) for owner in OWNERS))


def duties() -> Iterator[Duty]:
    """Beside those that hearing opened."""
    first = duty()
    states = (DutyState.CURRENT, DutyState.CURRENT, DutyState.DUE_SOON, DutyState.STALE)
    for n in range(1_500):
        due = NOW + timedelta(hours=n - 400)
        yield replace(
            first, id=f"c-more-{n}", version=1, owner=OWNERS[n % 25], state=states[n % 4], due_at=due,
            due_soon_at=due - timedelta(days=2), wakes_at=due if n % 4 < 3 else None,
        )  # fmt: skip


async def scoring(program: Program) -> None:
    """Two months of facts; the first closed in the middle of what was heard."""
    story = Story().department("finance").department("health")
    for n in range(2_000):
        at, owner = on(1 + n % 28, f"{n % 24:02}:00", month=9 + n // 1_000), ("finance", "health")[n % 2]
        story.published(f"i{n}", owner, at=at).received(f"L{n}", owner, at=at, due_at=at + timedelta(days=20))
        story.answered(f"L{n}", owner, at=at + timedelta(days=1), due_at=at + timedelta(days=20))
    for n in range(100):
        story.published(f"late{n}", "finance", at=on(1 + n % 28))
    story.refreshed("c-news", "finance", at=on(3), due_at=on(9)).refreshed("c-news", "finance", at=on(2), due_at=on(9))
    await hear(program, story.column("c-news", "finance").messages)
    while await gather_once(program.transact, at=NOW):
        """Some are left."""
    closed = inputs(3_000)
    await put(
        program,
        (
            Month(id=f"{year}-{month:02}", version=1, state=MonthState.CLOSED, departments=("finance", "health"),
                  inputs=replace(closed, month=f"{year}-{month:02}"), sha256="")
            for year in range(2015, 2027) for month in range(1, 10)
        ),
    )  # fmt: skip
    facts = b'{"quantity": []}'
    check = await Files(program.db).put(pieces(facts), "application/json", most=len(facts), referenced=True)
    lines = (e.LINE.model_copy(update={"facts": ()}),)
    scored = [Scored(department=code, name=code, score=None, rank=None, lines=lines) for code in ("finance", "health")]
    await put(
        program,
        (
            Assessment(
                id=key(month, each.department), version=1, month=month, published=False, scored=each, cited=check
            )
            for month in ("2026-07", "2026-08", "2026-09") for each in scored
        ),
    )  # fmt: skip


async def gateway(program: Gateway) -> None:
    await program.kept.files.put(pieces(EXTRACT), CHECK.media_type, most=CHECK.size, referenced=True)
    await hear(program, told([*tree(), *items(), *letters(), *scores()]))
    for n in range(300):
        await program.kept.saw(f"i{n}/1", NOW)


def tree() -> Iterator[Event]:
    yield from (e.department(owner, f"局{n}") for n, owner in enumerate(OWNERS))
    for n in range(150):
        above = n % 10 if n >= 10 else None
        path = f"p{n}" if above is None else f"p{above}/p{n}"
        yield e.column(
            f"c-{n}", path, parent_id=None if above is None else f"c-{above}", level=2 if n >= 10 else 1, position=n,
            owner=OWNERS[n % 25],
        )  # fmt: skip
        yield e.refreshed(f"c-{n}", owner=OWNERS[n % 25], due_at=NOW + timedelta(days=n - 50), due_soon_at=NOW)
    yield e.retired("c-149", "p9/p149", "c-1")


def items() -> Iterator[Event]:
    kinds = list(p.ItemKind)
    for n in range(2_000):
        at = ago(n, of=2_000)
        where = {"column_id": f"c-{n % 30}", "department": OWNERS[n % 25], "kind": kinds[n % 4]}
        yield e.published(f"i{n}", at=at, published_at=at, **where)
        if n % 50 == 0:
            yield e.withdrawn(f"i{n}", column_id=where["column_id"], department=where["department"])


def letters() -> Iterator[Event]:
    for n in range(1_200):
        at, id = ago(n, of=1_200), f"R{n}"
        of: dict[str, Any] = {"letter_id": id, "department": OWNERS[n % 25]}
        yield e.received(id, at=at, department=of["department"], kind=list(m.LetterKind)[n % 5])
        yield e.answered(id, at=at + timedelta(days=3), department=of["department"])
        if n % 2:
            yield m.LetterDisclosed(at=at + timedelta(days=4), extract=CHECK, **of)


def scores() -> Iterator[Event]:
    yield from (e.adopted(f"qingyuan-2008/{n}") for n in range(1, 9))
    for back, owner in product(range(24), OWNERS):
        month = f"{NOW - relativedelta(months=back):%Y-%m}"
        yield e.assessed(month, owner, rank=OWNERS.index(owner) + 1)
