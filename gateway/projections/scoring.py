"""What the public may know of the monthly assessment: what was published, with every line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from services.kernel.contracts.scoring import AssessmentPublished, Line, SchemeAdopted, SchemeContent
from services.kernel.domain.content import ClaimCheck
from services.kernel.domain.decision import Copied
from services.kernel.stream.consumer import Copy


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme(Copied):
    """The rules by which months are scored; `id` is the version."""

    KIND: ClassVar[str] = "scheme"

    content: SchemeContent


schemes = Copy(Scheme, touched=lambda before, after: {"schemes"})


@schemes.on(SchemeAdopted)
def adopted(_: Scheme | None, event: SchemeAdopted) -> Scheme:
    return Scheme(id=event.scheme_id, content=event.part(SchemeContent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(Copied):
    """A department's published month, with every line."""

    KIND: ClassVar[str] = "assessment"

    month: str
    department: str
    department_name: str
    scheme: str
    score: Decimal | None
    rank: int | None
    lines: tuple[Line, ...]
    position: int
    calendar: str
    computed_as_of: datetime
    published_at: datetime
    cited: ClaimCheck | None = None  # the facts of the lines by indicator, where the lines do not name them


def assessment_touched(before: Assessment | None, after: Assessment | None) -> Iterable[str]:
    keys = set()
    for found in (before, after):
        if found:
            keys |= {"home", "scores", f"scores:{found.month}", f"department:{found.department}"}
    return keys


assessments = Copy(Assessment, touched=assessment_touched)


@assessments.on(AssessmentPublished, fetch=lambda event: event.cited)
def assessed(_: Assessment | None, event: AssessmentPublished) -> Assessment:
    return Assessment(
        id=event.assessment_id, month=event.month, department=event.department,
        department_name=event.department_name, scheme=event.scheme, score=event.score, rank=event.rank,
        lines=event.lines, position=event.position, calendar=event.calendar, computed_as_of=event.computed_as_of,
        published_at=event.at, cited=event.cited,
    )  # fmt: skip
