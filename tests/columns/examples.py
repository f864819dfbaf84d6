"""A small city for the tests of columns."""

from dataclasses import replace
from datetime import UTC, datetime

from services.columns.domain import TREE, Column, ColumnState, Department, Draft, Place, Rules, Tree
from services.kernel.contracts.columns import Cadence, ColumnKind, DepartmentClass, DepartmentKind, Publishers
from services.kernel.domain.person import Person, Role

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 9, 1, 0, tzinfo=UTC)
RULES = Rules(bureau_levels=2, deepest=5, classes=frozenset({"G07", "G15"}))

FINANCE = Department(
    id="finance", version=1, name="市财政局", kind=DepartmentKind.GOVERNMENT, department_class=DepartmentClass.I,
    service_duties=True, letter_duties=True, phone="0763-3300001", address="清远市新城",
)  # fmt: skip
HEALTH = replace(FINANCE, id="health", name="市卫生健康局")


def person(role: Role, department: str = "", *, sub: str = "") -> Person:
    return Person(sub=sub or role, name=role, roles=frozenset({role}), departments=frozenset({department} - {""}))


BUREAU, LEADERS = person(Role.IT_BUREAU), person(Role.LEADING_GROUP)
EDITOR = person(Role.EDITOR, "finance")

DRAFT = Draft(
    slug="budget", name="财政预决算", parent_id=None, kind=ColumnKind.DISCLOSURE, cadence=Cadence.STATIC,
    owner="finance", publishers=Publishers.OWNER, classes=("G07",),
)  # fmt: skip


def column(path: str, state: ColumnState = ColumnState.LIVE, *, owner: str = "finance") -> Column:
    above = path.rpartition("/")[0]
    return Column(
        id=id_of(path), version=1, path=path, parent_id=id_of(above) if above else None, position=1, name="栏目",
        kind=ColumnKind.DISCLOSURE, cadence=Cadence.STATIC, owner=owner, publishers=Publishers.OWNER, classes=(),
        state=state, proposed_by=BUREAU.sub,
    )  # fmt: skip


def id_of(path: str) -> str:
    return "c-" + path.replace("/", "--")


def tree(*paths: str, version: int = 7) -> Tree:
    places = {path: Place(column_id=id_of(path), position=n) for n, path in enumerate(paths, 1)}
    return Tree(id=TREE, version=version, places=places)
