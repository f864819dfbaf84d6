"""One mongod and one Kafka for a run of tests, on free ports, in a folder that is thrown away."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.processes import free_ports
from deploy.local.stack import Servers


@contextmanager
def running() -> Iterator[Servers]:
    """Those of the environment (MONGO_URL, KAFKA_BOOTSTRAP_SERVERS) where it names them."""
    with tempfile.TemporaryDirectory(prefix="citygate-test-", ignore_cleanup_errors=True) as home:
        mongo, kafka, controller = free_ports(3)
        servers = Servers(Path(home), mongo, kafka, controller)
        try:
            servers.start()
            yield servers
        finally:
            servers.end()
