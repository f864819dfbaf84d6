"""A program from its parts: what it answers, sends, hears and does in time, started and stopped together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from services.kernel import telemetry
from services.kernel.domain import clock
from services.kernel.domain.decision import Away, Cause
from services.kernel.http import owner, problem, web
from services.kernel.http.auth import Keys
from services.kernel.http.middleware import Edge
from services.kernel.http.web import Doorway, Table
from services.kernel.running.timer import Sweep
from services.kernel.settings import Settings
from services.kernel.storage import journal
from services.kernel.storage.crypto import Vault
from services.kernel.storage.mongo import Index, MongoError, asking, connect, make_indexes
from services.kernel.storage.transaction import Copies, Transactor
from services.kernel.stream import generation as generations
from services.kernel.stream import queue, tally
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Hearing
from services.kernel.stream.generation import Generation
from services.kernel.stream.listener import Fetch, Listener
from services.kernel.stream.people import catch_up
from services.kernel.stream.relay import Relay
from services.kernel.stream.retry import Retry
from services.kernel.telemetry import log

Part = tuple[str, Callable[[], Coroutine[Any, Any, None]]]
RESTART = 1.0  # seconds until a part that failed is started again
LOOK = 1.0  # seconds between two looks at which generation is live
USED = 10  # looks after which a replica says again that it runs on its generation
PING = 1.0  # seconds MongoDB may take to answer before the program calls itself unready


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A program as the list of its parts. `may` None: the public's door, the gateway; it tells nothing itself."""

    name: str
    title: str
    router: APIRouter
    may: Table | None
    indexes: Sequence[Index] = ()
    sweeps: Callable[[], Sequence[Sweep]] = tuple
    hearing: Hearing = field(default_factory=Hearing)


class Program:
    """One running service: its connections and its working parts."""

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service, self.settings = service, settings
        self.db = connect(settings.mongo_url.get_secret_value(), f"{settings.namespace}_{service.name}")
        self.copies = Copies()
        self.transact = Transactor(self.db, Cause(who=service.name, request="-"), copies=self.copies)
        self.bus = Bus(settings.kafka, settings.namespace)
        self.vault = Vault(settings.encryption_keys.get_secret_value())
        self.keys = Keys(settings.jwks, issuer=settings.issuer, audience=settings.audience)
        self.relay = Relay(self.db, self.bus.send, self.transact.told)
        self.prepared, self.filling = False, "beginning"
        self._listen_on(generations.made(service.hearing, 1))  # until MongoDB says which one it is

    def fetcher(self) -> Fetch | None:
        """How content is brought here that events name."""
        return None

    def _listen_on(self, generation: Generation) -> None:
        self.generation, self.copies.live = generation, generation.copies
        self.listener = Listener(
            self.service.name, self.service.hearing, self.transact, self.bus, generation=generation,
            fetch=self.fetcher(),
        )  # fmt: skip

    async def turn_to(self, generation: Generation) -> None:
        """Read and hear on another generation's copies; requests under way end on those they began with."""
        await make_indexes(self.db, self.service.indexes, generation.copies)
        await tally.make_indexes(self.db, self.service.hearing, generation.copies)
        self._listen_on(generation)
        log.info("generation.turned", number=generation.number, live=generation.live)

    def doorway(self) -> Doorway:
        roles = {**self.service.may.roles, **owner.MAY} if self.service.may else {}
        return Doorway(transact=self.transact, keys=self.keys, vault=self.vault, may=Table(roles))

    async def prepare(self) -> None:
        """Indexes; again until MongoDB is there."""
        while not self.prepared:
            try:
                with asking():
                    await self.make_ready()
                self.prepared = True
            except Away as error:
                log.warning("program.waits", error=str(error.__cause__))
                await asyncio.sleep(RESTART)

    async def make_ready(self) -> None:
        await journal.make_indexes(self.db)
        await queue.make_indexes(self.db)
        await generations.make_indexes(self.db)
        await self.turn_to(await generations.settle(self.db, self.service.hearing))
        if self.service.may is not None:
            await web.make_indexes(self.db)

    def parts(self) -> list[Part]:
        """What runs beside the requests."""
        parts: list[Part] = [("generation", self.live)]
        if self.service.may is not None:
            parts += [("relay", self.relay.run), ("keys", self.keys.run)]
        return parts + [(f"sweep:{sweep.name}", partial(sweep.run, self.transact)) for sweep in self.service.sweeps()]

    def hearing_parts(self) -> list[Part]:
        """What works on one generation."""
        return [("listener", self.listener.run), ("retry", Retry(self.listener).run)]

    async def live(self) -> None:
        """All that hears, on one generation until another takes over; then again, on that."""
        while True:
            parts = [*self.hearing_parts(), ("filling", self.fill)]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self.for_ever(name, part)) for name, part in parts]
                other = await self._another()
                for task in tasks:
                    task.cancel()
            await self.turn_to(other)

    async def fill(self) -> None:
        """Until the copies have caught up with the log. What fails in them, and did not before, is left for people."""
        while not self.generation.live:
            with asking():
                left = await self.listener.behind()
                places = [] if left else await catch_up(self.listener)
                self.filling = f"{left} messages to go" if left else f"{len(places)} fail or wait that did not before"
                if not left and not places:
                    await generations.turn_live(self.db, self.generation)
                    self.generation = replace(self.generation, live=True)
            await asyncio.sleep(LOOK)
        await asyncio.Event().wait()

    async def _another(self) -> Generation:
        """The newest live generation of this code, once it is not the one that is read."""
        looks = 0
        while True:
            await asyncio.sleep(LOOK)
            looks += 1
            try:
                with asking():
                    found = await generations.current(self.db, self.service.hearing)
                    if found and found.number != self.generation.number and found.live:
                        return found
                    if looks % USED == 1:
                        await generations.use(self.db, self.generation)
            except Away as error:
                log.warning("generation.unknown", error=str(error.__cause__)[:200])

    async def work(self) -> None:
        """All parts, each started again should it end or fail."""
        await self.prepare()
        async with asyncio.TaskGroup() as group:
            for name, part in self.parts():
                group.create_task(self.for_ever(name, part))

    async def for_ever(self, name: str, part: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await part()
            except Exception as error:
                log.error("part.failed", part=name, exc_info=error)
            await asyncio.sleep(RESTART)

    async def unready(self) -> dict[str, str]:
        """What keeps it from being ready, by name of the dependency. Kafka away does not: an API is up without it."""
        found = {}
        try:
            async with asyncio.timeout(PING):
                await self.db.command("ping")
            if not self.prepared:
                found["indexes"] = "are being made"
            elif not self.generation.live:
                found["copies"] = f"are filled from the log: {self.filling}"
        except (MongoError, TimeoutError) as error:
            found["mongodb"] = f"does not answer: {type(error).__name__}"
        if self.service.may is not None and self.keys.wrong:
            found["keys"] = f"CITYGATE_JWKS: {self.keys.wrong}"
        if self.listener.wrong:
            found["kafka"] = "; ".join(self.listener.wrong)
        return found

    def late(self) -> dict[str, str]:
        """What is waited for while requests are answered."""
        return {"kafka": self.listener.away} if self.listener.away else {}


def create_app(program: Program) -> ASGIApp:
    """The program's web side; `ValueError` where the table of rights and the routes differ."""
    service, settings = program.service, program.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        working = asyncio.create_task(program.work())
        yield
        working.cancel()
        await asyncio.wait([working], timeout=5)
        await program.bus.close()
        program.db.client.close()

    if service.may is not None:
        must_agree(service.router, service.may)
        # the scripts of its documentation come with it, none from strangers
        app = FastAPIOffline(title=service.title, lifespan=lifespan, redoc_url=None)
        bearer = [Depends(HTTPBearer(auto_error=False))]
        app.include_router(service.router, dependencies=bearer, responses=problem.RESPONSES)
        app.include_router(owner.router, dependencies=bearer, responses=problem.RESPONSES)
    else:
        app = FastAPI(title=service.title, lifespan=lifespan, docs_url=None, redoc_url=None)
        app.include_router(service.router)
    app.state.doorway, app.state.program = program.doorway(), program
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    problem.install(app)
    return Edge(app, seconds=settings.request_seconds, bytes=settings.request_bytes)


def must_agree(router: APIRouter, may: Table) -> None:
    names = {f"{m} {r.path_format}" for r in router.routes if isinstance(r, APIRoute) for m in r.methods or ()}
    if names != set(may.roles):
        raise ValueError(f"Not in both the table of rights and the routes: {sorted(names ^ set(may.roles))}")


async def healthz(_: Request) -> Response:
    """Whether the process answers."""
    return JSONResponse({"ok": True})


def begin(service: str, settings: Settings) -> None:
    """What comes before anything else in a process: its clock and its log."""
    clock.shift(settings.clock_shift)
    telemetry.configure(service, settings.log)
