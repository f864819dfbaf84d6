"""One mongod and one Kafka for a run of tests: those that are there, or new ones in a folder that is thrown away."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.kept_up import addresses
from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from deploy.local.throwaway import TESTS, claim


@contextmanager
def running(parent: Path = TESTS) -> Iterator[Servers]:
    """Those of the environment (MONGO_URL, KAFKA_BOOTSTRAP_SERVERS), or of `make servers`, where there are any.

    What a killed run of tests left is ended by the next, and a living one's is left alone.
    """
    home = claim(parent)
    mongo, kafka, controller = free_ports(3)
    servers = Servers(home, mongo, kafka, controller, record=home / "run")
    if not (servers.given_mongo or servers.given_kafka) and (found := addresses(parent)):
        servers.given_mongo, servers.given_kafka = found
    try:
        servers.start()
        yield servers
    finally:
        servers.end()
        shutil.rmtree(home, ignore_errors=True)
