"""What scoring does when it hears: it keeps every fact, once."""

from services.kernel.contracts import columns, mailbox, publishing, scoring
from services.kernel.domain.decision import Unit
from services.kernel.domain.event import EVENTS, Event
from services.kernel.stream.consumer import Heard, Hearing

SPEAKERS = (columns, publishing, mailbox, scoring)
heard = Heard()


async def understand(_: Unit, __: Event) -> None:
    """To be here it was read: what breaks its contract is set aside when it comes, not found when a month is due."""


for speaker in SPEAKERS:
    for event in EVENTS.values():
        if event.__module__ == speaker.__name__:
            heard.on(event)(understand)

HEARING = Hearing(record=True, heard=heard, sources=[speaker.__name__.rpartition(".")[2] for speaker in SPEAKERS])
