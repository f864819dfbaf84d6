"""The events of columns."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

from pydantic import StrictBool

from services.kernel.contracts.describing import Told
from services.kernel.contracts.fields import ColumnId, ColumnPath, DepartmentCode, DisclosureClass, Moment
from services.kernel.domain.event import DescribedEnum, Event, OpenEnum, Part


class DepartmentKind(OpenEnum):
    """The three kinds of body with duties of disclosure (art. 8)."""

    GOVERNMENT = "government", "the government or a department of it (行政机关)"
    PUBLIC_INSTITUTION = "public_institution", "a public enterprise or institution (公共企事业单位)"
    AUTHORIZED = "authorized", "an organisation that a law lets manage public affairs (法律法规授权的组织)"


class DepartmentClass(DescribedEnum):
    """Size class of a department; the scheme of the assessment names the monthly minimum of publications of each."""

    I = "I", "publishes most"  # noqa: E741  the law's own numeral
    II = "II", "publishes less"
    III = "III", "publishes least"


class ColumnKind(OpenEnum):
    """The three tasks of the portal (art. 4)."""

    DISCLOSURE = "disclosure", "disclosure of government information (信息公开)"
    SERVICE = "service", "services: guides, forms, matters handled online (办事服务)"
    INTERACTION = "interaction", "interaction with the public: letters, surveys (互动交流)"


class Cadence(OpenEnum):
    """How often a column must show activity (更新周期, art. 13); the windows are data of publishing."""

    STATIC = "static", "static information: once in each calendar month"
    DYNAMIC = "dynamic", "dynamic information: within 14 days of the last activity"
    NEWS = "news", "news: once in each week from Monday to Sunday"
    NOTICE = "notice", "notices and policy documents: within 6 months of the last activity"
    NONE = "none", "no duty to be current, as for a column that only holds others"


class Publishers(DescribedEnum):
    """Who may publish in a column. The set is closed: nobody can say who has a right that is not known."""

    OWNER = "owner", "only the department that owns it"
    ALL = "all", "every department, each for itself"


class DepartmentProfile(Part):
    """What a department is and which duties it has: as it is registered, stored, told and shown."""

    name: str
    """As it is called in public (单位名称)."""
    kind: DepartmentKind
    department_class: DepartmentClass
    service_duties: StrictBool
    """Whether it has matters to handle for citizens, so that its guides and decisions are assessed."""
    letter_duties: StrictBool
    """Whether it answers letters, so that letters may be handed to it."""
    phone: str
    """Where the public calls."""
    address: str
    """Where the public comes to."""


class DepartmentEvent(Event, DepartmentProfile):
    """A department as it is from now on."""

    SOURCE: ClassVar[str] = "columns"
    KEY: ClassVar[str] = "code"

    code: Told[DepartmentCode]


class DepartmentRegistered(DepartmentEvent):
    """A department exists from now on."""

    TYPE: ClassVar[str] = "department.registered"


class DepartmentChanged(DepartmentEvent):
    """Something about a department is different from now on."""

    TYPE: ClassVar[str] = "department.changed"


class DepartmentEnded(Event):
    """A department that ends. What was made with its code keeps that code."""

    SOURCE: ClassVar[str] = "columns"
    KEY: ClassVar[str] = "code"

    code: Told[DepartmentCode]
    successor: Told[DepartmentCode]
    """The code of the department that answers for its matters from then on."""
    effective_at: Moment
    """When it ends, which may lie ahead. UTC."""
    reason: str
    """The decision that ends it."""


class DepartmentMerged(DepartmentEnded):
    """The department becomes a part of its successor (合并)."""

    TYPE: ClassVar[str] = "department.merged"


class DepartmentAbolished(DepartmentEnded):
    """The department is dissolved (撤销); its successor takes over what it leaves."""

    TYPE: ClassVar[str] = "department.abolished"


class ColumnEvent(Event):
    """A column of the tree (栏目)."""

    SOURCE: ClassVar[str] = "columns"
    KEY: ClassVar[str] = "column_id"
    ORDER: ClassVar[str | None] = "tree_version"

    column_id: Told[ColumnId]
    path: ColumnPath
    tree_version: int
    """Counts the changes of the whole tree: 1, 2, 3 … without gaps. Events of columns are sent in its order."""

    @property
    def slug(self) -> str:
        """The column's own part of the path."""
        return self.path.rpartition("/")[2]


class ColumnProfile(Part):
    """What a column is: as it is proposed, stored, told and shown."""

    name: str
    """As readers see it (栏目名称)."""
    kind: ColumnKind
    cadence: Cadence
    owner: Told[DepartmentCode]
    """The code of the department that answers for it."""
    publishers: Publishers
    classes: tuple[Told[DisclosureClass], ...]
    """The disclosure classes of art. 8 that it serves."""


class ColumnDescribed(ColumnEvent, ColumnProfile):
    """A column with everything others need of it."""

    parent_id: Told[ColumnId] | None
    """The id of the column above; null at level 1."""
    level: int
    """1 for a column of the root."""
    position: int
    """Orders the columns below one and the same, from 1."""


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

    from_path: ColumnPath
    """Where it stood before."""
    parent_id: Told[ColumnId] | None
    """The id of the column above; null at level 1."""
    level: int
    """1 for a column of the root."""
    position: int
    """Orders the columns below one and the same, from 1."""


class ColumnRefused(ColumnEvent):
    """The leading group refused it."""

    TYPE: ClassVar[str] = "column.refused"

    reason: str
    """Why, as the leading group says."""


class ColumnRetired(ColumnEvent):
    """It is no longer kept (撤销)."""

    TYPE: ClassVar[str] = "column.retired"
    OVERTAKES: ClassVar[bool] = True

    successor_id: Told[ColumnId]
    """The id of the column where its readers go."""
    reason: str
    """Why, as the public reads it."""


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


def referred_to(reference: str, standing: Mapping[str, Placed]) -> str:
    """The id of the column that a reference names by its id or by its path. One that names none stays as it is."""
    if reference in standing:
        return reference
    return next((id for id in standing if path_of(id, standing) == reference), reference)
