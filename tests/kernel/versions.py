"""Versions of a program that listens, as code that differs, and replicas of them at work side by side."""

import asyncio
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

from pymongo import UpdateOne

from services.kernel.contracts.columns import DepartmentChanged, DepartmentRegistered
from services.kernel.domain.clock import host
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import Event
from services.kernel.running.current import Current
from services.kernel.storage.mongo import Database, Document
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Effects, Handler, Hearing
from services.kernel.stream.generation import Generation
from services.kernel.stream.queue import Place
from tests.support.waiting import eventually

NAMES = '''
"""Departments, with every name they had."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from services.kernel.contracts.columns import DepartmentChanged, DepartmentEvent, DepartmentRegistered
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Copied):
    """A department."""

    KIND: ClassVar[str] = "department"
    COPY: ClassVar[str] = "names"

    names: tuple[str, ...]


copy = Copy(Known)


@copy.on(DepartmentRegistered, DepartmentChanged)
def renamed(state: Known | None, event: DepartmentEvent) -> Known:
    return Known(id=event.code, names=(*(state.names if state else ()), event.name))
'''
NEWER = NAMES.replace("event.name)", "event.name + '！')")
PICKY = NAMES.replace("    return", "    assert event.name != '名2', 'not this name'\n    return")
PHONES = NAMES.replace('"names"', '"phones"')


class Code:
    """Modules written, imported, and forgotten again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names = folder, list[str]()

    def module(self, source: str) -> ModuleType:
        name = f"version_{uuid4().hex}"
        path = self.folder / f"{name}.py"
        path.write_text(source)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        self.names.append(name)
        spec.loader.exec_module(module)
        return module

    def copy(self, source: str) -> Handler:
        found: Handler = self.module(source).copy
        return found

    def hearing(self, *handlers: str | Handler, sources: tuple[str, ...] = ("columns",)) -> Hearing:
        """Copies by their source, and effects."""
        made = [self.copy(each) if isinstance(each, str) else each for each in handlers]
        return Hearing(sources=sources, handlers=made)

    def forget(self) -> None:
        for name in self.names:
            del sys.modules[name]


@contextmanager
def code_in(folder: Path) -> Iterator[Code]:
    made = Code(folder)
    yield made
    made.forget()


def noting(name: str, *events: type[Event], from_now: bool = False) -> Effects:
    """Effects that count how often they ran for each message, in a collection of their name."""
    made = Effects(name, from_now=from_now)

    async def ran(unit: Any, event: Any, _: datetime) -> None:
        assert isinstance(unit, MongoUnit)
        said = getattr(event, "name", event.subject)
        unit.write(name, UpdateOne({"_id": f"{event.subject} {said}"}, {"$inc": {"times": 1}}, upsert=True))

    for event in events or (DepartmentRegistered, DepartmentChanged):
        made.on(event)(ran)
    return made


@dataclass
class Replica:
    """One at work."""

    current: Current
    working: "asyncio.Task[None]"

    @property
    def generation(self) -> Generation:
        return self.current.generation

    async def end(self) -> None:
        self.working.cancel()
        await asyncio.wait([self.working])
        await self.current.bus.close()


class Replicas:
    """Of versions of one program, on one database."""

    def __init__(self, db: Database, kafka: str, namespace: str) -> None:
        self.db, self.kafka, self.namespace = db, kafka, namespace
        self.running: list[Replica] = []

    def current(self, hearing: Hearing, *, kafka: str | None = None) -> Current:
        async def turned(_: Generation) -> None:
            return None

        transact, bus = Transactor(self.db, Cause(who="there", request="-")), Bus(kafka or self.kafka, self.namespace)
        return Current("there", hearing, transact, bus, fetch=None, indexes=(), turned=turned)

    async def start(self, hearing: Hearing, *, kafka: str | None = None) -> Replica:
        current = self.current(hearing, kafka=kafka)
        await current.settle()
        made = Replica(current, asyncio.create_task(current.run()))
        self.running.append(made)
        return made

    async def end(self) -> None:
        for replica in self.running:
            await replica.end()


async def ran(db: Database, name: str) -> dict[str, int]:
    """What effects of a name have done, and how often."""
    return {found["_id"]: found["times"] for found in await db[name].find({}).to_list(None)}


async def names(db: Database, collection: str) -> dict[str, list[str]]:
    found: list[Document] = await db[collection].find({}).to_list(None)
    return {each["_id"]: list(each["names"]) for each in found if "names" in each}


async def live(replica: Replica, number: int) -> None:
    await eventually(lambda: (replica.generation.number, replica.generation.filled) == (number, True))


async def hold(db: Database, expected: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Copies by collection and department."""

    async def held() -> bool:
        found = {collection: await names(db, collection) for collection in expected}
        assert found == expected
        return True

    await eventually(held)


async def did(db: Database, name: str, *what: str) -> None:
    """Effects of this name ran once for each of these."""

    async def so() -> bool:
        assert await ran(db, name) == dict.fromkeys(what, 1)
        return True

    await eventually(so)


async def waits(db: Database, *places: str) -> None:
    async def so() -> bool:
        assert sorted([place["_id"] for place in await db[Place.KIND].find({}).to_list(None)]) == sorted(places)
        return True

    await eventually(so)


def of(code: str, *numbers: int) -> list[str]:
    return [f"department/{code} 名{n}" for n in numbers]


async def unused(db: Database, number: int) -> None:
    """Its replicas went two hours ago."""
    await db[Generation.KIND].update_one({"_id": str(number)}, {"$set": {"used_at": host() - timedelta(hours=2)}})


async def numbers(db: Database) -> list[str]:
    return sorted([each["_id"] for each in await db[Generation.KIND].find({}).to_list(None)])
