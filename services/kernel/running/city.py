"""What the parts of the demonstration city share: times relative to today, texts, persons, waiting for others."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel

from services.kernel.domain.calendar import SHANGHAI, day_of
from services.kernel.domain.clock import now
from services.kernel.domain.person import Person, Role

PATIENCE = 120.0  # seconds


class Moment(BaseModel):
    """A moment of the past: `month` 0 is the current one, -1 the one before; Asia/Shanghai."""

    month: int
    day: int
    time: str = "09:00"

    def at(self, today: date) -> datetime:
        """The moment in UTC."""
        on = today.replace(day=1) + relativedelta(months=self.month) + relativedelta(day=self.day)
        local = datetime.combine(on, time.fromisoformat(self.time), SHANGHAI)
        return local.astimezone(now().tzinfo)


def today() -> date:
    return day_of(now())


def text(template: str, at: datetime) -> str:
    """Fill `{y}`, `{m}` and `{d}` with the day in Shanghai. Other braces stay."""
    day = day_of(at)
    return template.replace("{y}", str(day.year)).replace("{m}", str(day.month)).replace("{d}", str(day.day))


def read(file: str) -> dict[str, Any]:
    """A service's `data/city.json`, found beside its `city.py`."""
    found: dict[str, Any] = json.loads((Path(file).parent / "data" / "city.json").read_text("utf-8"))
    return found


def person(role: Role, department: str = "", *, sub: str = "") -> Person:
    """Somebody of the demonstration city; the journal shows the loader as the one who acts."""
    departments = frozenset({department} if department else ())
    name = sub or f"city-{role}-{department or 'all'}"
    return Person(sub=name, name=name, roles=frozenset({role}), departments=departments)


async def until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `holds` is true. After two minutes `SystemExit` names `what` was waited for."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await holds():
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise SystemExit(f"Waited {PATIENCE:g} seconds for {what}. Is the program that tells it running?") from None
