"""A real Prometheus beside the running city: every question of every panel is answered, every console shown."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.processes import Process, free_ports
from deploy.watch import config, servers
from deploy.watch.dashboards import all_of_them
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def watched(running: Suite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus beside the running suite, once it has looked at every program."""
    servers.fetch()
    home, (port, other) = tmp_path_factory.mktemp("watch"), free_ports(2)
    config.write(home, inside={name: running.inside(name) for name in running.ports}, alertmanager=other)
    made = Process("prometheus", servers.prometheus(home, home / "data", port), home / "prometheus.log")
    made.start()
    made.until(lambda: servers.answers(port), 30)
    address = f"http://127.0.0.1:{port}"
    until(lambda: len(asked(address, "up == 1")) == len(running.ports), seconds=60)
    yield address
    made.end()


def asked(address: str, expr: str) -> list[Any]:
    """Raises `HTTPError` for what Prometheus cannot read."""
    with urllib.request.urlopen(f"{address}/api/v1/query?{urllib.parse.urlencode({'query': expr})}") as answer:
        return list(json.load(answer)["data"]["result"])


def test_every_question_of_every_panel_and_alert_is_answered_by_the_running_city(watched: str) -> None:
    for expr in [query.expr for board in all_of_them() for panel in board.panels for query in panel.queries]:
        asked(watched, expr)
    for metric in ("citygate_relay_lag_seconds", "citygate_consumer_lag_messages", "process_resident_memory_bytes"):
        assert len({each["metric"]["job"] for each in asked(watched, metric)}) >= 4, metric


@pytest.mark.parametrize("name", [board.name for board in all_of_them()])
def test_every_console_is_shown_with_values_and_without_a_fault(watched: str, name: str) -> None:
    with urllib.request.urlopen(f"{watched}/consoles/{name}.html") as answer:
        page = answer.read().decode()

    assert "error executing template" not in page
    assert '<li class="fine"><b>' in page
    for asset in ("watch.css", "watch.js"):
        with urllib.request.urlopen(f"{watched}/user/{asset}") as answer:
            assert answer.status == 200
