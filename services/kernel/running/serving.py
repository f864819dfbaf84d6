"""The two ports of a program: the public one for its app, the inside one for those who operate it."""

import asyncio
import resource
import signal
import socket
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.kernel import telemetry
from services.kernel.http.bounded import Bounded
from services.kernel.running.program import Program, healthz

BACKLOG = 2048  # connections that may wait to be accepted
GRACE = 5  # seconds that open requests get at shutdown
IDLE = 15  # seconds until a connection without a request is closed: longer than those who ask keep one
SPARE = 500  # descriptors for all but connections


class Server(uvicorn.Server):
    """A server without signal handlers of its own: `both` handles signals for all servers of its loop."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # the base is a generator
        return nullcontext()


def inside(program: Program) -> ASGIApp:
    """`/healthz`: the process answers. `/readyz`: what is wrong or late, by name. `/metrics`: for Prometheus."""

    async def readyz(_: Request) -> Response:
        wrong = await program.unready()
        said = {"ok": not wrong, "wrong": wrong, "late": program.late()}
        return JSONResponse(said, status_code=503 if wrong else 200)

    async def metrics(_: Request) -> Response:
        body, media_type = telemetry.exposition()
        return Response(body, media_type=media_type)

    return Starlette(routes=[Route(f"/{answer.__name__}", answer) for answer in (healthz, readyz, metrics)])


def serve(program: Program, app: ASGIApp, *, http: type[Bounded] = Bounded) -> None:
    """Serve until a signal stops it. `http`: the protocol that reads requests from the public socket."""
    settings = program.settings
    make_room(settings.connections)
    public = type("Public", (http,), {"most": settings.connections})
    doors = (
        listening(settings.host, settings.port, "CITYGATE_PORT"),
        listening(settings.host, settings.inside_port, "CITYGATE_INSIDE_PORT"),
    )
    uvloop.run(both(server(app, public), server(inside(program), lifespan="off"), doors))


def make_room(connections: int) -> None:
    """As many descriptors as the connections need, if the system lets us have them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, connections + SPARE)), hard))


def server(app: ASGIApp, http: type[Bounded] = Bounded, lifespan: Literal["on", "off"] = "on") -> Server:
    config = uvicorn.Config(
        app, loop="uvloop", http=http, lifespan=lifespan, log_config=None, access_log=False, server_header=False,
        backlog=BACKLOG, timeout_graceful_shutdown=GRACE, timeout_keep_alive=IDLE, proxy_headers=False,
    )  # fmt: skip
    return Server(config)


async def both(public: Server, within: Server, doors: tuple[socket.socket, socket.socket]) -> None:
    """Run both servers. The inside one answers until the public one has ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, public.handle_exit, number, None)
    async with asyncio.TaskGroup() as group:
        group.create_task(within.serve(sockets=[doors[1]]))
        await public.serve(sockets=[doors[0]])
        within.should_exit = True


def listening(host: str, port: int, variable: str) -> socket.socket:
    """A listening socket, opened before anything else. If that fails: a sentence on stderr and `SystemExit(2)`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        said = str(getattr(error, "strerror", error)).partition(" (")[0]  # Python appends the address
        why = f"Port {port} of {host} cannot be listened on ({said})"
        print(f"{why}: free it, or set {variable} to another.", file=sys.stderr)
        raise SystemExit(2) from None
