"""What `make run` does about Ctrl-C, crashes and leftovers, with small real programs in the place of ours."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local import stack
from deploy.local.births import Birth
from deploy.local.changes import concerned
from deploy.local.places import PROGRAMS, ROOT
from deploy.local.processes import free_ports
from tests.support.waiting import until

PROGRAM = """\
import http.server, os, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
print("up", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["CITYGATE_INSIDE_PORT"])), Ready).serve_forever()
"""
SUPERVISOR = """\
import sys
from pathlib import Path
from deploy.local.changes import Changes
from deploy.local.places import Ports, Stop
from deploy.local.processes import Process
from deploy.local.stack import Keys, Servers
from deploy.local.supervisor import Supervisor
home, base, program, *names = Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
def made(name, number):
    if name.endswith("-city"):
        sleep = [sys.executable, "-c", "import signal; signal.pause()"]
        return Process(name, sleep, home / "log" / name, {}, home / "run")
    env = {"CITYGATE_INSIDE_PORT": str(base + 100 + number)}
    return Process(name, [sys.executable, program], home / "log" / f"{name}.log", env, home / "run")
class NoServers(Servers):
    def start(self): pass
keys = Keys(home / "keys")
keys.make()
servers = NoServers(home, 0, 0, 0, given_mongo="none", given_kafka="none")
everything = [made(n, i) for i, n in enumerate(names)]
city = [p for p in everything if p.name.endswith("-city")]
try:
    programs = [p for p in everything if p not in city]
    changes = Changes(home) if (home / "services").exists() else None
    Supervisor(Ports(base), servers, programs, keys, city, home, changes).run()
except Stop as sentence:
    raise SystemExit(str(sentence))
"""


@dataclass
class Run:
    """A supervisor as a subprocess, with what it said and what it wrote down."""

    home: Path
    base: int = field(default_factory=lambda: free_ports(105)[0])
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, *names: str, out: int | None = None) -> None:
        (self.home / "program.py").write_text(PROGRAM)
        command = [sys.executable, "-c", SUPERVISOR, str(self.home), str(self.base), str(self.home / "program.py")]
        with (self.home / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [*command, *names], cwd=ROOT, stdout=out or said, stderr=said, process_group=0
            )

    def said(self, words: str) -> bool:
        return words in (self.home / "said").read_text()

    def until_ready(self) -> None:
        """Until it has told the addresses; where it ends instead, what it said."""
        assert self.process
        until(lambda: self.said("Ctrl-C ends everything") or (self.process and self.process.poll() is not None))
        assert self.said("Ctrl-C ends everything"), (self.home / "said").read_text()

    def births(self) -> dict[str, Birth]:
        found = {p.stem.rpartition("-")[0]: Birth.read(p) for p in (self.home / "run").glob("*.json")}
        return {name: birth for name, birth in found.items() if birth}

    def tell(self, number: int) -> int:
        """As a terminal does: to its whole process group. Its exit code."""
        assert self.process
        os.killpg(self.process.pid, number)
        return self.process.wait(30)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    if made.process and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    for birth in made.births().values():
        if process := birth.process():
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_it_ends_all_it_started_and_nothing_else(run: Run, number: int) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    try:
        run.start("gateway", "mailbox")
        run.until_ready()
        births = run.births()

        assert run.tell(number) == 0

        assert sorted(births) == ["gateway", "mailbox"]
        assert [birth.process() for birth in births.values()] == [None, None]
        assert run.births() == {}
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_the_environment_of_a_program_lies_ready_for_its_commands_and_for_us_alone(tmp_path: Path) -> None:
    stack.program("mailbox", {"CITYGATE_SITE": "a city's own"}, home=tmp_path)

    said = subprocess.check_output(["sh", "-c", f". {tmp_path}/env/mailbox.sh; printenv CITYGATE_SITE"], text=True)
    assert said == "a city's own\n"
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0


def test_a_program_that_dies_is_started_again_and_said_so(run: Run) -> None:
    run.start("gateway", "mailbox")
    run.until_ready()
    before = run.births()
    os.kill(before["mailbox"].pid, signal.SIGKILL)

    until(lambda: run.said("mailbox ended by itself (exit code -9); it is started again in 1 s."))
    until(lambda: run.births().get("mailbox", before["mailbox"]) != before["mailbox"])

    assert run.births()["gateway"] == before["gateway"]
    assert run.tell(signal.SIGINT) == 0


def test_a_saved_file_starts_again_the_programs_it_concerns_and_no_other(run: Run) -> None:
    sources = {name: run.home / name / "saved.py" for name in ("gateway", "services/mailbox", "services/kernel")}
    for path in sources.values():
        path.parent.mkdir(parents=True)
    run.start("gateway", "mailbox")
    run.until_ready()
    first = run.births()

    def saved(name: str, program: str) -> bool:
        sources[name].write_text(f"# at {time.monotonic_ns()}\n")
        return run.said(f"{name}/saved.py has changed: {program} is started again.")

    until(lambda: saved("services/mailbox", "mailbox"))
    until(lambda: run.births().get("mailbox", first["mailbox"]) != first["mailbox"])
    assert run.births()["gateway"] == first["gateway"]

    until(lambda: saved("services/kernel", "gateway") and saved("services/kernel", "mailbox"))
    until(lambda: run.births().get("gateway", first["gateway"]) != first["gateway"])
    assert run.tell(signal.SIGINT) == 0
    assert not run.said("ended by itself")


@pytest.mark.parametrize(
    ("path", "programs"),
    [
        ("gateway/templates/home.html", {"gateway"}),
        ("services/scoring/data/schemes.json", {"scoring"}),
        ("services/kernel/http/web.py", set(PROGRAMS)),
        ("services/__init__.py", set(PROGRAMS)),
    ],
)
def test_a_file_concerns_the_program_it_is_part_of_and_what_all_stand_on_concerns_all(
    path: str, programs: set[str]
) -> None:
    assert concerned(Path(path)) == programs


def test_what_a_killed_supervisor_left_is_ended_by_the_next_which_then_runs(run: Run) -> None:
    run.start("gateway", "mailbox")
    run.until_ready()
    left = run.births()
    assert run.tell(signal.SIGKILL) == -9
    assert all(birth.process() for birth in left.values())
    (run.home / "said").unlink()

    run.start("gateway", "mailbox")
    run.until_ready()

    assert run.said("Ended gateway, left by an earlier run.")
    assert [birth.process() for birth in left.values()] == [None, None]
    assert run.tell(signal.SIGINT) == 0


def test_ctrl_c_while_the_city_is_loaded_ends_that_too(run: Run) -> None:
    run.start("gateway", "columns-city")
    until(lambda: "columns-city" in run.births())
    births = run.births()

    assert run.tell(signal.SIGINT) == 0
    assert [birth.process() for birth in births.values()] == [None, None]
    assert not list(run.home.glob("*.loaded"))


def test_a_taken_port_ends_the_run_before_anything_starts(run: Run) -> None:
    run.start("gateway")
    run.until_ready()
    second = Run(run.home / "second", run.base)
    second.home.mkdir()

    second.start("gateway")
    assert second.process
    assert second.process.wait(30) == 1

    assert second.said(f"Port {run.base + 100}, meant for the inside of gateway, is taken.")
    assert second.said("make run PORT=9000")
    assert not (second.home / "run").exists()
    assert run.tell(signal.SIGINT) == 0


def test_a_closed_terminal_keeps_nothing_running(run: Run) -> None:
    reading, writing = os.pipe()
    run.start("gateway", out=writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as terminal:
        until(lambda: b"Ctrl-C ends everything" in terminal.readline())
    birth = run.births()["gateway"]

    run.tell(signal.SIGHUP)

    assert birth.process() is None
