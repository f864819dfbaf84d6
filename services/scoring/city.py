"""The demonstration city's past months, closed, confirmed and published at their moments."""

import asyncio
from datetime import date, datetime

from pydantic import BaseModel

from services.kernel.contracts.columns import ColumnOpened, DepartmentRegistered
from services.kernel.contracts.mailbox import LetterReceived
from services.kernel.contracts.publishing import DutyRefreshed, ItemPublished
from services.kernel.domain.calendar import day_of, month_of
from services.kernel.domain.decision import Cause, Unknown
from services.kernel.running.city import Moment, read, today, until
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
    """A month of `data/city.json`, and when each step of its life happened."""

    month: int
    closed: Moment
    confirmed: Moment
    published: Moment

    def id(self, today: date) -> str:
        return month_of(Moment(month=self.month, day=1).at(today))


class City(BaseModel):
    """The whole file."""

    months: list[CityMonth]


async def load(program: Program) -> None:
    """Play the months once.

    An interrupted load goes on where it stopped. `SystemExit` if the database holds other months.
    """
    city, reader = City.model_validate(read(__file__)), program.transact.reader()
    begun = await program.db["journal"].find({"who": WHO}).sort("_id", 1).limit(1).to_list(1)
    base = day_of(begun[0]["written"]) if begun else today()  # a load that goes on keeps the months it began with
    there = {month.id: month for month in await months.months(reader)}
    ours = [month.id(base) for month in city.months]
    if begun and all(id in there and there[id].state is MonthState.PUBLISHED for id in ours):
        return print("The city's months are already scored and published.")
    if there.keys() - set(ours) or (there and not begun):
        raise SystemExit("This database holds other months; the city goes into an empty one only.")
    transact = program.transact.because(Cause(who=WHO, request=WHO))
    for month in sorted(city.months, key=lambda month: month.month):
        await play(program, transact, month, base, there.get(month.id(base)))
    print(f"Closed, confirmed and published {', '.join(ours)}.")


async def play(program: Program, transact: Transactor, month: CityMonth, base: date, there: Month | None) -> None:
    id = month.id(base)
    if there is None:
        await until("all that the other services told to be heard by scoring", lambda: all_heard(program))
        await close(transact, id, month.closed.at(base))
    if there is None or there.state is MonthState.CLOSED:
        await transact(confirm_month, id, at=month.confirmed.at(base))
    if there is None or there.state is not MonthState.PUBLISHED:
        await transact(publish_month, id, at=month.published.at(base))


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
