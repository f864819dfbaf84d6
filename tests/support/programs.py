"""The five programs as real processes on free ports, in a namespace of their own."""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from deploy.local.places import PROGRAMS, ROOT, Stop
from deploy.local.processes import Process, free_ports, tail
from deploy.local.stack import Keys, Servers, environment, is_ready, module, program
from deploy.local.supervisor import CITY_SECONDS, SERVICES
from services.kernel.domain.person import Role

STARTING = 60.0


@dataclass(slots=True)
class Suite:
    """A running suite: address and token by name; any process can be killed and started again.

    `root`: the tree whose code runs.
    """

    servers: Servers
    home: Path
    namespace: str = field(default_factory=lambda: f"t{uuid4().hex[:10]}")
    ports: dict[str, int] = field(
        default_factory=lambda: dict(zip(PROGRAMS, free_ports(2 * len(PROGRAMS)), strict=False))
    )
    processes: dict[str, Process] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)  # ids by path, of the small city
    root: Path = ROOT

    @property
    def keys(self) -> Keys:
        return Keys(self.home / "keys")

    def env(self, name: str) -> dict[str, str]:
        own = {"CITYGATE_NAMESPACE": self.namespace, "CITYGATE_LOG": "json"}
        return environment(name, self.ports, self.servers, self.keys, inside=self.inside(name)) | own

    def start(self, *names: str, env: Mapping[str, str] | None = None) -> None:
        """Those named, or all, and wait until each is ready."""
        wanted = names or PROGRAMS
        self.keys.make()
        for name in wanted:
            self.processes[name] = self.program(name, env or {})
            self.processes[name].start()
        for name in wanted:
            self.until_ready(name)

    def replica(self, name: str, *, env: Mapping[str, str] | None = None) -> tuple[Process, str]:
        """One more of a program beside the first; its process and address."""
        port, inside = free_ports(2)
        own = {"CITYGATE_PORT": str(port), "CITYGATE_INSIDE_PORT": str(inside)}
        process = self.program(name, own | dict(env or {}))
        process.log = self.home / "log" / f"{name}-{port}.log"
        process.start()
        process.until(lambda: is_ready(inside), STARTING)
        self.processes[f"{name}-{port}"] = process
        return process, f"http://127.0.0.1:{port}"

    def program(self, name: str, env: Mapping[str, str]) -> Process:
        """Written down beside the servers, so that the next run ends what a killed one left."""
        made = program(name, self.env(name) | dict(env), home=self.home, record=self.servers.record)
        made.folder = self.root
        return made

    def until_ready(self, name: str) -> None:
        self.processes[name].until(lambda: is_ready(self.inside(name)), STARTING)

    def restart(self, name: str, *, env: Mapping[str, str] | None = None) -> None:
        """Killed as by a crash, and started again."""
        self.processes[name].kill()
        self.start(name, env=env)

    def inside(self, name: str) -> int:
        """The port of its /readyz and /metrics: those of all stand right after the public ones."""
        return self.ports[name] + len(PROGRAMS)

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    def client(self, name: str, role: Role | None = None, *, department: str = "", sub: str = "") -> httpx.Client:
        """A person's way to a service; without a role, the public's way to the gateway."""
        headers = {}
        if role is not None:
            headers = {"Authorization": f"Bearer {self.keys.mint(role, department=department, sub=sub)}"}
        return httpx.Client(base_url=self.address(name), headers=headers, timeout=30)

    def load_city(self) -> None:
        """The demonstration city, as `make run` loads it; `Stop` where that fails."""
        for name in SERVICES:
            log = self.home / "log" / f"{name}-city.log"
            part = Process(f"{name}-city", [sys.executable, "-m", module(name), "city"], log, self.env(name))
            part.folder = self.root
            if part.finish(CITY_SECONDS):
                raise Stop(f"{part.name} did not succeed. The end of {log}:\n{tail(log)}")

    def logs(self) -> str:
        return "\n".join(path.read_text("utf-8", "replace") for path in (self.home / "log").glob("*.log"))

    def end(self) -> None:
        for process in self.processes.values():
            if process.running and process.alive:
                process.running.terminate()
        for process in self.processes.values():
            process.end()


@contextlib.contextmanager
def suite(servers: Servers, home: Path) -> Iterator[Suite]:
    """All five, ended at the end."""
    made = Suite(servers, home)
    try:
        made.start()
        yield made
    finally:
        made.end()
