"""A small aggregate with sealed fields at several depths, for tests of sealing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

from services.kernel.domain.decision import Aggregate, Decision, Unit
from services.kernel.domain.event import Fact
from services.kernel.domain.sealed import Sealed

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    day: int
    text: Sealed
    marks: dict[str, Sealed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary(Aggregate):
    KIND: ClassVar[str] = "diary"

    place: str
    title: Sealed
    motto: Sealed | None = None
    pages: tuple[Page, ...] = ()


class Written(Fact):
    """Kept only, with something sealed."""

    TYPE: ClassVar[str] = "diary.written"
    remark: Sealed | None = None


class DiaryErased(Fact):
    TYPE: ClassVar[str] = "diary.erased"


def page(text: str, day: int = 1, **marks: str) -> Page:
    return Page(day=day, text=Sealed(text), marks={name: Sealed(mark) for name, mark in marks.items()})


def diary(title: str, *pages: Page, id: str = "d1", motto: str | None = None) -> Diary:
    return Diary(id=id, place="清远", title=Sealed(title), motto=Sealed(motto) if motto else None, pages=pages)


def texts(found: Diary) -> list[str | None]:
    """All that is sealed in it."""
    pages = [each for page in found.pages for each in (page.text, *page.marks.values())]
    return [each.text for each in (found.title, *([found.motto] if found.motto else []), *pages)]


async def write(unit: Unit, wanted: Diary, remark: str | None = None) -> Diary:
    """Make it as wanted, from whatever it is."""
    there = await unit.look(Diary, wanted.id)
    version = there.version if there else 0
    fact = Written(at=AT, remark=Sealed(remark) if remark is not None else None)
    return unit.save(Decision(replace(wanted, version=version), (fact,)))


async def erase(unit: Unit, id: str, /, *, at: datetime) -> Diary:
    return unit.save(Decision(await unit.get(Diary, id), (DiaryErased(at=at),), erases=True))
