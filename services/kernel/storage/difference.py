"""The difference between two documents, path by path. It is what is written, and what the journal notes."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.kernel.storage.mongo import Document

Difference = dict[str, tuple[Any, Any]]
"""Dotted path → value before and value after; ABSENT if there is none."""

ABSENT = object()


def difference(stored: Any, before: Mapping[str, Any], after: Mapping[str, Any], at: str = "") -> Difference:
    """Where `after` differs from `before`. Both are as the running version writes them.

    A value is compared part by part only if `stored` has these parts too. It may be older, or hold fields that this
    version does not know. Such fields are in neither document, so they stay as they are.
    """
    found: Difference = {}
    for name in before.keys() | after.keys():
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if old == new:
            continue
        inner = stored.get(name) if isinstance(stored, Mapping) else None
        if parts := _parts(inner, old, new):
            found |= difference(*parts, f"{at}{name}.")
        else:
            found[f"{at}{name}"] = (old, new)
    return found


def _parts(stored: Any, old: Any, new: Any) -> tuple[Document, Document, Document] | None:
    """The three values as their parts by name. None if the value can only be replaced as a whole."""
    if isinstance(stored, Mapping) and isinstance(old, Mapping) and isinstance(new, Mapping):
        all_plain = all(name and "." not in name and not name.startswith("$") for name in old.keys() | new.keys())
        return (dict(stored), dict(old), dict(new)) if all_plain else None
    if isinstance(stored, list | tuple) and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        grows = len(new) == len(old) or (len(new) > len(old) and list(new[: len(old)]) == list(old))
        return (_numbered(stored), _numbered(old), _numbered(new)) if grows and len(stored) == len(old) else None
    return None


def _numbered(values: Sequence[Any]) -> Document:
    return {str(n): value for n, value in enumerate(values)}


def update(changes: Difference) -> Document:
    """The changes as MongoDB's update operators."""
    set_ = {path: new for path, (_, new) in changes.items() if new is not ABSENT}
    unset = {path: "" for path, (_, new) in changes.items() if new is ABSENT}
    return ({"$set": set_} if set_ else {}) | ({"$unset": unset} if unset else {})


def noted(changes: Difference) -> dict[str, list[Any]]:
    """The changes for the journal: value before and after, None if there is none."""
    return {path: [None if v is ABSENT else v for v in values] for path, values in sorted(changes.items())}
