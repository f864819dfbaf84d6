"""A hot page against nginx serving the same bytes as a file, each on one core."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import httpx
import psutil

from deploy.local.processes import Process, free_ports
from tests.bench.table import Row
from tests.support.programs import Suite

SECONDS, CONNECTIONS = 4, 32
NGINX = """\
{user}
worker_processes 1;
daemon off;
pid {home}/nginx.pid;
error_log {home}/nginx.error.log;
events {{ worker_connections 256; }}
http {{ access_log off; keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; root {home}/www; default_type text/html; }} }}
"""


def requests_per_second(address: str) -> float:
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", address]
    said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found
    return float(found.group(1))


async def measure(running: Suite) -> Sequence[Row]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not nginx or not shutil.which("wrk"):
        print("Without nginx and wrk the hot page is not measured.")
        return []
    page = f"{running.address('gateway')}/"
    body = bytes_of(page)
    home = Path(running.home)
    [port] = free_ports(1)
    (home / "www").mkdir(exist_ok=True)
    (home / "www" / "index.html").write_bytes(body)
    (home / "nginx.conf").write_text(NGINX.format(home=home, port=port, user=as_user()))
    server = Process("nginx", [nginx, "-c", str(home / "nginx.conf")], home / "log" / "nginx.log")
    server.start()
    try:
        server.until(lambda: listens(port), 10)
        for process in [psutil.Process(pid_of(server)), *psutil.Process(pid_of(server)).children(recursive=True)]:
            process.cpu_affinity([0])
        ceiling = requests_per_second(f"http://127.0.0.1:{port}/")
    finally:
        server.end()
    ours = alone(running.processes["gateway"], page)
    return [Row.at_least("Hot page, one core", ours, ceiling, "requests/s", "nginx, the same bytes as a file", 0.5)]


def alone(process: Process, address: str) -> float:
    """Requests per second while the process has one core."""
    one = psutil.Process(pid_of(process))
    before = one.cpu_affinity()
    one.cpu_affinity([0])
    try:
        return requests_per_second(address)
    finally:
        one.cpu_affinity(before)


def as_user() -> str:
    """Its workers must be able to read the page: as root they would be nobody."""
    return "user root;" if os.geteuid() == 0 else ""


def bytes_of(page: str) -> bytes:
    return httpx.get(page, headers={"Accept-Encoding": "identity"}).content


def pid_of(process: Process) -> int:
    assert process.running
    return process.running.pid


def listens(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/").status_code == 200
    except httpx.TransportError:
        return False
