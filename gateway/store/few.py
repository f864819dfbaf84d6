"""What is few and stands on many pages: departments and columns, held in memory as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.projections import Column, Department
from gateway.views import ColumnName, DepartmentName
from services.kernel.storage.mongo import MongoReader

SOON = "（名称待更新）"


@dataclass(frozen=True, slots=True)
class Few:
    """The whole tree and all departments as they were at one moment."""

    departments: dict[str, Department]
    columns: dict[str, Column]
    paths: dict[str, Column] = field(default_factory=dict)
    children: dict[str | None, list[Column]] = field(default_factory=dict)

    @classmethod
    def of(cls, departments: Sequence[Department], columns: Sequence[Column]) -> "Few":
        few = cls({d.id: d for d in departments}, {c.id: c for c in columns})
        for column in sorted(columns, key=lambda c: (c.is_live, c.level, c.position, c.path)):
            if column.name is not None:
                few.paths[column.path] = column  # a live one takes the place of one that retired
            if column.is_live:
                few.children.setdefault(column.parent_id, []).append(column)
        return few

    def department(self, code: str) -> DepartmentName:
        known = self.departments.get(code)
        return DepartmentName(code=code, name=known.name if known else SOON)

    def column(self, id: str) -> ColumnName:
        known = self.columns.get(id)
        if known is None or known.name is None:
            return ColumnName(id=id, name=SOON, path=None)
        return ColumnName(id=id, name=known.name, path=known.path)

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
    departments = await read.find(Department, {"blank": {"$exists": False}}, sort="_id", limit=0)
    columns = await read.find(Column, {"blank": {"$exists": False}}, sort="_id", limit=0)
    return Few.of(departments, columns)
