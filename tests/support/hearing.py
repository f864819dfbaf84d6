"""Messages brought to a program's handlers as if they had been read from Kafka."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.kernel.domain.event import Message
from services.kernel.stream.delivery import Delivery
from services.kernel.stream.listener import Listener
from services.kernel.stream.retry import Retry
from tests.support.waiting import eventually

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def heard(listener: Listener, messages: Sequence[Message], *, partition: int = 0) -> None:
    """All of them, as one batch."""
    await listener.deliver(
        [
            Delivery(handler=handler, message=message, partition=partition, trouble=await listener.trouble(message))
            for message in messages
            for handler in listener.hearing.of(message.kind)
        ]
    )


async def tried_out(listener: Listener) -> None:
    """What fails was tried again as often as it is, and is left for people."""
    retry, waiting = Retry(listener), listener.transact.db["waiting"]
    later: dict[str, object] = {"again_at": {"$type": "date"}}

    async def settled() -> bool:
        await waiting.update_many(later, {"$set": {"again_at": LONG_AGO}})
        await retry.once()
        return await waiting.count_documents(later) == 0

    await eventually(settled)
