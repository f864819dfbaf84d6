"""What mailbox does before all else, beside its requests, and when the time has come."""

import asyncio
from collections.abc import Sequence
from functools import partial

from prometheus_client import Gauge

from services.kernel.domain.calendar import official
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away
from services.kernel.running.parts import Part
from services.kernel.running.timer import Sweep
from services.kernel.storage.mongo import asking
from services.kernel.storage.transaction import Transactor
from services.kernel.telemetry import Waits
from services.mailbox import store
from services.mailbox.actions import load_rules, redate_letter, wake_letter
from services.mailbox.domain import Letter

PROVISIONAL = Gauge("citygate_mailbox_provisional_letters", "Open letters whose deadline awaits a year's calendar.")
COUNTED = 10.0  # seconds between two counts


def sweeps() -> Sequence[Sweep]:
    return [
        Sweep(name="letters", of=Letter, due=store.letters_to_wake, act=wake_letter),
        Sweep(name="calendar", of=Letter, due=store.letters_to_redate, act=redate_letter),
    ]


async def first(transact: Transactor) -> None:
    """Load the days of all known years and the limits, if that was never done."""
    await transact(load_rules, official(), store.first_policies(), at=now())


async def count(transact: Transactor) -> None:
    waits = Waits("provisional", Away)
    while True:
        try:
            with asking():
                PROVISIONAL.set(await store.provisional(transact.reader()))
            waits.over()
        except Away as error:
            waits.again(error)
        await asyncio.sleep(COUNTED)


def beside(transact: Transactor) -> Sequence[Part]:
    return [("provisional", partial(count, transact))]
