"""What a run consists of: two servers, five programs, their environment."""

import os
import shlex
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from deploy.local import kafka_server, mongo, tokens
from deploy.local.jars import KAFKA
from deploy.local.places import LOCAL, PROGRAMS, Ports
from deploy.local.processes import NOBODY, Process
from services.kernel.domain.person import Role

STARTING = 60.0  # seconds a server or program may take
OF_FINANCE = (Role.EDITOR, Role.REVIEWER, Role.HANDLER)


def module(program: str) -> str:
    return program if program == "gateway" else f"services.{program}"


@dataclass(slots=True)
class Servers:
    """MongoDB and Kafka: ours, or those the environment names."""

    home: Path
    mongo_port: int
    kafka_port: int
    controller_port: int
    record: Path | None = None
    given_mongo: str | None = field(default_factory=lambda: os.environ.get("MONGO_URL"))
    given_kafka: str | None = field(default_factory=lambda: os.environ.get("KAFKA_BOOTSTRAP_SERVERS"))
    mongo: Process | None = None
    kafka: Process | None = None
    ending: threading.Event = NOBODY

    @property
    def mongo_url(self) -> str:
        return self.given_mongo or mongo.url(self.mongo_port)

    @property
    def kafka_address(self) -> str:
        return self.given_kafka or f"127.0.0.1:{self.kafka_port}"

    def start(self) -> None:
        """Both at once, then wait for both. `Stop` where one of the environment does not answer."""
        if self.given_mongo:
            mongo.must_answer(self.given_mongo)
        if self.given_kafka:
            kafka_server.must_answer(self.given_kafka)
        else:
            KAFKA.fetch(ending=self.ending)
        if not self.given_mongo:
            command = mongo.command(self.home / "mongo", self.mongo_port)
            self.mongo = Process("mongod", command, self.home / "log" / "mongod.log", record=self.record)
            self.mongo.start()
        if not self.given_kafka:
            command = kafka_server.command(self.home / "kafka", self.kafka_port, self.controller_port)
            self.kafka = Process("kafka", command, self.home / "log" / "kafka.log", record=self.record)
            self.kafka.start()
        self.wait()

    def wait(self) -> None:
        """Until both, as far as they are ours, serve: at the start, and after one was killed and started again."""
        if self.mongo:
            self.mongo.until(lambda: mongo.initiate(self.mongo_port), STARTING, ending=self.ending)
        if self.kafka:
            self.kafka.until(lambda: kafka_server.answers(self.kafka_port), STARTING, ending=self.ending)

    def restart(self, *servers: Process | None) -> None:
        """Killed as by a crash, if they still run, and started again on the same data and ports."""
        for server in servers or (self.mongo, self.kafka):
            if server:
                server.kill()
                server.start()
        self.wait()

    def end(self) -> None:
        for server in (self.kafka, self.mongo):
            if server:
                server.end()


@dataclass(frozen=True, slots=True)
class Keys:
    """What a local run signs and encrypts with: made once, kept in `.local/keys`."""

    directory: Path

    def make(self) -> None:
        tokens.make_key(self.directory)
        fernet = self.directory / "encryption.key"
        if not fernet.exists():
            fernet.touch(0o600)
            fernet.write_text(Fernet.generate_key().decode())

    def mint(self, *roles: Role, department: str = "", sub: str = "", days: int = 30) -> str:
        name = sub or roles[0].value
        return tokens.mint(
            self.directory, sub=name, name=name, roles=roles, department=department, at=datetime.now(UTC), days=days
        )

    def environment(self) -> dict[str, str]:
        return {
            "CITYGATE_JWKS": str(self.directory / "jwks.json"),
            "CITYGATE_ENCRYPTION_KEYS": (self.directory / "encryption.key").read_text(),
            "CITYGATE_SERVICE_TOKEN": self.mint(Role.SERVICE, sub="gateway", days=365),
        }


def environment(program: str, ports: Mapping[str, int], servers: Servers, keys: Keys, *, inside: int) -> dict[str, str]:
    """All a program needs to know; `ports` by program, `inside` its own inside one."""
    near = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    return {
        "MONGO_URL": servers.mongo_url,
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka_address,
        "CITYGATE_LOCAL": "true",
        "CITYGATE_HOST": "127.0.0.1",
        "CITYGATE_PORT": str(ports[program]),
        "CITYGATE_INSIDE_PORT": str(inside),
        "CITYGATE_PUBLIC_URL": near["gateway"],
        "CITYGATE_MAILBOX_URL": near["mailbox"],
        "CITYGATE_PUBLISHING_URL": near["publishing"],
        "CITYGATE_SCORING_URL": near["scoring"],
        "PYTHONUNBUFFERED": "1",
        "CITYGATE_TRUSTED_PROXIES": "127.0.0.1,::1",
        **keys.environment(),
    }


def program(name: str, env: Mapping[str, str], *, home: Path = LOCAL, record: Path | None = None) -> Process:
    """Its environment is written down as well, for who runs its commands by hand: `env/{name}.sh`, for us alone."""
    written = home / "env" / f"{name}.sh"
    written.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    written.write_text("".join(f"export {key}={shlex.quote(value)}\n" for key, value in env.items()))
    return Process(name, [sys.executable, "-m", module(name)], home / "log" / f"{name}.log", env, record)


def exports(ports: Mapping[str, int], inside: Mapping[str, int], keys: Keys, home: Path = LOCAL) -> dict[str, str]:
    """What the pages under `docs/api/` use: addresses, environments, and a token for each role."""
    near = {f"{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    near |= {f"{name.upper()}_INSIDE": f"http://127.0.0.1:{port}" for name, port in inside.items()}
    near["CITY_ENV"] = str(home / "env")
    for role in (r for r in Role if r is not Role.SERVICE):
        department = "finance" if role in OF_FINANCE else ""
        near[f"{role.value.upper()}_TOKEN"] = keys.mint(role, department=department, sub=f"{role}-1")
    return near


def ports_of(ports: Ports) -> dict[str, int]:
    return {name: ports.of(name) for name in PROGRAMS}


def inside_of(ports: Ports) -> dict[str, int]:
    return {name: ports.inside(name) for name in PROGRAMS}


def is_ready(inside: int) -> bool:
    """Whether the program with this inside port has all it needs."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{inside}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
