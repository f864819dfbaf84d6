"""Saying events as their services would, for tests of what hears them."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC
from uuid import uuid4

from services.kernel.domain.event import Event, Message
from services.kernel.stream.bus import Bus


def message(event: Event, sequence: int) -> Message:
    return Message(
        id=uuid4().hex, type=event.TYPE, source=event.SOURCE, subject=event.subject, sequence=sequence,
        time=event.at.astimezone(UTC), correlation="test", trace=None, value=event.model_dump_json().encode(),
    )  # fmt: skip


class Teller:
    """Counts what each aggregate has told."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.told: Counter[str] = Counter()

    def messages(self, events: Iterable[Event]) -> list[Message]:
        found = []
        for event in events:
            self.told[event.subject] += 1
            found.append(message(event, self.told[event.subject]))
        return found

    async def tell(self, *events: Event) -> None:
        await self.bus.send(self.messages(events))
