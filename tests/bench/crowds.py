"""A read model of any size, written as the folds write it: copies with their guards, and the tally beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.program import Gateway
from gateway.projections import Item, Letter
from gateway.projections.columns import columns, departments
from gateway.projections.mailbox import letters
from gateway.projections.publishing import items
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.contracts.publishing import ItemKind
from services.kernel.domain.clock import now
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Copied
from services.kernel.storage.unit import Folded, Guard, MongoUnit
from services.kernel.stream.consumer import Copy
from services.kernel.stream.tally import Tallied
from tests.bench.lives import message
from tests.support.pieces import pieces

PORTION = 5_000
ANSWERED = ("letter.received", "letter.accepted", "letter.answered", "letter.rated")
TEXT = '{"title": "路灯", "question": "何时亮？", "answer": "今天。"}'.encode()
EXTRACT = ClaimCheck(sha256="a" * 64, size=len(TEXT), media_type="application/json")


async def fill(gateway: Gateway, count: int) -> None:
    """So many letters, each tenth public, and a tenth as many items, all of this year."""
    at = now()
    await gateway.kept.files.put(pieces(TEXT), EXTRACT.media_type, most=EXTRACT.size, referenced=True)
    await write(gateway, [lived(departments, "department.registered", at=at)])
    await write(gateway, [lived(columns, "column.opened", at=at)])
    tallied = Tallied()
    for written in letters_of(count, at):
        for n, letter in enumerate(written):
            tallied.add("letter", letters, None, letter, n % 6)
        await write(gateway, written)
    for new in items_of(count // 10, at):
        await write(gateway, new)
    await gateway.transact(sum_up, tallied)


async def sum_up(unit: MongoUnit, tallied: Tallied) -> None:
    tallied.write(unit)


async def write(gateway: Gateway, copied: Sequence[Copied]) -> None:
    writes = [Folded(each, Guard(1, "bench", now())).write(each.id) for each in copied]
    await gateway.db[copied[0].named()].bulk_write(writes, ordered=False)


def letters_of(count: int, at: datetime) -> Iterator[list[Letter]]:
    private = [lived(letters, *ANSWERED, at=at, kind=kind) for kind in LetterKind]
    public = [lived(letters, *ANSWERED, "letter.disclosed", at=at, kind=kind, extract=EXTRACT) for kind in LetterKind]
    for some in portions(count):
        yield [
            replace(private[n % len(private)], id=f"l{n}")
            if n % 10
            else replace(public[n // 10 % len(public)], id=f"l{n}", disclosed_at=at - timedelta(seconds=n))
            for n in some
        ]


def items_of(count: int, at: datetime) -> Iterator[list[Item]]:
    shown = [lived(items, "item.published", at=at, kind=kind) for kind in ItemKind]
    for some in portions(count):
        yield [replace(shown[n % len(shown)], id=f"i{n}", published_at=at - timedelta(seconds=n)) for n in some]


def portions(count: int) -> Iterator[range]:
    for start in range(0, count, PORTION):
        yield range(start, min(start + PORTION, count))


def lived(copy: Copy[Any], *types: str, at: datetime, **fields: object) -> Any:
    """The state after these events."""
    state = None
    for sequence, type_ in enumerate(types, 1):
        event = EXAMPLES[type_]
        own = {name: value for name, value in fields.items() if name in type(event).model_fields}
        spread = copy.fold(state, message(event.model_copy(update={"at": at, **own}), sequence))
        assert spread
        state = spread.state
    return state
