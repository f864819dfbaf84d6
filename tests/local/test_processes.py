"""What a run starts it ends, and nothing else."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import bootstrap, debian, kafka_server, mongo
from deploy.local.places import ROOT, Ports, Stop
from deploy.local.processes import Process, end_what_was_left, free_ports, must_be_free

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]
DEAF = [
    sys.executable,
    "-c",
    "import signal; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); signal.pause()",
]


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "it never came"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def sleeper(tmp_path: Path, record: Path) -> Iterator[Process]:
    process = Process("sleeper", SLEEPER, tmp_path / "log", record=record)
    process.start()
    yield process
    process.end()


def test_what_a_crashed_run_left_is_recognised_and_ended(sleeper: Process, record: Path) -> None:
    assert end_what_was_left(record) == ["sleeper"]

    until(lambda: not sleeper.alive)
    assert list(record.glob("*.json")) == []


def test_a_pid_that_is_another_process_by_now_is_left_alone(sleeper: Process, record: Path) -> None:
    path = record / "sleeper.json"
    was = json.loads(path.read_text())
    path.write_text(json.dumps(was | {"born": was["born"] - 1000}))

    assert end_what_was_left(record) == []
    assert sleeper.alive


def test_a_record_of_a_process_long_gone_is_forgotten(record: Path, sleeper: Process) -> None:
    sleeper.kill()

    assert end_what_was_left(record) == []
    assert list(record.glob("*.json")) == []


def test_one_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.processes.GRACE", 0.2)
    process = Process("deaf", DEAF, tmp_path / "log")
    process.start()
    until(lambda: "deaf" in (tmp_path / "log").read_text())

    process.end()

    assert not process.alive


def test_one_that_ends_while_starting_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    process = Process("torn", [sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path / "log")
    process.start()

    with pytest.raises(Stop, match=r"torn ended while starting(.|\n)*no such thing"):
        process.until(lambda: False, 20)


def test_a_taken_port_is_named_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=rf"Port {port}, meant for gateway, is taken\. Move it\."):
            must_be_free("gateway", port, "Move it.")


def test_two_checkouts_a_thousand_ports_apart_share_none() -> None:
    def all_of(ports: Ports) -> set[int]:
        programs = {ports.of(p) for p in ("gateway", "columns", "publishing", "mailbox", "scoring")}
        return programs | {ports.mongo, ports.kafka, ports.controller}

    assert len(all_of(Ports(8000))) == 8
    assert all_of(Ports(8000)).isdisjoint(all_of(Ports(9000)))


def test_free_ports_differ() -> None:
    assert len(set(free_ports(5))) == 5


def lock_of(content: bytes) -> dict[str, list[dict[str, str]]]:
    sha = hashlib.sha256(content).hexdigest()
    return {"dependencies": [{"artifactId": "kafka", "version": "4", "sha256": sha}]}


def test_the_jars_of_the_lock_pass(tmp_path: Path) -> None:
    jar = tmp_path / "kafka-4.jar"
    jar.write_bytes(b"jar")

    kafka_server.verify(lock_of(b"jar"), [jar])

    assert jar.exists()


@pytest.mark.parametrize("names", [["kafka-4.jar", "more-1.jar"], []])
def test_a_jar_too_many_or_too_few_stops_the_run(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"jar")

    with pytest.raises(Stop, match="is not the jar the lock names"):
        kafka_server.verify(lock_of(b"jar"), [tmp_path / name for name in names])


def test_a_jar_that_differs_from_the_lock_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "kafka-4.jar").write_bytes(b"other")

    with pytest.raises(Stop, match=r"kafka-4\.jar is not the jar the lock names"):
        kafka_server.verify(lock_of(b"jar"), [tmp_path / "kafka-4.jar"])


def test_an_unsupported_platform_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    with pytest.raises(Stop, match="set MONGO_URL to a server you have"):
        mongo.binary()


def test_a_missing_libcurl_is_told_with_the_package_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_library(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", no_such_library)

    with pytest.raises(Stop, match="apt-get install libcurl4"):
        mongo.binary()


def test_a_full_disk_is_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000})())

    with pytest.raises(Stop, match="Only 5 MB are free"):
        mongo.free_space(tmp_path)


def test_what_cannot_be_installed_is_a_failure_in_ci_and_a_sentence_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Stop, match="in CI nothing may be left out"):
        debian.install(["no-such-package"])

    monkeypatch.delenv("CI")
    debian.install(["no-such-package"])
    assert "apt-get install no-such-package" in capsys.readouterr().out


def test_a_python_too_old_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 2))

    with pytest.raises(SystemExit) as end:
        bootstrap.main()

    assert end.value.code == 1
    assert "needs Python 3.11 or newer; this is 3.9" in capsys.readouterr().err


def test_the_bootstrap_can_be_read_by_an_old_python() -> None:
    import ast

    source = (ROOT / "deploy" / "local" / "bootstrap.py").read_text()

    assert ast.parse(source, feature_version=(3, 4)).body


@pytest.mark.parametrize(
    ("said", "sentence"),
    [("No space left on device", "The disk is full"), ("Connection refused", "registry reachable")],
)
def test_a_failed_installation_is_one_sentence(said: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bootstrap.run([sys.executable, "-c", f"print('{said}'); raise SystemExit(1)"], "Is the registry reachable?")

    assert sentence in capsys.readouterr().err


def test_ctrl_c_in_a_terminal_does_not_reach_what_was_started(tmp_path: Path) -> None:
    """A supervisor in a group of its own gets SIGINT as a terminal sends it: its child must be ended by it alone."""
    script = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from deploy.local.processes import Process
child = Process("child", {SLEEPER!r}, Path({str(tmp_path)!r}) / "child.log")
child.start()
def told(*_):
    os.write(1, b"alive\\n" if child.alive else b"gone\\n")
    child.end()
    sys.exit(0)
signal.signal(signal.SIGINT, told)
os.write(1, b"%d\\n" % child.running.pid)
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, process_group=0)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGINT)

    assert parent.stdout.readline() == "alive\n"
    assert parent.wait(20) == 0
    assert not psutil.pid_exists(pid)
