"""What is few and stands on many pages: departments and columns, held in memory as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.projections import Column, Department
from gateway.views import ColumnName, DepartmentName
from services.kernel.contracts.columns import ColumnKind, path_of
from services.kernel.domain.terms import NOBODY, Successors
from services.kernel.storage.mongo import MongoReader

SOON = "（名称待更新）"


@dataclass(frozen=True, slots=True)
class Few:
    """The whole tree and all departments as they were at one moment.

    `path`: the present path of each column, by its id. `paths`: the column at each path. `left`: the column that moved
    from a path. `successors`: who succeeds the departments that have ended, or will.
    """

    departments: dict[str, Department]
    columns: dict[str, Column]
    successors: Successors
    path: dict[str, str] = field(default_factory=dict)
    paths: dict[str, Column] = field(default_factory=dict)
    left: dict[str, Column] = field(default_factory=dict)
    children: dict[str | None, list[Column]] = field(default_factory=dict)

    @classmethod
    def of(cls, departments: Sequence[Department], columns: Sequence[Column]) -> "Few":
        successors = {d.id: d.successors for d in departments if d.successors != NOBODY}
        few = cls({d.id: d for d in departments}, {c.id: c for c in columns}, successors)
        for column in columns:
            derived = path_of(column.id, few.columns) if column.is_live else None
            few.path[column.id] = derived or column.path
        for column in sorted(columns, key=lambda c: (c.is_live, few.level(c.id), c.position, few.path[c.id])):
            if column.name is not None:
                few.paths[few.path[column.id]] = column  # a live one takes the place of one that retired
                few.left.update(dict.fromkeys(column.left, column))
            if column.is_live:
                few.children.setdefault(column.parent_id, []).append(column)
        return few

    def level(self, id: str) -> int:
        """1 for a column of the root."""
        return self.path[id].count("/") + 1

    def found(self, path: str) -> Column | None:
        """The column at a path, or the one that stood there before it, or a column above it, moved away."""
        while path not in self.paths:
            above, below = path, list[str]()
            while above not in self.left:
                above, _, slug = above.rpartition("/")
                below.insert(0, slug)
                if not above or above in self.paths:
                    return None
            path = "/".join((self.path[self.left[above].id], *below))
        return self.paths[path]

    def branch(self, id: str) -> list[str]:
        """A live column and all live ones below it."""
        found = {id: None}
        waiting = [id]
        while waiting:
            below = [child.id for child in self.children.get(waiting.pop(), []) if child.id not in found]
            found.update(dict.fromkeys(below))
            waiting.extend(below)
        return list(found)

    def next_change(self, at: datetime) -> datetime | None:
        """The next moment at which a department ends."""
        changes = (terms.next_change(at) for terms in self.successors.values())
        return min((change for change in changes if change), default=None)

    def department(self, code: str) -> DepartmentName:
        known = self.departments.get(code)
        return DepartmentName(code=code, name=known.profile.name if known else SOON)

    def column(self, id: str) -> ColumnName:
        known = self.columns.get(id)
        if known is None or known.name is None:
            return ColumnName(id=id, name=SOON, path=None)
        return ColumnName(id=id, name=known.name, path=self.path[id])

    def kind_of(self, id: str) -> ColumnKind | None:
        known = self.columns.get(id)
        return known.kind if known else None

    def trail(self, id: str) -> list[ColumnName]:
        """From the first level down to the column itself."""
        trail: list[ColumnName] = []
        seen: set[str] = set()
        next: str | None = id
        while next is not None and next not in seen:
            seen.add(next)
            trail.insert(0, self.column(next))
            known = self.columns.get(next)
            next = known.parent_id if known else None
        return trail

    def successor(self, column: Column) -> Column | None:
        """The live column to which readers of a retired one go, through others that retired since."""
        seen: set[str] = set()
        next: Column | None = column
        while next is not None and not next.is_live and next.id not in seen:
            seen.add(next.id)
            next = self.columns.get(next.successor_id or "")
        return next if next is not None and next.is_live else None


async def load(read: MongoReader) -> Few:
    found = await read.find(Department, {}, sort="_id", limit=0)
    departments = sorted(found, key=lambda department: department.profile.name.encode("gb18030"))  # by pinyin
    columns = await read.find(Column, {}, sort="_id", limit=0)
    return Few.of(departments, columns)
