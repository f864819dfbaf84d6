"""`make servers`: MongoDB and Kafka that stay up, so that a run of tests need not start its own."""

import json
import shutil
import signal
import threading
import time
from pathlib import Path

from deploy.local.places import Ended, must_have_space
from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from deploy.local.supervisor import SIGNALS, say
from deploy.local.throwaway import TESTS, claim, forget_the_dead
from deploy.local.watch import Watched

ADDRESSES = "servers.json"


def keep_up(parent: Path = TESTS) -> None:
    """Until Ctrl-C; their data are thrown away at the end, and what is said of them is true only while they live."""
    ending = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: ending.set())
    home = claim(parent)
    mongo, kafka, controller = free_ports(3)
    servers = Servers(home, mongo, kafka, controller, home / "run", given_mongo=None, given_kafka=None, ending=ending)
    try:
        must_have_space(home)
        say("Starting MongoDB and Kafka ...")
        servers.start()
        write(servers, home)
        say(f"  MongoDB     {servers.mongo_url}\n  Kafka       {servers.kafka_address}\n")
        say("Tests of this checkout use them, each in a namespace of its own. Ctrl-C ends them and forgets their data.")
        watched = [Watched(process) for process in (servers.mongo, servers.kafka) if process]
        while not ending.wait(0.2):
            for line in filter(None, [each.look(time.monotonic()) for each in watched]):
                say(line)
    except Ended:
        say("Ended before they were up.")
    finally:
        say("\nEnding ...")
        (home / ADDRESSES).unlink(missing_ok=True)
        servers.end()
        shutil.rmtree(home, ignore_errors=True)


def write(servers: Servers, home: Path) -> None:
    """Whole or not at all."""
    draft = home / f".{ADDRESSES}"
    draft.write_text(json.dumps({"mongo": servers.mongo_url, "kafka": servers.kafka_address}))
    draft.replace(home / ADDRESSES)


def addresses(parent: Path = TESTS) -> tuple[str, str] | None:
    """Of MongoDB and Kafka, where somebody keeps them up."""
    for folder in forget_the_dead(parent):
        if (folder / ADDRESSES).exists():
            said = json.loads((folder / ADDRESSES).read_text())
            return said["mongo"], said["kafka"]
    return None
