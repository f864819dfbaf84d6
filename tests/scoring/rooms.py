"""Databases of scoring without a program, for tests of evidence."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause
from services.kernel.domain.event import Message
from services.kernel.storage.mongo import Database, connect, make_indexes
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.batch import fact as recorded_fact
from services.scoring import store, timers
from services.scoring.store import fact
from tests.scoring.story import AFTER


@dataclass(frozen=True, slots=True)
class Room:
    """A database of scoring without a program."""

    db: Database
    transact: Transactor

    @classmethod
    async def made(cls, url: str, name: str) -> "Room":
        db = connect(url, name)
        await make_indexes(db, store.INDEXES, {})
        return cls(db, Transactor(db, Cause(who="test", request="-")))

    async def record(self, messages: Sequence[Message]) -> None:
        """As the program records them: each gets the next position."""
        first = await fact.position(self.transact.reader()) + 1
        if messages:
            await self.db["fact"].bulk_write([recorded_fact(n, m) for n, m in enumerate(messages, first)])

    async def gather(self) -> None:
        while await timers.gather_once(self.transact, at=AFTER):
            """Some are left."""

    async def empty(self) -> None:
        """For the next: a database for each of many examples would take more files than MongoDB may have open."""
        for name in await self.db.list_collection_names():
            await self.db[name].delete_many({})
        self.db.client.close()

    async def close(self) -> None:
        await self.db.client.drop_database(self.db.name)
        self.db.client.close()


def in_a_room(servers: Servers, name: str, prove: Callable[[Room], Awaitable[None]]) -> None:
    async def run() -> None:
        room = await Room.made(servers.mongo_url, name)
        try:
            await prove(room)
        finally:
            await room.empty()

    asyncio.run(run())
