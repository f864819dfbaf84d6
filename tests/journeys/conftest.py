"""One running suite with a small city for all journeys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Servers
from tests.support import city
from tests.support.programs import Suite, suite


@pytest.fixture(scope="session")
def running(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    home: Path = tmp_path_factory.mktemp("suite")
    with suite(servers, home) as made:
        made.columns = city.found(made)
        yield made
