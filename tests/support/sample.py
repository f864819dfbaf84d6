"""A small aggregate that speaks in a real contract's words, for tests of the kernel."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from services.kernel.contracts.columns import (
    DepartmentChanged,
    DepartmentClass,
    DepartmentEvent,
    DepartmentKind,
    DepartmentRegistered,
)
from services.kernel.domain.decision import Aggregate, Copied, Decision, Record, Refused, Unit
from services.kernel.domain.event import Fact, Message
from services.kernel.storage.crypto import Vault
from services.kernel.storage.mongo import Document, document
from services.kernel.storage.sealing import DataKey
from services.kernel.stream.consumer import Copy
from tests.support.refusals import refusal

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau(Aggregate):
    KIND: ClassVar[str] = "department"

    name: str
    wakes_at: datetime | None = None


class Looked(Fact):
    """Kept only."""

    TYPE: ClassVar[str] = "department.looked_at"


def described(code: str, name: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": name,
        "kind": DepartmentKind.GOVERNMENT,
        "department_class": DepartmentClass.I,
        "service_duties": True,
        "letter_duties": True,
        "phone": "0763-3300000",
        "address": "清远市",
    }


def found(code: str, *, name: str = "财政局", wakes_at: datetime | None = None) -> Decision[Bureau]:
    told = DepartmentRegistered(at=AT, **described(code, name))
    return Decision(Bureau(id=code, name=name, wakes_at=wakes_at), (told,))


def rename(bureau: Bureau, name: str) -> Decision[Bureau]:
    if name == bureau.name:
        return Decision(bureau)
    if not name:
        raise refusal(Refused, "department.nameless", "A department has a name.")
    told = DepartmentChanged(at=AT, **described(bureau.id, name))
    return Decision(replace(bureau, name=name), (told,))


async def found_bureau(unit: Unit, code: str, *, name: str = "财政局", wakes_at: datetime | None = None) -> Bureau:
    return unit.save(found(code, name=name, wakes_at=wakes_at))


async def rename_bureau(unit: Unit, code: str, name: str, *, expected: int | None = None) -> Bureau:
    return unit.save(rename(await unit.get(Bureau, code, expected=expected), name))


async def add_letter_to_name(unit: Unit, code: str) -> Bureau:
    """Depends on what it read: a lost update would show."""
    bureau = await unit.get(Bureau, code)
    return unit.save(rename(bureau, bureau.name + "x"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Copied):
    """Another program's copy of a bureau, remembering every name in order."""

    KIND: ClassVar[str] = "department"

    names: tuple[str, ...]


def stored(state: Record, vault: Vault | None = None) -> Document:
    """The document of an aggregate that was written once. `vault`: for one with personal texts."""
    key = DataKey(vault, f"{state.KIND}/{state.id}")
    return {"_id": state.id, **document(state, key), "version": 1, "sequence": 1} | (
        {"key": key.kept} if key.kept else {}
    )


BAD = "名字会出错"


def knowing() -> Copy[Known]:
    """A copy whose fold fails on one name."""
    known = Copy(Known, touched=lambda _, after: [f"department:{after.id}"] if after else [])

    @known.on(DepartmentRegistered, DepartmentChanged)
    def renamed(state: Known | None, event: DepartmentEvent) -> Known:
        if event.name == BAD:
            raise ValueError("this name cannot be folded")
        return Known(id=event.code, names=((*state.names, event.name) if state else (event.name,)))

    return known


def spoken(code: str, count: int) -> list[Message]:
    """A department's first messages, named 名1, 名2 …"""
    return [message(code, n, f"名{n}") for n in range(1, count + 1)]


def message(code: str, sequence: int, name: str) -> Message:
    kind = DepartmentRegistered if sequence == 1 else DepartmentChanged
    event = kind(at=AT, **described(code, name))
    return Message(
        id=f"{code}-{sequence}",
        type=event.TYPE,
        source="columns",
        subject=event.subject,
        sequence=sequence,
        time=AT,
        correlation="test",
        trace=None,
        value=event.model_dump_json().encode(),
    )
