"""Processes of a run: started apart from the terminal, written down, ended; those that a crash left, found again."""

import os
import random
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.births import Birth, is_over
from deploy.local.places import ROOT, Ended, Stop, full

GRACE = 10.0  # seconds between asking and killing
LONGEST = 20_000_000  # bytes of a log that is carried on by the next start
NOBODY = threading.Event()  # never set: nobody will tell us to end


@dataclass(slots=True)
class Process:
    """One program or server of a run. `record` is the folder that names it for whoever comes after a crash."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    record: Path | None = None
    folder: Path = ROOT
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C reaches only the one who ends them in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._forget()
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(
                self.command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=os.environ | self.env, cwd=self.folder, start_new_session=True,
            )  # fmt: skip
        if self.record:
            Birth.of(self.running.pid).write(self._written(self.record, self.running.pid))

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.poll() is None

    def kill(self) -> None:
        """As a crash would: `kill -9`."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()
            self._forget()

    def ask(self) -> None:
        """To end, without waiting for it."""
        if self.running is not None and self.alive:
            self.running.terminate()

    def end(self) -> None:
        """Ask, wait, then kill."""
        if self.running is not None:
            self.ask()
            with suppress(subprocess.TimeoutExpired):
                self.running.wait(GRACE)
            self.kill()

    def until(self, ready: Callable[[], bool], seconds: float, *, ending: threading.Event = NOBODY) -> None:
        """`Stop` when it dies or takes too long, with the end of its log; `Ended` when the end was asked for."""
        limit = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise Stop(self._sentence("ended while starting"))
            if time.monotonic() > limit:
                raise Stop(self._sentence(f"was not ready after {seconds:g} seconds"))
            if ending.wait(0.05):
                raise Ended

    def finish(self, seconds: float, *, ending: threading.Event = NOBODY) -> int:
        """Start what ends by itself, and wait for that: its exit code. Ended when it takes too long or we must."""
        self.start()
        limit = time.monotonic() + seconds
        try:
            while self.running is not None and self.alive:
                if time.monotonic() > limit:
                    raise Stop(self._sentence(f"took longer than {seconds:g} seconds"))
                if ending.wait(0.05):
                    raise Ended
            return self.running.returncode if self.running else 0
        finally:
            self.end()

    def _written(self, record: Path, pid: int) -> Path:
        return record / f"{self.name}-{pid}.json"

    def _forget(self) -> None:
        if self.record and self.running:
            self._written(self.record, self.running.pid).unlink(missing_ok=True)

    def _sentence(self, what: str) -> str:
        end = tail(self.log)
        return f"{self.name} {what}. The end of {self.log}:\n{end}\n{full(end, self.log.parent)}".rstrip()


def tail(log: Path, lines: int = 8) -> str:
    """The last lines, without reading all of a long log."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8000))
        return "\n".join(file.read().decode("utf-8", "replace").strip().splitlines()[-lines:])


def end_what_was_left(record: Path) -> list[str]:
    """End the processes a crashed run wrote down, the youngest first; a pid that is another's by now is left alone."""
    ended = []
    found = [(Birth.read(path), path) for path in record.glob("*.json")]
    for birth, path in sorted(found, key=lambda pair: -pair[0].born if pair[0] else 0.0):
        process = birth.process() if birth else None
        if process is not None:
            _end(process)
            ended.append(path.stem.rpartition("-")[0] or path.stem)
        path.unlink(missing_ok=True)
    return ended


def _end(process: psutil.Process) -> None:
    """Ask, wait, then kill. One that nobody waits for stays a zombie in some containers: that is ended too."""
    with suppress(psutil.NoSuchProcess):
        process.terminate()
        limit = time.monotonic() + GRACE
        while process.is_running() and not is_over(process):
            if time.monotonic() > limit:
                process.kill()
            time.sleep(0.05)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def must_be_free(name: str, port: int, how: str) -> None:
    """`Stop` where something listens already."""
    if not is_free(port):
        raise Stop(f"Port {port}, meant for {name}, is taken. {how}")


def free_ports(count: int) -> list[int]:
    """Neighbours nobody listens on just now, below those that outgoing connections take.

    Otherwise a client that looks for a killed server may get its port as its own, and keep it from coming back.
    """
    while True:
        first = random.randrange(10_000, 32_000)
        ports = list(range(first, first + count))
        if all(map(is_free, ports)):
            return ports
