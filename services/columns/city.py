"""The demonstration city's departments and its tree, opened before anything is published."""

from pydantic import BaseModel

from services.columns import store
from services.columns.actions import approve_column, propose_column, register_department
from services.columns.domain import ColumnState, Department, Draft
from services.kernel.contracts.columns import Cadence, ColumnKind, DepartmentClass, DepartmentKind, Publishers
from services.kernel.domain.event import Known
from services.kernel.domain.person import Person, Role
from services.kernel.running.city import Moment, person, read, today
from services.kernel.running.program import Program

OPENING = Moment(month=-4, day=20)


class CityDepartment(BaseModel):
    """A department of `data/city.json`."""

    code: str
    name: str
    kind: Known[DepartmentKind]
    department_class: DepartmentClass
    service_duties: bool
    letter_duties: bool
    phone: str
    address: str

    def new(self) -> Department:
        return Department(
            id=self.code,
            name=self.name,
            kind=self.kind,
            department_class=self.department_class,
            service_duties=self.service_duties,
            letter_duties=self.letter_duties,
            phone=self.phone,
            address=self.address,
        )


class CityColumn(BaseModel):
    """A column of `data/city.json`; its id follows from its path."""

    path: str
    name: str
    kind: Known[ColumnKind]
    cadence: Known[Cadence]
    owner: str
    publishers: Publishers
    classes: tuple[str, ...]

    @property
    def id(self) -> str:
        return column_id(self.path)

    @property
    def level(self) -> int:
        return self.path.count("/") + 1

    def draft(self) -> Draft:
        above, _, slug = self.path.rpartition("/")
        return Draft(
            slug=slug,
            name=self.name,
            parent_id=column_id(above) if above else None,
            kind=self.kind,
            cadence=self.cadence,
            owner=self.owner,
            publishers=self.publishers,
            classes=self.classes,
        )


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
    there = {department.id for department in await store.departments(reader, limit=0)}
    columns = {column.id: column.state for column in await store.tree(reader, list(ColumnState))}
    done = there | {id for id, state in columns.items() if state != ColumnState.PROPOSED}
    if city.ids() <= done:
        return print("The city's departments and columns are already loaded.")
    if not there | columns.keys() <= city.ids():
        raise SystemExit("This database holds other departments or columns; the city goes into an empty one only.")
    at = OPENING.at(today())
    for department in city.departments:
        if department.code not in done:
            await program.transact(register_department, department.new(), at=at)
    for column in sorted(city.columns, key=lambda column: column.level):
        if column.id not in columns:
            by = city.proposer(column)
            await program.transact(propose_column, column.id, column.draft(), rules=store.rules(), by=by, at=at)
        if column.id not in done:
            await program.transact(approve_column, column.id, by=person(Role.LEADING_GROUP), at=at)
    print(f"Loaded {len(city.departments)} departments and {len(city.columns)} columns.")
