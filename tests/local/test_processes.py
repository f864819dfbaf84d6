"""What a run starts it ends, and nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from deploy.local.places import ROOT, Stop
from deploy.local.processes import Process, end_what_was_left, free_ports, must_be_free
from deploy.local.watch import Watched

HEADLESS = """
import ctypes, platform, socket, sys, threading
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
threading.Thread(target=threading.Event().wait).start()
EXIT = {"x86_64": 60, "aarch64": 93}[platform.machine()]  # ends the calling thread alone
ctypes.CDLL(None).syscall(EXIT, 0)
"""
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
    [path] = record.glob("*.json")
    was = json.loads(path.read_text())
    path.write_text(json.dumps(was | {"born": was["born"] - 1000}))

    assert end_what_was_left(record) == []
    assert sleeper.alive


def test_a_record_of_a_process_long_gone_is_forgotten(record: Path, sleeper: Process) -> None:
    [path] = record.glob("*.json")
    was = path.read_text()
    sleeper.kill()
    path.write_text(was)

    assert end_what_was_left(record) == []
    assert list(record.glob("*.json")) == []


def test_a_record_that_a_crash_cut_short_stops_nobody(record: Path, sleeper: Process) -> None:
    (record / "cut-1.json").write_text('{"pid": 1')

    assert end_what_was_left(record) == ["sleeper"]
    assert list(record.glob("*.json")) == []


def test_one_that_ended_and_waits_for_its_parent_is_left_behind_at_once(record: Path, sleeper: Process) -> None:
    assert sleeper.running
    os.kill(sleeper.running.pid, signal.SIGKILL)
    until(lambda: psutil.Process(sleeper.running.pid).status() == psutil.STATUS_ZOMBIE if sleeper.running else False)

    assert end_what_was_left(record) == []


def test_one_whose_first_thread_is_gone_is_ended_all_the_same_and_its_port_is_free(
    record: Path, tmp_path: Path
) -> None:
    [port] = free_ports(1)
    headless = Process(
        "headless", [sys.executable, "-c", HEADLESS, str(port)], tmp_path / "headless.log", record=record
    )
    headless.start()
    assert headless.running
    pid = headless.running.pid
    until(lambda: psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)

    assert "headless" in end_what_was_left(record)
    must_be_free("anybody", port, "")


def test_what_is_ended_in_order_is_not_written_down_any_more(record: Path, sleeper: Process) -> None:
    sleeper.end()

    assert list(record.glob("*.json")) == []


def test_a_log_grown_too_long_is_put_aside_by_the_next_start(
    tmp_path: Path, sleeper: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.processes.LONGEST", 3)
    sleeper.end()
    sleeper.log.write_text("long")

    sleeper.start()

    assert sleeper.log.with_suffix(".log.1").read_text() == "long"


def test_what_takes_too_long_is_ended_and_told(tmp_path: Path) -> None:
    endless = Process("endless", SLEEPER, tmp_path / "log")

    with pytest.raises(Stop, match=r"endless took longer than 0\.1 seconds"):
        endless.finish(0.1)
    assert not endless.alive


def test_the_exit_code_of_what_ends_by_itself_is_given_back(tmp_path: Path) -> None:
    assert Process("brief", [sys.executable, "-c", "raise SystemExit(7)"], tmp_path / "log").finish(20) == 7


def test_who_fails_again_and_again_is_started_ever_more_slowly_until_it_has_done_well(tmp_path: Path) -> None:
    process = Process("torn", [sys.executable, "-c", ""], tmp_path / "log")
    process.finish(20)
    watched = Watched(process)
    waits, moment = [], 1000.0
    for _ in range(7):
        assert "torn ended by itself (exit code 0)" in watched.look(moment)
        assert watched.due
        waits.append(watched.due - moment)
        assert watched.look(watched.due - 0.01) == ""
        assert not process.alive
        moment = watched.due
        assert watched.look(moment) == ""  # started
        until(lambda: not process.alive)

    watched.look(moment + 61)

    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert watched.failures == 1


def test_one_that_ends_without_a_word_because_its_disk_is_full_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(directory: Path) -> SimpleNamespace:
        return SimpleNamespace(free=0 if tmp_path in (directory, *directory.parents) else 10**12)

    mongod = Process("mongod", [sys.executable, "-c", "raise SystemExit(100)"], tmp_path / "log" / "mongod.log")
    mongod.finish(20)
    monkeypatch.setattr("shutil.disk_usage", usage)

    told = Watched(mongod).look(1000.0)

    assert "mongod ended by itself (exit code 100)" in told
    assert "The disk is full" in told
    with pytest.raises(Stop, match="The disk is full"):
        mongod.until(lambda: False, 20)


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


def test_free_ports_differ_and_no_outgoing_connection_takes_them() -> None:
    found = free_ports(5)

    assert len(set(found)) == 5
    assert max(found) < 32_768


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
