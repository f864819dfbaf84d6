"""A program made of its parts: its API, relay, listener and sweeps are started and stopped together."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pymongo
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.responses import FileResponse, JSONResponse
from starlette.types import ASGIApp

from services.kernel import telemetry
from services.kernel.domain import clock
from services.kernel.domain.decision import Aggregate, Away, Cause
from services.kernel.domain.event import EVENTS, explained
from services.kernel.domain.person import Role
from services.kernel.http import owner, problem, tasks, web
from services.kernel.http.auth import Keys
from services.kernel.http.methods import Methods
from services.kernel.http.middleware import Edge
from services.kernel.http.problem import Says
from services.kernel.http.web import Doorway, Table
from services.kernel.running.current import Current
from services.kernel.running.parts import PAUSE, Part, for_ever
from services.kernel.running.personal import Erase
from services.kernel.running.resending import RESENDING
from services.kernel.running.task import INDEXES, Tasks, Work
from services.kernel.running.timer import Sweep
from services.kernel.settings import Settings
from services.kernel.storage import files, journal
from services.kernel.storage.crypto import Vault
from services.kernel.storage.files import Files
from services.kernel.storage.mongo import Index, MongoError, asking, clock_difference, connect, make_indexes
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import measure, queue
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.generation import Generation
from services.kernel.stream.listener import Fetch, Listener
from services.kernel.stream.measure import Measure
from services.kernel.stream.relay import Relay
from services.kernel.telemetry import Waits

PING = 1.0  # seconds MongoDB may take to answer before the program calls itself unready
APART = 5.0  # seconds that the host's clock may differ from MongoDB's


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The parts that a program is made of.

    `about`: what its API is for, with `tags`: what each group of routes is about. `may`: who may call which route;
    None: everybody may call all of them, and it serves no documentation. `says`: how each route may refuse. `tells`: it
    has events to send. `first`: what it does before it is ready, at every start. `beside`: parts of its own that run
    beside the requests.
    """

    name: str
    title: str
    router: APIRouter
    may: Table | None
    about: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    says: Says = field(default_factory=dict)
    tells: bool = True
    indexes: Sequence[Index] = ()
    sweeps: Callable[[], Sequence[Sweep]] = tuple
    works: Sequence[Work] = ()
    first: Callable[[Transactor], Awaitable[None]] | None = None
    beside: Callable[[Transactor], Sequence[Part]] = lambda _: ()
    personal: Mapping[type[Aggregate], Erase] = field(default_factory=dict)
    hearing: Hearing = field(default_factory=Hearing)


class Program:
    """One running service: its connections and its working parts."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service, self.settings = service, settings
        self.db = connect(settings.mongo_url.get_secret_value(), f"{settings.namespace}_{service.name}")
        self.vault = Vault(settings.encryption_keys.get_secret_value())
        self.transact = Transactor(self.db, Cause(who=service.name, request="-"), vault=self.vault)
        self.voice = self.speaking()
        self.bus = Bus(settings.kafka, settings.namespace, settings.public_url)
        self.tasks = Tasks(self.voice, (RESENDING, *service.works))
        self.keys = Keys(settings.jwks, issuer=settings.issuer, audience=settings.audience)
        self.relay = Relay(self.voice.db, self.bus.send, self.voice.unsent)
        self.measure = Measure(
            self.db, self.bus, journal=self.voice.db["journal"], group=service.name, sources=service.hearing.sources,
            emptied=self.listen_anew,
        )  # fmt: skip
        self.current = Current(
            service.name, service.hearing, self.transact, self.bus, fetch=self.fetcher(),
            indexes=service.indexes, turned=self.turned,
        )  # fmt: skip
        self.prepared = False

    def speaking(self) -> Transactor:
        """For what it decides and tells itself: on the database in which its journal lies."""
        return self.transact

    def fetcher(self) -> Fetch | None:
        """The function that fetches content which events name. None: this program needs none."""
        return None

    @property
    def generation(self) -> Generation:
        """The generation whose copies are read now."""
        return self.current.generation

    @property
    def listener(self) -> Listener:
        """The listener of the generation that is read now."""
        return self.current.listener

    async def turned(self, generation: Generation) -> None:
        """Measure the consumer group of the generation that is read from now on."""
        self.measure.turn_to(self.db, generation.group(self.service.name))

    def doorway(self) -> Doorway:
        roles = {**self.service.may.roles, **owner.MAY, **tasks.MAY} if self.service.may else {}
        return Doorway(transact=self.transact, keys=self.keys, vault=self.vault, may=Table(roles), do=self.tasks.do)

    async def prepare(self) -> None:
        """Make the indexes and settle on a generation. Tries again until MongoDB answers."""
        waits = Waits("prepare", Away)
        while not self.prepared:
            try:
                with asking():
                    await self.make_ready()
                self.prepared = True
                waits.over()
            except Away as error:
                waits.again(error)
                await asyncio.sleep(PAUSE)

    async def make_ready(self) -> None:
        await journal.make_indexes(self.voice.db)
        await make_indexes(self.voice.db, INDEXES, {})
        await measure.make_journal_index(self.voice.db)
        await files.make_indexes(self.voice.db)
        await queue.make_indexes(self.db)
        await measure.make_indexes(self.db)
        await self.current.settle()
        if self.service.may is not None:
            await web.make_indexes(self.db)
        if self.service.first is not None:
            await self.service.first(self.voice)

    def parts(self) -> list[Part]:
        """The parts that run beside the requests."""
        parts: list[Part] = [("generation", self.current.run), ("files", Files(self.voice.db).run)]
        if self.service.may is not None:
            parts.append(("keys", self.keys.run))
        if self.service.tells:
            parts += [("relay", self.relay.run), ("tasks", self.tasks.run)]
        parts += self.service.beside(self.voice)
        return parts + [(f"sweep:{sweep.name}", partial(sweep.run, self.voice)) for sweep in self.service.sweeps()]

    def _show_labels(self) -> None:
        """Show known labels with 0 from the start. A series that first appears with 1 has not risen, for Prometheus."""
        for other in ("unreadable", "other"):
            telemetry.DEAD_LETTERS.labels(type=other)
        for event in EVENTS.values():
            if event.SOURCE in self.service.hearing.sources:
                telemetry.DEAD_LETTERS.labels(type=event.TYPE)
                for outcome in ("handled", "contradicts", *queue.PlaceState):
                    telemetry.HANDLED.labels(type=event.TYPE, outcome=outcome)
            if self.service.name == event.SOURCE:
                telemetry.FACTS.labels(type=event.TYPE)
                telemetry.SET_APART.labels(type=event.TYPE)

    async def work(self) -> None:
        """Run all parts once the program is prepared. What waits is measured from the start."""
        self._show_labels()
        async with asyncio.TaskGroup() as group:
            group.create_task(for_ever("measure", self.measure.run))
            await for_ever("prepare", self.prepare, may_end=True)
            for name, part in self.parts():
                group.create_task(for_ever(name, part))

    def listen_anew(self) -> None:
        """Kafka was emptied: make the topics again, and read them from the beginning."""
        self.bus.forget()
        self.listener.again.set()

    async def unready(self) -> dict[str, str]:
        """What keeps it from being ready, by name of the dependency. A silent Kafka does not: an API needs none."""
        found = {}
        try:
            async with asyncio.timeout(PING):
                with pymongo.timeout(PING):  # else the driver's thread would go on waiting for a server that hangs
                    difference = await clock_difference(self.db)
            if difference > APART:
                found["clock"] = f"differs from MongoDB's by {difference:.0f} s: set this host's clock right (NTP)"
            elif not self.prepared:
                found["indexes"] = "are being made"
            elif not self.generation.live:
                found["copies"] = f"are filled from the log: {self.current.filling}"
        except (MongoError, TimeoutError) as error:
            found["mongodb"] = f"does not answer: {type(error).__name__}"
        if self.service.may is not None and self.keys.wrong:
            found["keys"] = f"CITYGATE_JWKS: {self.keys.wrong}"
        if self.listener.wrong:
            found["kafka"] = "; ".join(self.listener.wrong)
        return found

    def late(self) -> dict[str, str]:
        """What the program waits for while it answers requests, by name of the dependency."""
        return self.measure.late()


def create_app(program: Program) -> ASGIApp:
    """The program's web app. Raises `ValueError` if the table of rights and the routes differ."""
    service, settings = program.service, program.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        working = asyncio.create_task(program.work())
        yield
        working.cancel()
        await asyncio.wait([working], timeout=5)
        await program.bus.close()
        program.db.client.close()

    about = service.tags if service.may is None else {**service.tags, **owner.TAGS, **tasks.TAGS}
    # FastAPIOffline serves the scripts of the documentation itself: browsers load none from other hosts
    app: FastAPI = (FastAPIOffline if service.may else FastAPI)(
        title=service.title, description=service.about, generate_unique_id_function=lambda route: route.name,
        openapi_tags=[{"name": name, "description": said} for name, said in about.items()], redirect_slashes=False,
        servers=[{"url": settings.own_url, "description": service.title}], docs_url=None, redoc_url=None,
        contact={"name": "信息化主管部门 (IT bureau)", "url": settings.public_url}, lifespan=lifespan,
    )  # fmt: skip
    if service.may is None:
        app.include_router(service.router)
    else:
        must_agree(service.router, service.may)
        bearer = [Depends(HTTPBearer(auto_error=False, description=explained(Role)))]
        for router in (service.router, owner.router, tasks.router):
            app.include_router(router, dependencies=bearer)
        app.add_api_route("/docs", lambda: FileResponse(Path(__file__).with_name("docs.html")), include_in_schema=False)
    app.state.doorway, app.state.program = program.doorway(), program
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    says = {**service.says, **owner.SAYS, **tasks.SAYS} if service.may else service.says
    problem.install(app, says, app.state.doorway.may.roles if service.may else None)
    return Edge(
        Methods(app), seconds=settings.request_seconds, bytes=settings.request_bytes, public_url=settings.public_url
    )


def must_agree(router: APIRouter, may: Table) -> None:
    names = {f"{m} {r.path_format}" for r in router.routes if isinstance(r, APIRoute) for m in r.methods or ()}
    if names != set(may.roles):
        raise ValueError(f"Not in both the table of rights and the routes: {sorted(names ^ set(may.roles))}")


async def healthz(_: Request) -> Response:
    """Whether the process answers."""
    return JSONResponse({"ok": True})


def begin(service: str, settings: Settings, *, command: bool = False) -> None:
    """Set the clock and the log of the process, before anything else."""
    clock.shift(settings.clock_shift)
    telemetry.configure(service, settings.log, command=command)
