"""Lists in portions: what a client asks for, what it gets, and the cursor between two portions."""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Annotated, Any, Generic, Self, TypeVar

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.kernel.contracts import fields
from services.kernel.domain import refusals
from services.kernel.domain.clock import now
from services.kernel.domain.decision import After, R, Reader
from services.kernel.domain.event import DescribedEnum, explained
from services.kernel.domain.person import Person, Role
from services.kernel.domain.terms import matters_of

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")
EARLIEST, LATEST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)  # a day in any zone


class Listing(BaseModel, Generic[B]):
    """A portion of a list."""

    model_config = ConfigDict(json_schema_extra={"description": __doc__})
    items: Sequence[B] = Field(description="What this portion holds, in the order of the list.")
    next: str | None = Field(description="The `cursor` of the portion that follows; null at the end.")


class Cursor(BaseModel):
    """A cursor's content: the id of the last record shown, and its sort field's value under the name of its type.

    Without a value, the record has none either.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    moment: Annotated[AwareDatetime, Field(gt=EARLIEST, lt=LATEST)] | None = None
    text: str | None = None
    number: Annotated[int, Field(gt=-(2**63), lt=2**63)] | None = None  # MongoDB's range
    id: str

    @classmethod
    def of(cls, last: R, sort: str) -> Self:
        value: Any = reduce(getattr, sort.removeprefix("-").split("."), last)
        name = "moment" if isinstance(value, datetime) else "number" if isinstance(value, int) else "text"
        return cls.model_validate({name: value, "id": last.id})

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Raises `Malformed` for a cursor that no listing gave."""
        try:
            return cls.model_validate_json(base64.urlsafe_b64decode(cursor.encode()))
        except ValueError as error:  # not base64, not JSON, not a place
            raise refusals.CURSOR() from error

    def written(self) -> str:
        return base64.urlsafe_b64encode(self.model_dump_json(exclude_none=True).encode()).decode()

    @property
    def after(self) -> After:
        value = next((v for v in (self.moment, self.text, self.number) if v is not None), None)
        return After(value, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """How much of a list a client wants, and from where on. `cursor`: as the client sent it; None: the beginning."""

    limit: int
    cursor: str | None
    after: After | None

    @classmethod
    def of(cls, limit: int, cursor: str | None) -> "Portion":
        """Raises `Malformed` for a cursor that no listing gave."""
        return cls(limit=limit, cursor=cursor, after=None if cursor is None else Cursor.read(cursor).after)

    @property
    def reach(self) -> int:
        """How many to ask for: one more than is shown, which tells whether there is a next portion."""
        return self.limit + 1

    def listing(self, found: Sequence[R], *, sort: str, view: Callable[[R], B]) -> Listing[B]:
        """The listing of the records that were found with this `sort` and this `reach`."""
        return Listing(items=[view(record) for record in self.shown(found)], next=self.next(found, sort=sort))

    def shown(self, found: Sequence[R]) -> list[R]:
        return list(found[: self.limit])

    def of_all(self, found: Sequence[T]) -> tuple[Sequence[T], str | None]:
        """This portion of a list that is at hand as a whole and only grows, and the cursor of the next."""
        begin = self.after.value if self.after else 0
        if not isinstance(begin, int) or begin < 0:
            raise refusals.CURSOR()
        end = begin + self.limit
        return found[begin:end], Cursor(number=end, id="").written() if end < len(found) else None

    def next(self, found: Sequence[R], *, sort: str) -> str | None:
        """The cursor of the next portion, if there is one."""
        return Cursor.of(found[self.limit - 1], sort).written() if len(found) > self.limit else None


LIMIT = 50


async def wanted(
    limit: Annotated[fields.Reach, Query()] = LIMIT, cursor: Annotated[fields.Cursor | None, Query()] = None
) -> Portion:
    return Portion.of(limit, cursor)


Wanted = Annotated[Portion, Depends(wanted)]


def several(words: Iterable[DescribedEnum]) -> Any:
    """The query parameter `state` that takes several of these words. It is repeated for each."""
    some = list(words)
    said = f"Only those in this state; repeat it for several, as `?state={some[0]}&state={some[1]}`. {explained(some)}"
    return Query(alias="state", max_length=len(some), description=said, examples=[some[:1]])


async def whose(read: Reader, by: Person, department: str | None) -> frozenset[str] | None:
    """The departments whose matters a list shows the caller: all they answer for. None: everybody's, for the office.

    If a `department` is asked for, those that it answers for now, and its own. `Forbidden` if that is another's.
    """
    if department is None:
        return None if Role.OFFICE in by.roles else by.departments
    by.must_answer_for(department)
    return await matters_of(read, department, at=now())
