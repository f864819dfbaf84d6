"""The gateway as a running program: what every program has, and what only the portal needs."""

from functools import cached_property, partial
from pathlib import Path

from starlette.types import ASGIApp

from gateway import events, problems, static, store
from gateway.cache import Drops, Hot, Shelf, wire
from gateway.hosts import Declared, Hosts, misdirected
from gateway.limits import Allowance
from gateway.pages.faults import Faults
from gateway.pages.forms import Forms
from gateway.prober import Prober
from gateway.proxies import Proxied, networks
from gateway.settings import GatewaySettings
from gateway.site import read
from gateway.upstream import Fetcher, Upstream
from gateway.visits import Visits, observing
from services.kernel.running import serving
from services.kernel.running.parts import Part
from services.kernel.running.program import Program, Service, create_app
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.generation import Generation
from services.kernel.stream.listener import Fetch
from services.kernel.telemetry import log


class Gateway(Program):
    """Requests find its parts in `app.state.program`."""

    settings: GatewaySettings

    def __init__(self, service: Service, settings: GatewaySettings) -> None:
        super().__init__(service, settings)
        self.shelf = Shelf(settings.page_bytes)
        self.site = read(Path(settings.site), public_url=settings.public_url)
        static.place(self.shelf, self.site)
        events.place(self.shelf)
        problems.place(self.shelf, self.site)
        self.model = store.ReadModel(self.transact.reader, self.kept, self.shelf)
        self.hosts, self.allowance = Hosts(settings), Allowance(settings)
        self.forms = Forms(settings, self.hosts)
        self.prober = Prober(settings, self.kept, self.transact.reader)
        self.drops = Drops(self.db, self.shelf, listeners=[self.prober.hear])
        self.visits = Visits(settings.slow_seconds, self.shelf, self.kept.database)

    @cached_property
    def upstream(self) -> Upstream:
        return Upstream(self.settings)

    @cached_property
    def kept(self) -> store.Kept:
        """What is not made from events: a database apart, which every rebuild leaves alone."""
        db = self.db
        apart = db.client.get_database(
            f"{db.name}_kept", codec_options=db.codec_options, read_concern=db.read_concern,
            write_concern=db.write_concern,
        )  # fmt: skip
        return store.Kept(apart)

    def speaking(self) -> Transactor:
        """Its journal lies with what every rebuild leaves alone."""
        return Transactor(self.kept.database, self.transact.cause)

    def fetcher(self) -> Fetch:
        return Fetcher(self.upstream, self.kept)

    async def turned(self, generation: Generation) -> None:
        """All pages fall: they were made from the copies before."""
        await super().turned(generation)
        self.model.forget()
        self.shelf.fall_all()

    def parts(self) -> list[Part]:
        return [
            *super().parts(), ("drops", self.drops.reread), ("stream", self.drops.watch), ("prober", self.prober.run),
            ("visits", self.visits.run), ("observing", partial(observing(self.model).run, self.voice)),
        ]  # fmt: skip


def portal(gateway: Gateway) -> ASGIApp:
    """For our names only. Finished pages first; the rest through limits, log and routes, its problems as pages."""
    faults = partial(Faults, site=gateway.site, few=lambda: gateway.model.at_hand)
    app = Hot(gateway.visits.counting(faults(create_app(gateway))), gateway.shelf)
    trusted = networks(gateway.settings.trusted_proxies)
    if missing := gateway.site.missing:
        log.warning("site.marks_missing", marks=missing, file=gateway.settings.site)
    log.info("proxies.trusted", addresses=[str(each) for each in trusted] or "none")
    return Proxied(Declared(app, faults(misdirected), gateway.hosts), trusted)


def serve(gateway: Gateway) -> None:
    """As the kernel serves a program, with the wire for finished pages."""
    serving.serve(gateway, portal(gateway), http=wire(gateway.shelf, gateway.hosts))
