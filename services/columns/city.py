"""The demonstration city's departments and its tree, opened before anything is published."""

from datetime import timedelta

from pydantic import BaseModel

from services.columns import store
from services.columns.actions import column as columns
from services.columns.actions import department as departments
from services.columns.domain.column import ColumnState, Draft
from services.columns.store import column as of_columns
from services.columns.store import department as of_departments
from services.kernel.contracts.columns import Cadence, ColumnKind, ColumnProfile, DepartmentKind, DepartmentProfile
from services.kernel.domain.calendar import day_of
from services.kernel.domain.clock import now
from services.kernel.domain.event import Known
from services.kernel.domain.person import Person, Role
from services.kernel.running.city import Moment, at_work, person, read
from services.kernel.running.program import Program

OPENING = timedelta(days=165)  # before the load: every month that is played lies after it


class CityDepartment(DepartmentProfile):
    """A department of `data/city.json`."""

    code: str
    kind: Known[DepartmentKind]

    @property
    def profile(self) -> DepartmentProfile:
        return DepartmentProfile(**self.model_dump(exclude={"code"}))


class CityColumn(ColumnProfile):
    """A column of `data/city.json`; its id follows from its path."""

    path: str
    kind: Known[ColumnKind]
    cadence: Known[Cadence]

    @property
    def id(self) -> str:
        return column_id(self.path)

    @property
    def level(self) -> int:
        return self.path.count("/") + 1

    def draft(self) -> Draft:
        above, _, slug = self.path.rpartition("/")
        profile = ColumnProfile(**self.model_dump(exclude={"path"}))
        return Draft(slug=slug, parent_id=column_id(above) if above else None, profile=profile)


class City(BaseModel):
    """`data/city.json`."""

    departments: list[CityDepartment]
    columns: list[CityColumn]

    def ids(self) -> set[str]:
        return {department.code for department in self.departments} | {column.id for column in self.columns}

    def proposer(self, column: CityColumn) -> Person:
        """The IT bureau on the upper levels; below, an editor of the department that owns the column above."""
        if column.level <= store.rules().bureau_levels:
            return person(Role.IT_BUREAU)
        above = column.path.rpartition("/")[0]
        return next(person(Role.EDITOR, other.owner) for other in self.columns if other.path == above)


def column_id(path: str) -> str:
    """No slug has two hyphens in a row, so no two paths give one id."""
    return "c-" + path.replace("/", "--")


async def load(program: Program) -> None:
    """Load the city once.

    An interrupted load goes on where it stopped. `SystemExit` if the database holds other records.
    """
    city = City.model_validate(read(__file__))
    reader = program.transact.reader()
    there = {department.id for department in await of_departments.all_of_them(reader, limit=0)}
    known = await of_columns.in_order(reader, await of_columns.the_tree(reader), list(ColumnState))
    states = {each.column.id: each.column.state for each in known}
    done = there | {id for id, state in states.items() if state != ColumnState.PROPOSED}
    if city.ids() <= done:
        return print("The city's departments and columns are already loaded.")
    if not there | states.keys() <= city.ids():
        raise SystemExit("This database holds other departments or columns; the city goes into an empty one only.")
    at = Moment().at(at_work(day_of(now()) - OPENING))
    for department in city.departments:
        if department.code not in done:
            await program.transact(departments.register, department.code, department.profile, at=at)
    for column in sorted(city.columns, key=lambda column: column.level):
        if column.id not in states:
            by = city.proposer(column)
            await program.transact(columns.propose, column.id, column.draft(), rules=store.rules(), by=by, at=at)
        if column.id not in done:
            await program.transact(columns.approve, column.id, by=person(Role.LEADING_GROUP), at=at)
    print(f"Loaded {len(city.departments)} departments and {len(city.columns)} columns.")
