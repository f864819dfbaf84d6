"""The gateway as a running program: what every program has, and what only the portal needs."""

import asyncio

from starlette.types import ASGIApp

from gateway import static, store
from gateway.cache import Drops, Hot, Shelf, wire
from gateway.pages.faults import Faults
from gateway.pages.forms import Forms
from gateway.prober import Prober
from gateway.settings import GatewaySettings
from gateway.upstream import Fetcher, Upstream
from services.kernel.domain.decision import Away
from services.kernel.running import program
from services.kernel.running.parts import Part
from services.kernel.running.program import Program, Service, create_app
from services.kernel.storage.mongo import Database, asking
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.listener import Listener
from services.kernel.telemetry import log

LOOK = 1.0  # seconds between two looks at which generation is live


def generation_name(base: str, number: int) -> str:
    """Of a generation's database and of its consumer group; the first has the plain name."""
    return base if number == 1 else f"{base}_{number}"


class Gateway(Program):
    """Requests find its parts in `app.state.program`. What reads and hears belongs to one generation at a time."""

    def __init__(self, service: Service, settings: GatewaySettings) -> None:
        super().__init__(service, settings)
        self.base = self.db.name
        self.upstream = Upstream(settings)
        self.shelf = Shelf(settings.page_bytes)
        static.place(self.shelf)
        self.kept = store.Kept(self._database(f"{self.base}_kept"))
        self.forms = Forms(settings)
        self.fetcher = Fetcher(self.upstream, self.kept)
        self.prober = Prober(settings, self.kept)
        self.turn_to(1)

    def _database(self, name: str) -> Database:
        return self.db.client.get_database(
            name, codec_options=self.db.codec_options, read_concern=self.db.read_concern,
            write_concern=self.db.write_concern,
        )  # fmt: skip

    def turn_to(self, number: int) -> None:
        """Read and hear on another generation's database; requests under way end on the one they began with."""
        self.number = number
        self.db = self._database(generation_name(self.base, number))
        self.transact = Transactor(self.db, self.transact.cause)
        group = generation_name(self.service.name, number)
        self.listener = Listener(group, self.service.hearing, self.transact, self.bus, fetch=self.fetcher)
        self.model = store.ReadModel(self.db, self.kept, self.shelf)
        self.drops = Drops(self.db, self.shelf, listeners=[self.prober.hear])
        self.prober.db = self.db
        self.shelf.fall_all()

    async def make_ready(self) -> None:
        if not self.prepared:
            self.turn_to(await self.kept.live())
        await super().make_ready()

    def parts(self) -> list[Part]:
        return [("generation", self.live)]

    async def live(self) -> None:
        """Everything that runs on one generation, until another is live; then again, on that."""
        of_one = [
            *super().parts(), ("drops", self.drops.reread), ("stream", self.drops.watch), ("prober", self.prober.run)
        ]  # fmt: skip
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.for_ever(name, part)) for name, part in of_one]
            number = await self._another()
            for task in tasks:
                task.cancel()
        self.turn_to(number)
        log.info("generation.turned", number=number)

    async def _another(self) -> int:
        """The poll is the truth."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                with asking():
                    live = await self.kept.live()
            except Away as error:
                log.warning("generation.unknown", error=str(error.__cause__))
            else:
                if live != self.number:
                    return live


def portal(gateway: Gateway) -> ASGIApp:
    """Finished pages first; everything else through limits, log and routes, and its problems as pages."""
    return Hot(Faults(create_app(gateway)), gateway.shelf)


def serve(gateway: Gateway) -> None:
    """As the kernel serves a program, with the wire for finished pages."""
    program.serve(portal(gateway), gateway.settings, http=wire(gateway.shelf))
