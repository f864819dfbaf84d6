"""What has to be known where a letter is handed in: who gets it, and what its clock runs by."""

from dataclasses import dataclass
from datetime import datetime

from services.kernel.domain.calendar import Calendar
from services.kernel.domain.calendars import at_number
from services.kernel.domain.decision import Reader
from services.kernel.domain.terms import NOBODY, all_successors, who_answers
from services.mailbox.domain import refusals
from services.mailbox.domain.clock import Policy
from services.mailbox.domain.copied import Department
from services.mailbox.domain.letter import first_department
from services.mailbox.domain.rules import ALL, Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Of one mailbox at a moment."""

    policy: Policy
    calendar: Calendar
    department: Department


async def reception(read: Reader, mailbox: str, *, at: datetime) -> Reception:
    """`Unknown` if its department was not heard of."""
    known = await current_rules(read)
    policy, calendar = known.policy(at), await at_number(read, known.number, known.turned_at)
    department = await standing(read, first_department(mailbox, policy), at=at)
    return Reception(policy=policy, calendar=calendar, department=department)


async def current_rules(read: Reader) -> Rules:
    """They are there before the program is ready."""
    found = await read.look(Rules, ALL)
    if found is None:
        raise refusals.RULES_AWAY()
    return found


async def standing(read: Reader, code: str, *, at: datetime) -> Department:
    """The department with this code, or the one that answers for it once it has ended. `Unknown` if not heard of."""
    department = await read.known(Department, code)
    if department.successors == NOBODY:
        return department
    return await read.known(Department, who_answers(code, await all_successors(read), at=at))
