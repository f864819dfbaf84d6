"""All the ways in which programs say no, as documents: what the portal explains, and what it passes on."""

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
from services.kernel.domain.person import Role
from services.kernel.http import owner, tasks
from services.kernel.running.program import Service

DATA = Path("gateway/data")


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


def of_kinds() -> Iterator[tuple[str, Refusal]]:
    """What is said of each kind of aggregate, as far as some route says it."""
    made = {each for kind in refusals.KINDS for each in (refusals.missing(kind), refusals.stale(kind))}
    listed = {each for name in PROGRAMS[1:] for says in service(name).says.values() for each in says}
    listed |= {each for says in (*owner.SAYS.values(), *tasks.SAYS.values()) for each in says}
    yield from (("every program", each) for each in sorted(made & listed, key=lambda each: each.code))


def service(name: str) -> Service:
    found: Service = import_module(f"services.{name}.__main__").SERVICE
    return found


def all_declared() -> Iterator[tuple[str, Refusal]]:
    """By who says it."""
    yield from of_kinds()
    yield from ((who, each) for who, module in modules() for each in declared(module))


def explained() -> dict[str, Any]:
    """By code: the status, its name, and what each program says."""
    found: dict[str, Any] = {}
    for who, each in all_declared():
        status, title = each.no.status, each.no.title
        said = found.setdefault(each.code, {"status": status, "title": title._asdict(), "said": []})
        said["said"].append({"by": who, "zh": each.zh, "en": each.en, "field": each.field})
    return dict(sorted(found.items()))


def passed_on() -> dict[str, Any]:
    """By mailbox's route: what it says to those who call it for a citizen."""
    mailbox = service("mailbox")
    return {
        route: [{"no": e.no.__name__, "code": e.code, "zh": e.zh, "en": e.en, "field": e.field} for e in said]
        for route, said in mailbox.says.items()
        if mailbox.may and Role.SERVICE in mailbox.may.roles[route]
    }


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a document is not what is declared")
    check = parser.parse_args().check
    for path, document in ((DATA / "problems.json", explained()), (DATA / "passed_on.json", passed_on())):
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        if not check:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            sys.exit(f"{path} is not what is declared. Run python -m deploy.problems, and look at the difference.")


if __name__ == "__main__":
    main()
