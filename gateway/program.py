"""The gateway as a running program: what every program has, and what only the portal needs."""

import uvicorn
from starlette.types import ASGIApp

from gateway import static, store
from gateway.cache import Drops, Hot, Shelf, wire
from gateway.pages.faults import Faults
from gateway.pages.forms import Forms
from gateway.prober import Prober
from gateway.settings import GatewaySettings
from gateway.upstream import Fetcher, Upstream
from services.kernel.content import ClaimCheck
from services.kernel.program import Program, Service, create_app


class Gateway(Program):
    """Requests find its parts in `app.state.program`."""

    def __init__(self, service: Service, settings: GatewaySettings) -> None:
        self.upstream = Upstream(settings)
        self.shelf = Shelf(settings.page_bytes)
        static.place(self.shelf)
        super().__init__(service, settings, fetch=self.fetch)
        kept = self.db.client.get_database(
            f"{self.db.name}_kept", codec_options=self.db.codec_options, read_concern=self.db.read_concern,
            write_concern=self.db.write_concern,
        )  # fmt: skip
        self.kept = store.Kept(kept)
        self.model = store.ReadModel(self.db, self.kept, self.shelf)
        self.forms = Forms(settings)
        self.fetcher = Fetcher(self.upstream, self.kept)
        self.drops = Drops(self.db, self.shelf)
        self.prober = Prober(settings, self.db, self.kept)
        self.drops.listeners.append(self.prober.hear)
        self.parts += [("drops", self.drops.reread), ("stream", self.drops.watch), ("prober", self.prober.run)]

    async def fetch(self, source: str, check: ClaimCheck) -> None:
        await self.fetcher(source, check)


def portal(gateway: Gateway) -> ASGIApp:
    """Finished pages first; everything else through limits, log and routes, and its problems as pages."""
    return Hot(Faults(create_app(gateway)), gateway.shelf)


def serve(gateway: Gateway) -> None:
    """As the kernel serves a program, with the wire for finished pages."""
    settings = gateway.settings
    uvicorn.run(
        portal(gateway), host=settings.host, port=settings.port, loop="uvloop", http=wire(gateway.shelf), lifespan="on",
        log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip
