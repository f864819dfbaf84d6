"""The questions columns asks, a module for each aggregate, with the index of each; its rules as data."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from services.columns.domain.tree import Rules
from services.columns.store import department

DATA = Path(__file__).parents[1] / "data"
INDEXES = department.INDEXES


@cache
def rules() -> Rules:
    """Those of `data/tree.json` and `data/disclosure.json`."""
    tree, disclosure = _data("tree.json"), _data("disclosure.json")
    return Rules(
        bureau_levels=tree["bureau_levels"],
        deepest=tree["deepest"],
        classes=frozenset(known["code"] for known in disclosure["classes"]),
    )


def _data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / name).read_text("utf-8"))
    return found
