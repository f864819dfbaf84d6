"""A real Kafka (KRaft, broker and controller in one) from locked jars."""

import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from deploy.local.jars import KAFKA
from deploy.local.places import Stop, full

LEAN = ("-Xmx320m", "-XX:TieredStopAtLevel=1")  # on a machine shared with all it serves
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


def command(home: Path, port: int, controller: int) -> list[str]:
    """What to start; formats its storage the first time."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "server.properties"
    config.write_text(PROPERTIES.format(port=port, controller=controller, data=home / "data"))
    java = KAFKA.java(*LEAN, f"-Dlog4j2.configurationFile={KAFKA.lock / 'log4j2.yaml'}")
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
