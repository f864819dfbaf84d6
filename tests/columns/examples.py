"""A small city for the tests of columns."""

from dataclasses import replace
from datetime import UTC, datetime

from services.columns.domain.column import Column, ColumnState, Draft
from services.columns.domain.department import Department
from services.columns.domain.tree import TREE, Location, Place, Rules, Tree
from services.kernel.contracts.columns import (
    Cadence,
    ColumnKind,
    ColumnProfile,
    DepartmentClass,
    DepartmentKind,
    DepartmentProfile,
    Publishers,
)
from services.kernel.domain.person import Person, Role

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
RULES = Rules(bureau_levels=2, deepest=5, classes=frozenset({"G07", "G15"}))

PROFILE = DepartmentProfile(
    name="市财政局", kind=DepartmentKind.GOVERNMENT, department_class=DepartmentClass.I,
    service_duties=True, letter_duties=True, phone="0763-3300001", address="清远市新城",
)  # fmt: skip
FINANCE = Department(id="finance", version=1, profile=PROFILE)
HEALTH = replace(FINANCE, id="health", profile=PROFILE.model_copy(update={"name": "市卫生健康局"}))


def person(role: Role, department: str = "", *, sub: str = "") -> Person:
    return Person(sub=sub or role, name=role, roles=frozenset({role}), departments=frozenset({department} - {""}))


BUREAU, LEADERS = person(Role.IT_BUREAU), person(Role.LEADING_GROUP)
EDITOR = person(Role.EDITOR, "finance")

COLUMN = ColumnProfile(
    name="财政预决算", kind=ColumnKind.DISCLOSURE, cadence=Cadence.STATIC, owner="finance",
    publishers=Publishers.OWNER, classes=("G07",),
)  # fmt: skip
DRAFT = Draft(slug="budget", parent_id=None, profile=COLUMN)


def column(path: str, state: ColumnState = ColumnState.LIVE, *, owner: str = "finance") -> Column:
    """One that stands is where `tree` has it."""
    left = None if state in (ColumnState.PROPOSED, ColumnState.LIVE) else location(path)
    profile = COLUMN.model_copy(update={"name": "栏目", "owner": owner, "classes": ()})
    return Column(id=id_of(path), version=1, left=left, profile=profile, state=state, proposed_by=BUREAU.sub)


def id_of(path: str) -> str:
    return "c-" + path.replace("/", "--")


def location(path: str) -> Location:
    return Location(path=path, parent_id=above(path), position=1)


def above(path: str) -> str | None:
    parent = path.rpartition("/")[0]
    return id_of(parent) if parent else None


def tree(*paths: str, version: int = 7) -> Tree:
    """With the columns at these paths, each after the one above it."""
    places = {
        id_of(path): Place(parent_id=above(path), slug=path.rpartition("/")[2], position=n)
        for n, path in enumerate(paths, 1)
    }
    return Tree(id=TREE, version=version, places=places)
