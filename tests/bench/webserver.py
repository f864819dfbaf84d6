"""The web server chosen, against the other candidate: the same bytes from a bare ASGI application, one process each."""

import shutil
import sys
import tempfile
from pathlib import Path

import psutil

from deploy.local.processes import Process, free_ports
from deploy.local.stack import Servers
from tests.bench.hot import listens, pid_of, requests_per_second
from tests.bench.table import Row

BODY = b"<p>" + "正文".encode() * 1_500
START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}


async def app(scope: dict[str, object], receive: object, send: object) -> None:
    """Bytes at hand, nothing else."""
    if scope["type"] == "http":
        assert callable(send)
        await send(START)
        await send({"type": "http.response.body", "body": BODY})


async def measure(servers: Servers) -> list[Row]:
    if not shutil.which("wrk"):
        print("Without wrk the web servers are not measured.")
        return []
    here = "tests.bench.webserver:app"
    uvicorn = ["uvicorn", here, "--no-access-log", "--loop", "uvloop", "--http", "httptools", "--lifespan", "off"]
    granian = ["granian", "--interface", "asginl", "--loop", "uvloop", "--workers", "1", "--no-ws", here]
    ours, other = rate(uvicorn), rate(granian)
    return [
        Row.at_least("Web server: uvicorn, bare ASGI, one core", ours, other, "requests/s", "granian, the same", 0.5)
    ]


def rate(command: list[str]) -> float:
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory() as home:
        process = Process(command[0], [sys.executable, "-m", *command, "--port", str(port)], Path(home) / "log")
        process.start()
        try:
            process.until(lambda: listens(port), 20)
            for each in [psutil.Process(pid_of(process)), *psutil.Process(pid_of(process)).children(recursive=True)]:
                each.cpu_affinity([0])
            return requests_per_second(f"http://127.0.0.1:{port}/")
        finally:
            process.end()
