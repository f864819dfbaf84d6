"""What the parts of the demonstration city share: times relative to the load, texts, persons, waiting for others."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from itertools import count, islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from services.kernel.domain.calendar import DAY, SHANGHAI, day_of, official
from services.kernel.domain.person import Person, Role
from services.kernel.running.program import Program

PATIENCE = 120.0  # seconds


class Moment(BaseModel):
    """A time of day, so many working days before a given day; after it where `before` is below zero. Asia/Shanghai."""

    before: int = 0
    time: str = "09:00"

    def at(self, day: date) -> datetime:
        """The moment in UTC."""
        return datetime.combine(worked(day, -self.before), time.fromisoformat(self.time), SHANGHAI).astimezone(UTC)


def worked(day: date, days: int) -> date:
    """So many working days after a day, or before it; 0 is the day itself, be it a day off."""
    beyond = (each for n in count(1) if official().is_working(each := day + (n if days > 0 else -n) * DAY))
    return next(islice(beyond, abs(days) - 1, None)) if days else day


def at_work(day: date) -> date:
    """The day itself if it is worked, else the next that is."""
    return day if official().is_working(day) else worked(day, 1)


async def begun(program: Program, who: str) -> date | None:
    """The day on which a load by `who` was begun, to which one that goes on after midnight keeps."""
    first = await program.db["journal"].find({"who": who}).sort("_id", 1).limit(1).to_list(1)
    return day_of(first[0]["written"]) if first else None


def text(template: str, at: datetime) -> str:
    """Fill `{y}`, `{m}` and `{d}` with the day in Shanghai. Other braces stay."""
    day = day_of(at)
    return template.replace("{y}", str(day.year)).replace("{m}", str(day.month)).replace("{d}", str(day.day))


def read(file: str) -> dict[str, Any]:
    """A service's `data/city.json`, found beside its `city.py`."""
    return dict(json.loads((Path(file).parent / "data" / "city.json").read_text("utf-8")))


def person(role: Role, department: str = "") -> Person:
    """Somebody of the demonstration city; the journal shows the loader as the one who acts."""
    name = f"city-{role}-{department or 'all'}"
    return Person(sub=name, name=name, roles=frozenset({role}), departments=frozenset({department} - {""}))


async def until(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until `holds` is true. After two minutes `SystemExit` names `what` was waited for."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not await holds():
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise SystemExit(f"Waited {PATIENCE:g} seconds for {what}. Is the program that tells it running?") from None
