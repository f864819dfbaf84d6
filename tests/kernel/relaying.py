"""A relay as a process of its own, so that a test can freeze it. With `--freeze` it freezes itself once.

That is the worst moment: it has found what is unsent, and has not sent it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from services.kernel.domain.event import Message
from services.kernel.storage.journal import as_message
from services.kernel.storage.mongo import Document, connect
from services.kernel.stream import relay
from services.kernel.stream.bus import Bus
from services.kernel.stream.relay import Relay

LEASE = 1.0  # seconds


def freeze_once() -> None:
    def frozen(record: Document) -> Message:
        setattr(relay, "as_message", as_message)  # noqa: B010  # mypy knows no such export
        os.kill(os.getpid(), signal.SIGSTOP)
        return as_message(record)

    setattr(relay, "as_message", frozen)  # noqa: B010  # likewise


async def main(mongo_url: str, kafka: str, namespace: str) -> None:
    bus = Bus(kafka, namespace)

    async def send(messages: Sequence[Message]) -> None:
        await bus.send(messages)
        print(*(m.sequence for m in messages), flush=True)

    await Relay(connect(mongo_url, f"{namespace}_sample"), send, asyncio.Event(), seconds=LEASE, holder="frozen").run()


if __name__ == "__main__":
    if "--freeze" in sys.argv:
        freeze_once()
    asyncio.run(main(*sys.argv[1:4]))
