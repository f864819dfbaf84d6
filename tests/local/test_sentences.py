"""What cannot work is told in one sentence that says what to do."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import bootstrap, debian, kafka_server, mongo, throwaway
from deploy.local.__main__ import clean
from deploy.local.births import Birth
from deploy.local.jars import KAFKA, Jars
from deploy.local.places import PROGRAMS, ROOT, Ports, Stop, full, must_have_space
from deploy.local.processes import free_ports
from deploy.local.throwaway import claim, forget_the_dead


@pytest.mark.parametrize("base", [80, 65_001])
def test_a_port_that_leaves_no_room_for_the_others_is_refused(base: int) -> None:
    with pytest.raises(Stop, match="choose one from 1024 to 65000"):
        Ports(base)


def test_two_checkouts_a_thousand_ports_apart_share_none() -> None:
    def all_of(ports: Ports) -> set[int]:
        programs = {port(p) for p in PROGRAMS for port in (ports.of, ports.inside)}
        return programs | {ports.mongo, ports.kafka, ports.controller}

    assert len(all_of(Ports(8000))) == 13
    assert all_of(Ports(8000)).isdisjoint(all_of(Ports(9000)))


def lock_of(content: bytes) -> dict[str, list[dict[str, str]]]:
    sha = hashlib.sha256(content).hexdigest()
    return {"dependencies": [{"artifactId": "kafka", "version": "4", "sha256": sha}]}


def test_the_jars_of_the_lock_pass(tmp_path: Path) -> None:
    jar = tmp_path / "kafka-4.jar"
    jar.write_bytes(b"jar")

    KAFKA.verify(lock_of(b"jar"), [jar])

    assert jar.exists()


@pytest.mark.parametrize("names", [["kafka-4.jar", "more-1.jar"], []])
def test_a_jar_too_many_or_too_few_stops_the_run(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"jar")

    with pytest.raises(Stop, match="is not the jar the lock names"):
        KAFKA.verify(lock_of(b"jar"), [tmp_path / name for name in names])


def test_a_jar_that_differs_from_the_lock_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "kafka-4.jar").write_bytes(b"other")

    with pytest.raises(Stop, match=r"kafka-4\.jar is not the jar the lock names"):
        KAFKA.verify(lock_of(b"jar"), [tmp_path / "kafka-4.jar"])


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
        must_have_space(tmp_path)


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


def test_jars_are_compared_with_the_lock_before_each_run_not_only_after_the_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    jars = tmp_path / "kafka" / ".jgo" / "jars"
    jars.mkdir(parents=True)
    (jars / "kafka-4.jar").write_bytes(b"spoilt")
    monkeypatch.setattr(Jars, "download", lambda *_: asked.append("download"))

    with pytest.raises(Stop, match="is not the jar the lock names"):
        replace(KAFKA, cache=tmp_path).fetch()
    assert asked == ["download"]


def test_jars_that_cannot_be_fetched_are_told_with_what_was_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(Stop, match="is the Maven registry reachable from here"):
        replace(KAFKA, cache=tmp_path).fetch()


def test_a_mongod_that_does_not_run_here_is_told_with_its_reason(tmp_path: Path) -> None:
    mongod = tmp_path / "mongod"
    mongod.write_text("#!/bin/sh\necho 'mongod: libssl.so.3: no such file' >&2\nexit 127\n")
    mongod.chmod(0o700)

    with pytest.raises(Stop, match=r"libssl\.so\.3.*set MONGO_URL to a server you have"):
        mongo.runs(mongod)


def test_given_servers_that_are_away_are_named_by_their_variable_and_no_password_is_shown() -> None:
    [port] = free_ports(1)
    with pytest.raises(Stop, match="MONGO_URL names a server that does not answer") as told:
        mongo.must_answer(f"mongodb://me:secret@127.0.0.1:{port}/", seconds=0.2)
    assert "secret" not in str(told.value)

    with pytest.raises(Stop, match="No broker of KAFKA_BOOTSTRAP_SERVERS"):
        kafka_server.must_answer(f"127.0.0.1:{port}", seconds=0.2)


def test_what_a_program_says_of_a_full_disk_is_recognised() -> None:
    assert "The disk is full" in full("java.io.IOException: No space left on device")
    assert full("all is well") == ""


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full"),
        ("WARNING: Retrying (Retry(total=4, connect=None))", "registry"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "differs from requirements.lock"),
        ("ERROR: No matching distribution found for aiokafka", "Citygate runs on Linux (glibc) on x86-64"),
    ],
)
def test_what_pip_says_is_told_by_what_it_means(words: str, meaning: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bootstrap.run([sys.executable, "-c", f"print({words!r}); raise SystemExit(1)"], "something else")

    assert meaning in capsys.readouterr().err


def test_the_folder_of_a_killed_test_run_is_forgotten_with_what_runs_in_it_and_a_living_ones_is_kept(
    tmp_path: Path,
) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    dead, ours = tmp_path / "999999999-1.00-0", claim(tmp_path)
    Birth.of(left.pid).write(dead / "run" / f"mongod-{left.pid}.json")

    try:
        assert forget_the_dead(tmp_path) == [ours]
        assert left.wait(20) == -15
        assert not dead.exists()
    finally:
        left.kill()


def test_tests_write_into_memory_where_there_is_room_and_else_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throwaway, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(throwaway, "ROOM", 0)
    assert throwaway.for_tests().parent == tmp_path

    monkeypatch.setattr(throwaway, "ROOM", 2**60)
    assert throwaway.for_tests() == throwaway.ON_DISK
    monkeypatch.setattr(throwaway, "IN_MEMORY", tmp_path / "none")
    assert throwaway.for_tests() == throwaway.ON_DISK


def test_data_in_use_are_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "supervisor"
    Birth.of().write(own)
    monkeypatch.setattr("deploy.local.__main__.OWN", own)

    with pytest.raises(Stop, match="This checkout is running"):
        clean()
    assert json.loads(own.read_text())
