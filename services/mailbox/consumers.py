"""What mailbox keeps of others."""

from dataclasses import replace

from services.kernel.contracts.columns import (
    DepartmentAbolished,
    DepartmentChanged,
    DepartmentEnded,
    DepartmentEvent,
    DepartmentMerged,
    DepartmentRegistered,
)
from services.kernel.stream.consumer import Copy, Hearing
from services.mailbox.domain import Department

departments = Copy(Department)


@departments.on(DepartmentRegistered, DepartmentChanged)
def described(department: Department | None, event: DepartmentEvent) -> Department:
    known = department or Department(id=event.code, name=event.name, letter_duties=event.letter_duties)
    return replace(known, name=event.name, letter_duties=event.letter_duties)


@departments.on(DepartmentMerged, DepartmentAbolished)
def ended(department: Department | None, event: DepartmentEnded) -> Department | None:
    return department and replace(
        department, successors=department.successors.since(event.effective_at, event.successor)
    )


HEARING = Hearing(sources=["columns"], handlers=[departments])
