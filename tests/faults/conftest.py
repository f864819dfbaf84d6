"""A suite of its own for each fault, on servers of its own where the servers are the fault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from tests.support import city
from tests.support.programs import Suite, suite


@pytest.fixture
def running(servers: Servers, tmp_path: Path) -> Iterator[Suite]:
    """The five programs with a small city, on the servers of the whole run."""
    with suite(servers, tmp_path) as made:
        made.columns = city.found(made)
        yield made


@pytest.fixture
def own_servers(tmp_path: Path) -> Iterator[Servers]:
    mongo, kafka, controller = free_ports(3)
    made = Servers(tmp_path / "servers", mongo, kafka, controller, given_mongo=None, given_kafka=None)
    try:
        made.start()
        yield made
    finally:
        made.end()


@pytest.fixture
def killable(own_servers: Servers, tmp_path: Path) -> Iterator[Suite]:
    """The same, on servers that may be killed."""
    with suite(own_servers, tmp_path) as made:
        made.columns = city.found(made)
        yield made
