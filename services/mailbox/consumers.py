"""What mailbox keeps of others."""

from services.kernel.contracts.columns import DepartmentChanged, DepartmentEvent, DepartmentRegistered
from services.kernel.stream.consumer import Copy, Hearing
from services.mailbox.domain import Department

departments = Copy(Department)


@departments.on(DepartmentRegistered, DepartmentChanged)
def described(_: Department | None, event: DepartmentEvent) -> Department:
    return Department(id=event.code, name=event.name, letter_duties=event.letter_duties)


HEARING = Hearing(sources=["columns"], handlers=[departments])
