"""A suite of its own for each fault, on servers of its own where the servers are the fault."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.processes import free_ports
from deploy.local.stack import Servers
from tests.support import city
from tests.support.programs import Suite, suite

LONGEST = 1_200  # seconds: whoever works off hundreds of groups of hostile messages starts a command for each


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("all_faults"):
            item.add_marker(pytest.mark.timeout(LONGEST))


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One row a fault, where faults were asked for: what was done to the suite, and whether all its promises held."""
    calls = [r for outcome in ("passed", "failed") for r in terminalreporter.getreports(outcome)]
    rows = [r for r in calls if r.when == "call" and "faults/" in r.nodeid]
    if not rows or not terminalreporter.config.getoption("--all-faults"):
        return
    terminalreporter.write_line("\n| fault | all held | seconds |\n|---|---|---|")
    for row in rows:
        fault = row.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        terminalreporter.write_line(f"| {fault} | {'yes' if row.passed else '**no**'} | {row.duration:.0f} |")
