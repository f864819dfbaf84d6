"""The questions columns asks, each with its index; its rules as data."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from services.columns.domain import Column, ColumnState, Department, Rules
from services.kernel.domain.decision import After, Missing, Reader
from services.kernel.storage.mongo import Index

DATA = Path(__file__).parent / "data"
INDEXES = [Index(of=Department, keys=("name",)), Index(of=Column, keys=("position",))]


@cache
def rules() -> Rules:
    """Those of `data/tree.json` and `data/disclosure.json`."""
    tree, disclosure = _data("tree.json"), _data("disclosure.json")
    return Rules(
        bureau_levels=tree["bureau_levels"],
        deepest=tree["deepest"],
        classes=frozenset(known["code"] for known in disclosure["classes"]),
    )


async def department(read: Reader, code: str) -> Department:
    """`Missing` if there is none."""
    found = await read.look(Department, code)
    if found is None:
        raise Missing("department.missing", f"There is no department {code}.")
    return found


async def departments(read: Reader, *, limit: int, after: After | None = None) -> list[Department]:
    """By name. Index: name."""
    return await read.find(Department, {}, sort="name", limit=limit, after=after)


async def column(read: Reader, column_id: str) -> Column:
    """`Missing` if there is none."""
    found = await read.look(Column, column_id)
    if found is None:
        raise Missing("column.missing", f"There is no column {column_id}.")
    return found


async def tree(read: Reader, states: Collection[ColumnState]) -> list[Column]:
    """The columns in these states, each before those below it, siblings by position. All are read. Index: position."""
    below = defaultdict(list)
    for found in await read.find(Column, {}, sort="position", limit=0):
        below[found.parent_id].append(found)

    def walk(parent_id: str | None) -> Iterator[Column]:
        for child in below[parent_id]:
            yield child
            yield from walk(child.id)

    return [found for found in walk(None) if found.state in states]


def _data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / name).read_text("utf-8"))
    return found
