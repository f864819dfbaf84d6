"""A fresh demonstration city, loaded as `make run` does, for all documents."""

import sys
from collections.abc import Iterator
from datetime import date

import pytest

from deploy.local.processes import Process
from deploy.local.stack import Servers, module
from deploy.local.supervisor import CITY_SECONDS, SERVICES
from services.kernel.domain.calendar import day_of
from services.kernel.domain.clock import now
from tests.support.programs import Suite, suite


@pytest.fixture(scope="package")
def loaded_on() -> date:
    return day_of(now())


@pytest.fixture(scope="package")
def city(servers: Servers, loaded_on: date, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with suite(servers, tmp_path_factory.mktemp("city")) as made:
        for name in SERVICES:
            command = [sys.executable, "-m", module(name), "city"]
            part = Process(f"{name}-city", command, made.home / "log" / f"{name}-city.log", made.env(name))
            assert part.finish(CITY_SECONDS) == 0, part.log.read_text()
        yield made
