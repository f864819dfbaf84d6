"""One mongod and one Kafka for a run of tests, on free ports, in a folder that is thrown away."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from deploy.local.throwaway import TESTS, claim


@contextmanager
def running(parent: Path = TESTS) -> Iterator[Servers]:
    """Those of the environment (MONGO_URL, KAFKA_BOOTSTRAP_SERVERS) where it names them.

    What a killed run of tests left is ended by the next, and a living one's is left alone.
    """
    home = claim(parent)
    mongo, kafka, controller = free_ports(3)
    servers = Servers(home, mongo, kafka, controller, record=home / "run")
    try:
        servers.start()
        yield servers
    finally:
        servers.end()
        shutil.rmtree(home, ignore_errors=True)
