"""The events of columns."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, StrictBool

from services.kernel.domain.event import Event, OpenEnum


class DepartmentKind(OpenEnum):
    """The three kinds of body with duties of disclosure (art. 8)."""

    GOVERNMENT = "government"
    PUBLIC_INSTITUTION = "public_institution"
    AUTHORIZED = "authorized"


class DepartmentClass(StrEnum):
    """Size class of a department; fixes its monthly minimum of publications."""

    I = "I"  # noqa: E741  the law's own numeral
    II = "II"
    III = "III"


class ColumnKind(OpenEnum):
    """The three tasks of the portal (art. 4)."""

    DISCLOSURE = "disclosure"
    SERVICE = "service"
    INTERACTION = "interaction"


class Cadence(OpenEnum):
    """How often a column must show activity; the windows are data of publishing."""

    STATIC = "static"
    DYNAMIC = "dynamic"
    NEWS = "news"
    NOTICE = "notice"
    NONE = "none"


class Publishers(StrEnum):
    """Who may publish in a column. The set is closed: nobody can say who has a right that is not known."""

    OWNER = "owner"
    ALL = "all"


class DepartmentProfile(BaseModel):
    """What a department is and which duties it has: as it is registered, stored, told and shown."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: DepartmentKind
    department_class: DepartmentClass
    service_duties: StrictBool
    letter_duties: StrictBool
    phone: str
    address: str


class DepartmentEvent(Event, DepartmentProfile):
    """A department as it is from now on."""

    SOURCE: ClassVar[str] = "columns"
    KEY: ClassVar[str] = "code"

    code: str


class DepartmentRegistered(DepartmentEvent):
    """A department exists from now on."""

    TYPE: ClassVar[str] = "department.registered"


class DepartmentChanged(DepartmentEvent):
    """Something about a department is different from now on."""

    TYPE: ClassVar[str] = "department.changed"


class DepartmentEnded(Event):
    """A department that ends at `effective_at`, which may lie ahead. From then on `successor` answers for its matters.

    What was made with its code keeps that code.
    """

    SOURCE: ClassVar[str] = "columns"
    KEY: ClassVar[str] = "code"

    code: str
    successor: str
    effective_at: AwareDatetime
    reason: str


class DepartmentMerged(DepartmentEnded):
    """The department becomes a part of its successor (合并)."""

    TYPE: ClassVar[str] = "department.merged"


class DepartmentAbolished(DepartmentEnded):
    """The department is dissolved (撤销); its successor takes over what it leaves."""

    TYPE: ClassVar[str] = "department.abolished"


class ColumnEvent(Event):
    """A column of the tree (栏目). `path`: the slugs from the root, joined by `/`."""

    SOURCE: ClassVar[str] = "columns"
    KEY: ClassVar[str] = "column_id"
    ORDER: ClassVar[str | None] = "tree_version"

    column_id: str
    path: str
    tree_version: int

    @property
    def slug(self) -> str:
        """The column's own part of the path."""
        return self.path.rpartition("/")[2]


class ColumnProfile(BaseModel):
    """What a column is: as it is proposed, stored, told and shown. `classes`: those of art. 8 that it serves."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: ColumnKind
    cadence: Cadence
    owner: str
    publishers: Publishers
    classes: tuple[str, ...]


class ColumnDescribed(ColumnEvent, ColumnProfile):
    """A column with everything others need of it. `level` counts from 1; `position` orders siblings."""

    parent_id: str | None
    level: int
    position: int


class ColumnProposed(ColumnDescribed):
    """Somebody entitled proposes a new column."""

    TYPE: ClassVar[str] = "column.proposed"


class ColumnOpened(ColumnDescribed):
    """The leading group approved it; it is live."""

    TYPE: ClassVar[str] = "column.opened"


class ColumnChanged(ColumnDescribed):
    """A live column changed its name, kind, cadence, owner, publishers or classes at `at`. It stays in its place."""

    TYPE: ClassVar[str] = "column.changed"


class ColumnMoved(ColumnEvent):
    """A live column stands elsewhere from `at` on: `path` is its new one, the last part of which is its slug.

    All below it moved with it. Nothing is told of them: a reader derives their paths from parents and slugs.
    """

    TYPE: ClassVar[str] = "column.moved"

    from_path: str
    parent_id: str | None
    level: int
    position: int


class ColumnRefused(ColumnEvent):
    """The leading group refused it."""

    TYPE: ClassVar[str] = "column.refused"

    reason: str


class ColumnRetired(ColumnEvent):
    """It is no longer kept. `successor_id` names the column where its readers go."""

    TYPE: ClassVar[str] = "column.retired"
    OVERTAKES: ClassVar[bool] = True

    successor_id: str
    reason: str


class Placed(Protocol):
    """A column as a reader keeps it: what is needed to derive its path."""

    @property
    def slug(self) -> str: ...

    @property
    def parent_id(self) -> str | None: ...


def path_of(column_id: str, columns: Mapping[str, Placed]) -> str | None:
    """The present path, derived from slugs and parents. None while a column on the way up is not known."""
    slugs: list[str] = []
    passed: set[str | None] = set()
    above: str | None = column_id
    while above is not None:
        if above in passed or above not in columns:
            return None
        passed.add(above)
        slugs.insert(0, columns[above].slug)
        above = columns[above].parent_id
    return "/".join(slugs)
