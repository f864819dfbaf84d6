"""The demonstration city's past months, closed, confirmed and published at their moments."""

import asyncio
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel

from services.kernel.contracts.columns import ColumnOpened, DepartmentRegistered
from services.kernel.contracts.mailbox import LetterReceived
from services.kernel.contracts.publishing import DutyRefreshed, ItemPublished
from services.kernel.domain.calendar import day_of, start_of
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Cause, Unknown
from services.kernel.running.city import Moment, begun, read, until
from services.kernel.running.program import Program
from services.kernel.storage.transaction import Transactor
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream.consumer import Kept
from services.scoring.actions import close_month, confirm_month, publish_month
from services.scoring.domain.assessment import Month, MonthState
from services.scoring.store import evidence, fact
from services.scoring.store import month as months

WHO = "city"
NEEDED = (DepartmentRegistered, ColumnOpened, DutyRefreshed, ItemPublished, LetterReceived)
STILL = 2.0  # seconds without a new fact, after which the other parts of the city count as heard


class CityMonth(BaseModel):
    """A month of `data/city.json`: -1 is the one before the load. Its moments are seen from its last day."""

    month: int
    closed: Moment
    confirmed: Moment
    published: Moment

    def id(self, today: date) -> str:
        return f"{today + relativedelta(months=self.month):%Y-%m}"

    def steps(self, today: date) -> tuple[datetime, datetime, datetime]:
        """When it was closed, confirmed and published. What was to come is done in the night before the load."""
        last = today + relativedelta(months=self.month, day=31)
        night = (start_of(today) + timedelta(minutes=n) for n in (1, 2, 3))
        planned = (each.at(last) for each in (self.closed, self.confirmed, self.published))
        closed, confirmed, published = map(min, planned, night)
        return closed, confirmed, published


class City(BaseModel):
    """The whole file."""

    months: list[CityMonth]


async def load(program: Program) -> None:
    """Play the months once.

    An interrupted load goes on where it stopped. `SystemExit` if the database holds other months.
    """
    city, reader = City.model_validate(read(__file__)), program.transact.reader()
    since = await begun(program, WHO)
    base = since or day_of(now())
    there = {month.id: month for month in await months.months(reader)}
    ours = [month.id(base) for month in city.months]
    if since and all(id in there and there[id].state is MonthState.PUBLISHED for id in ours):
        return print("The city's months are already scored and published.")
    if there.keys() - set(ours) or (there and not since):
        raise SystemExit("This database holds other months; the city goes into an empty one only.")
    await until("all that the other services told to be heard by scoring", lambda: all_heard(program))
    transact = program.transact.because(Cause(who=WHO, request=WHO))
    for month in sorted(city.months, key=lambda month: month.month):
        await play(transact, month, base, there.get(month.id(base)))
    print(f"Closed, confirmed and published {', '.join(ours)}.")


async def play(transact: Transactor, month: CityMonth, base: date, there: Month | None) -> None:
    id, (closed, confirmed, published) = month.id(base), month.steps(base)
    if there is None:
        await close(transact, id, closed)
    if there is None or there.state is MonthState.CLOSED:
        await transact(confirm_month, id, at=confirmed)
    if there is None or there.state is not MonthState.PUBLISHED:
        await transact(publish_month, id, at=published)


async def close(transact: Transactor, id: str, at: datetime) -> None:
    async def close(unit: MongoUnit) -> Month:
        inputs = await months.inputs(unit, id, await evidence.reached(unit), at=at)
        scored, noticed = await months.whole(unit, inputs)
        return await close_month(unit, inputs, scored, noticed=noticed, at=at)

    try:
        await transact.named("close_month", close)
    except Unknown as unknown:
        raise SystemExit(f"{id} cannot be scored: {unknown.detail}") from None


async def all_heard(program: Program) -> bool:
    """Whether every other part of the city has been heard and no new fact comes. The running program hears them."""
    reader = program.transact.reader()
    before = await fact.position(reader)
    if not all([await reader.count(Kept, {"type": event.TYPE}) for event in NEEDED]):
        return False
    await asyncio.sleep(STILL)
    settled = await fact.position(reader) == before and not await evidence.behind(reader)
    return settled and await program.listener.caught_up()
