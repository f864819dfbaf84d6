"""All the ways in which programs say no, as one document that the portal explains them by."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from deploy.local.places import PROGRAMS
from services.kernel.domain import refusals
from services.kernel.domain.decision import Refusal

DOCUMENT = Path("gateway/data/problems.json")


def modules() -> Iterator[tuple[str, ModuleType]]:
    """By who says it: `every program`, or the name of one."""
    yield "every program", refusals
    for name in PROGRAMS:
        yield name, import_module("gateway.refusals" if name == "gateway" else f"services.{name}.domain.refusals")


def declared(module: ModuleType) -> Iterator[Refusal]:
    for value in vars(module).values():
        if isinstance(value, Refusal):
            yield value
        elif isinstance(value, dict):
            yield from (each for each in value.values() if isinstance(each, Refusal))
    if module is refusals:
        for kind in refusals.KINDS:
            yield from (refusals.missing(kind), refusals.stale(kind))


def document() -> dict[str, Any]:
    """By code: the status, its name, and what each program says."""
    found: dict[str, Any] = {}
    for who, module in modules():
        for each in declared(module):
            status, title = each.no.status, each.no.title
            said = found.setdefault(each.code, {"status": status, "title": title._asdict(), "said": []})
            said["said"].append({"by": who, "zh": each.zh, "en": each.en, "field": each.field})
    return dict(sorted(found.items()))


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the document is not what is declared")
    text = json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
    if parser.parse_args().check:
        if DOCUMENT.read_text("utf-8") != text:
            sys.exit(f"{DOCUMENT} is not what is declared. Run python -m deploy.problems, and look at the difference.")
        return
    DOCUMENT.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
