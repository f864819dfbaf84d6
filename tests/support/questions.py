"""What a program asks MongoDB, recorded as it goes over the wire, and how MongoDB would answer it."""

import inspect
import json
import pkgutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pymongo import monitoring

from services.kernel.storage.mongo import Database, Document

ASKS = {"find", "aggregate", "count", "distinct", "findAndModify"}
CHANGES = {"update": "updates", "delete": "deletes"}
OF_THE_WIRE = {"lsid", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern", "ordered"}
SLOW = {"COLLSCAN": "scans the collection", "SORT": "sorts in memory", "$sort": "sorts in memory"}
OF_EACH = 4  # questions of one shape that are explained: their values may lead to different plans


class Recorder(monitoring.CommandListener):
    """Hears every command of the clients made since it was registered; keeps those of a namespace while it records."""

    def __init__(self) -> None:
        self.namespace: str | None = None
        self.commands: list[tuple[str, Document]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        ours = self.namespace and event.database_name.startswith(self.namespace)
        if ours and event.command_name in ASKS | CHANGES.keys():
            self.commands.append((event.database_name, of_the_question(event.command)))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Only what was asked matters."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Only what was asked matters."""


RECORDER = Recorder()
monitoring.register(RECORDER)


def of_the_question(command: Mapping[str, Any]) -> Document:
    return {name: value for name, value in command.items() if name not in OF_THE_WIRE and not name.startswith("$")}


@dataclass(slots=True)
class Recording:
    """All that ran and all that was asked."""

    ran: set[CodeType] = field(default_factory=set)
    questions: list[tuple[str, Document]] = field(default_factory=list)


@contextmanager
def recorded(namespace: str) -> Iterator[Recording]:
    found = Recording()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found.ran.add(frame.f_code)

    before = sys.getprofile()
    RECORDER.namespace, RECORDER.commands = namespace, []
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)
        RECORDER.namespace = None
        found.questions = [one for name, command in RECORDER.commands for one in singly(name, command)]


def singly(database: str, command: Document) -> Iterator[tuple[str, Document]]:
    """A bulk write is explained change by change; a change stream asks for nothing."""
    plural = CHANGES.get(next(iter(command)))
    if plural is None:
        if "$changeStream" not in command.get("pipeline", [{}])[0]:
            yield database, command
    else:
        yield from ((database, {**command, plural: [change]}) for change in command[plural])


def shape(value: Any) -> Any:
    """A question without its values."""
    if isinstance(value, Mapping):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return sorted({json.dumps(shape(each)) for each in value})
    return type(value).__name__


async def slow(db: Database, questions: Iterable[tuple[str, Document]]) -> list[str]:
    """Those answered by scanning a collection or by sorting in memory, a line each."""
    seen: Counter[str] = Counter()
    found = {}
    for database, command in questions:
        kind = json.dumps([database, shape(command)])
        seen[kind] += 1
        if seen[kind] <= OF_EACH and (
            why := await _why_slow(db.client.get_database(database, db.codec_options), command)
        ):
            found[kind] = f"{database} {why}: {command}"
    return list(found.values())


async def _why_slow(db: Database, command: Document) -> str | None:
    plan = await db.command("explain", command, verbosity="queryPlanner", codec_options=db.codec_options)
    return ", ".join(sorted({SLOW[stage] for stage in stages(plan) if stage in SLOW})) or None


def stages(plan: Any) -> Iterator[str]:
    """Names of all that the winning plan does."""
    if isinstance(plan, Mapping):
        if "stage" in plan:
            yield plan["stage"]
        for name, value in plan.items():
            if name.startswith("$"):
                yield name
            if name not in ("rejectedPlans", "command", "slotBasedPlan", "parsedQuery"):
                yield from stages(value)
    elif isinstance(plan, list):
        for each in plan:
            yield from stages(each)


def modules(name: str) -> Iterator[ModuleType]:
    """A module, and those below it."""
    found = import_module(name)
    yield found
    for below in pkgutil.walk_packages(getattr(found, "__path__", ()), f"{name}."):
        yield import_module(below.name)


def questions_of(room: str) -> dict[str, CodeType]:
    """All that a `store` can be asked: its functions and methods that wait for MongoDB."""
    found = {}
    for module in modules(room):
        places: list[ModuleType | type] = [
            module,
            *(k for k in vars(module).values() if inspect.isclass(k) and k.__module__ == module.__name__),
        ]
        for place in places:
            for name, each in vars(place).items():
                waits = inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each)
                if waits and isinstance(each, FunctionType) and each.__module__ == module.__name__:
                    found[f"{place.__name__}.{name}"] = each.__code__
    return found


def pages_of(*rooms: str) -> dict[str, CodeType]:
    """All that can be fetched: the GET routes of the rooms' routers."""
    found = {}
    for module in (module for room in rooms for module in modules(room)):
        router = getattr(module, "router", None)
        for route in router.routes if isinstance(router, APIRouter) else ():
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                found[f"GET {route.path}"] = route.endpoint.__code__
    return found
