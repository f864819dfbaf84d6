"""A fresh demonstration city, loaded as `make run` does, for all documents."""

from collections.abc import Iterator
from datetime import date

import pytest

from deploy.local.stack import Servers
from services.kernel.domain.calendar import day_of
from services.kernel.domain.clock import now
from tests.support.programs import Suite, suite


@pytest.fixture(scope="package")
def loaded_on() -> date:
    return day_of(now())


@pytest.fixture(scope="package")
def city(servers: Servers, loaded_on: date, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with suite(servers, tmp_path_factory.mktemp("city")) as made:
        made.load_city()
        yield made
