"""What can be asked of mailbox: load, decide, save."""

from collections.abc import Iterable
from datetime import datetime

from services.kernel.domain.calendar import Calendar
from services.kernel.domain.decision import Unit
from services.kernel.domain.person import Person
from services.kernel.domain.sealed import Sealed
from services.kernel.domain.terms import NOBODY, all_successors, who_answers
from services.mailbox.domain import (
    Department,
    Extract,
    Letter,
    Policy,
    Rating,
    Writing,
    accept,
    answer,
    close,
    disclose,
    erase,
    first_department,
    look_at_contact,
    rate,
    receive,
    transfer,
    wake,
)


async def receive_letter(
    unit: Unit, receipt: str, writing: Writing, *, code_digest: Sealed, policy: Policy, calendar: Calendar, at: datetime
) -> Letter:
    department = await standing(unit, first_department(writing.mailbox, policy), at=at)
    return unit.save(
        receive(
            receipt, writing, code_digest=code_digest, department=department, policy=policy, calendar=calendar, at=at
        )
    )


async def accept_letter(unit: Unit, id: str, *, by: Person, at: datetime, expected: int | None = None) -> Letter:
    return unit.save(accept(await unit.get(Letter, id, expected=expected), by=by, at=at))


async def transfer_letter(
    unit: Unit, id: str, *, to: str, reason: str, by: Person, at: datetime, expected: int | None = None
) -> Letter:
    letter = await unit.get(Letter, id, expected=expected)
    return unit.save(transfer(letter, to=await standing(unit, to, at=at), reason=reason, by=by, at=at))


async def standing(unit: Unit, code: str, *, at: datetime) -> Department:
    """The department with this code, or the one that answers for it once it has ended. `Unknown` if not heard of."""
    department = await unit.known(Department, code)
    if department.successors == NOBODY:
        return department
    return await unit.known(Department, who_answers(code, await all_successors(unit), at=at))


async def answer_letter(
    unit: Unit, id: str, *, text: str, by: Person, at: datetime, expected: int | None = None
) -> Letter:
    return unit.save(answer(await unit.get(Letter, id, expected=expected), text=text, by=by, at=at))


async def close_letter(unit: Unit, id: str, *, by: Person, at: datetime, expected: int | None = None) -> Letter:
    return unit.save(close(await unit.get(Letter, id, expected=expected), by=by, at=at))


async def rate_letter(unit: Unit, id: str, rating: Rating, *, at: datetime) -> Letter:
    return unit.save(rate(await unit.get(Letter, id), rating, at=at))


async def disclose_letter(
    unit: Unit,
    id: str,
    extract: Extract,
    *,
    contact: Iterable[str],
    by: Person,
    at: datetime,
    expected: int | None = None,
) -> Letter:
    letter = unit.save(disclose(await unit.get(Letter, id, expected=expected), extract, contact=contact, by=by, at=at))
    unit.attach(extract.check.sha256, extract.data, extract.check.media_type)
    return letter


async def see_contact(unit: Unit, id: str, *, by: Person, at: datetime) -> Letter:
    return unit.save(look_at_contact(await unit.get(Letter, id), by=by, at=at))


async def erase_letter(unit: Unit, id: str, *, reason: str, at: datetime) -> Letter:
    return unit.save(erase(await unit.get(Letter, id), reason=reason, at=at))


async def wake_letter(unit: Unit, id: str, /, *, at: datetime) -> Letter:
    return unit.save(wake(await unit.get(Letter, id), at=at))
