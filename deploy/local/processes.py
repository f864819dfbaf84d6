"""Processes of a run: started apart from the terminal, written down, ended; those that a crash left, found again."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.local.places import ROOT, Stop

GRACE = 10.0  # seconds between asking and killing


@dataclass(slots=True)
class Process:
    """One program or server of a run. `record` names it for whoever comes after a crash."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    record: Path | None = None
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C reaches only the one who ends them in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(
                self.command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                env=os.environ | self.env, cwd=ROOT, start_new_session=True,
            )  # fmt: skip
        if self.record:
            self.record.mkdir(parents=True, exist_ok=True)
            born = psutil.Process(self.running.pid).create_time()
            (self.record / f"{self.name}.json").write_text(json.dumps({"pid": self.running.pid, "born": born}))

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.poll() is None

    def kill(self) -> None:
        """As a crash would: `kill -9`."""
        if self.running is not None:
            self.running.kill()
            self.running.wait()

    def end(self) -> None:
        """Ask, wait, then kill."""
        if self.running is not None and self.alive:
            self.running.terminate()
            try:
                self.running.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.kill()
        if self.record:
            (self.record / f"{self.name}.json").unlink(missing_ok=True)

    def until(self, ready: Callable[[], bool], seconds: float) -> None:
        """`Stop` when it dies or takes too long, with the end of its log."""
        limit = time.monotonic() + seconds
        while not ready():
            if not self.alive:
                raise Stop(f"{self.name} ended while starting. The end of {self.log}:\n{tail(self.log)}")
            if time.monotonic() > limit:
                raise Stop(
                    f"{self.name} was not ready after {seconds:g} seconds. The end of {self.log}:\n{tail(self.log)}"
                )
            time.sleep(0.05)


def tail(log: Path, lines: int = 8) -> str:
    return "\n".join(log.read_text("utf-8", "replace").strip().splitlines()[-lines:])


def end_what_was_left(record: Path) -> list[str]:
    """End the processes a crashed run wrote down; a pid that is another process by now is left alone. Their names."""
    ended = []
    for path in sorted(record.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True):
        was = json.loads(path.read_text())
        try:
            process = psutil.Process(was["pid"])
            if process.create_time() == was["born"]:
                process.terminate()
                gone, _ = psutil.wait_procs([process], timeout=GRACE)
                if not gone:
                    process.send_signal(signal.SIGKILL)
                    process.wait(GRACE)
                ended.append(path.stem)
        except psutil.NoSuchProcess:
            pass  # it ended by itself
        path.unlink()
    return ended


def must_be_free(name: str, port: int, how: str) -> None:
    """`Stop` where something listens already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Stop(f"Port {port}, meant for {name}, is taken. {how}") from None


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
