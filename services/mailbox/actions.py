"""What can be asked of mailbox: load, decide, save."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from services.kernel.domain.calendar import Calendar
from services.kernel.domain.calendars import Days, at_number, name
from services.kernel.domain.decision import Unit
from services.kernel.domain.person import Person
from services.kernel.domain.refusals import stale
from services.kernel.domain.sealed import Sealed
from services.mailbox.domain import (
    Extract,
    Letter,
    NoContact,
    Policy,
    Rating,
    Writing,
    accept,
    answer,
    close,
    disclose,
    erase,
    look_at_contact,
    rate,
    receive,
    redate,
    transfer,
    wake,
)
from services.mailbox.domain.calendar import Year, change, years_of
from services.mailbox.domain.reception import Reception, reception, standing
from services.mailbox.domain.rules import ALL, Rules, begin, set_policy, turn


async def load_rules(unit: Unit, library: Calendar, policies: Sequence[Policy], *, at: datetime) -> None:
    """The days of all years that a library knows, and the limits: once, and never again."""
    if await unit.look(Rules, ALL) is None:
        unit.save(begin(policies, at=at))
        for year, days in years_of(library):
            unit.save(change(None, year, days, number=1, at=at))


async def change_calendar(unit: Unit, year: int, days: Days, *, at: datetime, expected: int | None = None) -> Year:
    """Set the days of a year. Open letters are reckoned anew by a sweep."""
    rules, id = await unit.get(Rules, ALL), str(year)
    found = await unit.look(Year, id)
    if found is not None:
        found = await unit.get(Year, id, expected=expected)
    elif expected:
        raise stale("calendar")(found=0, expected=expected)
    decision = change(found, year, days, number=rules.number + 1, at=at)
    if decision.facts:
        unit.save(turn(rules, at=at))
    return unit.save(decision)


async def change_policy(unit: Unit, policy: Policy, *, at: datetime, expected: int | None = None) -> Rules:
    return unit.save(set_policy(await unit.get(Rules, ALL, expected=expected), policy, at=at))


async def receive_letter(
    unit: Unit, receipt: str, writing: Writing, *, code_digest: Sealed, at: datetime, known: Reception | None = None
) -> Letter:
    """`known`: as it was a moment ago; a clock by an older calendar is reckoned anew by the sweep."""
    where = known or await reception(unit, writing.mailbox, at=at)
    return unit.save(
        receive(
            receipt, writing, code_digest=code_digest, department=where.department, policy=where.policy,
            calendar=where.calendar, at=at,
        )
    )  # fmt: skip


async def letter_now(unit: Unit, id: str, *, at: datetime, expected: int | None = None) -> Letter:
    """The letter, with its clock by the calendar that is in force."""
    letter, rules = await unit.get(Letter, id, expected=expected), await unit.look(Rules, ALL)
    if rules is None or letter.clock.calendar == name(rules.number):
        return letter
    calendar = await at_number(unit, rules.number, rules.turned_at)
    return unit.save(redate(letter, policy=rules.rule(letter.clock.rule), calendar=calendar, at=at))


async def redate_letter(unit: Unit, id: str, /, *, at: datetime) -> Letter:
    return await letter_now(unit, id, at=at)


async def accept_letter(unit: Unit, id: str, *, by: Person, at: datetime, expected: int | None = None) -> Letter:
    return unit.save(accept(await unit.get(Letter, id, expected=expected), by=by, at=at))


async def transfer_letter(
    unit: Unit, id: str, *, to: str, reason: str, by: Person, at: datetime, expected: int | None = None
) -> Letter:
    letter = await letter_now(unit, id, at=at, expected=expected)
    return unit.save(transfer(letter, to=await standing(unit, to, at=at), reason=reason, by=by, at=at))


async def answer_letter(
    unit: Unit, id: str, *, text: str, by: Person, at: datetime, expected: int | None = None
) -> Letter:
    return unit.save(answer(await letter_now(unit, id, at=at, expected=expected), text=text, by=by, at=at))


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
    no_contact: Collection[NoContact] = (),
    by: Person,
    at: datetime,
    expected: int | None = None,
) -> Letter:
    before = await unit.get(Letter, id, expected=expected)
    letter = unit.save(disclose(before, extract, contact=contact, no_contact=no_contact, by=by, at=at))
    unit.attach(extract.check.sha256, extract.data, extract.check.media_type)
    return letter


async def see_contact(unit: Unit, id: str, *, by: Person, at: datetime) -> Letter:
    return unit.save(look_at_contact(await unit.get(Letter, id), by=by, at=at))


async def erase_letter(unit: Unit, id: str, *, reason: str, at: datetime) -> Letter:
    return unit.save(erase(await unit.get(Letter, id), reason=reason, at=at))


async def wake_letter(unit: Unit, id: str, /, *, at: datetime) -> Letter:
    return unit.save(wake(await letter_now(unit, id, at=at), at=at))
