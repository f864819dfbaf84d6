"""Prometheus' own tool reads what is written for it: configuration, and each alert, firing and not firing."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.watch import config, servers
from deploy.watch.alerts import ALERTS

pytestmark = pytest.mark.servers
KEPT_WAITING = "citygate_part_waits_total"
EVIL: dict[str, dict[str, str]] = {
    "PortalUnreadable": {'up{job="gateway"}': "0x60"},
    "PortalFailing": {
        'citygate_request_seconds_count{job="gateway",status="500"}': "0+1x60",
        'citygate_request_seconds_count{job="gateway",status="200"}': "0+9x60",
    },
    "ServiceDown": {'up{job="mailbox"}': "0x60"},
    "KafkaAway": {f'{KEPT_WAITING}{{job="{job}",part="measure.kafka"}}': "0+1x60" for job in ("a", "b", "c")},
    "MongoDBAway": {f'{KEPT_WAITING}{{job="{job}",part="measure.mongodb"}}': "0+1x60" for job in ("a", "b", "c")},
    "FactsUnsent": {'citygate_relay_lag_seconds{job="mailbox"}': "0+5x60"},
    "MessagesUnheard": {'citygate_consumer_lag_messages{job="gateway",partition="0"}': "2000x120"},
    "MessagesSetAside": {'citygate_dead_letters_total{job="scoring"}': "0x10 1x50"},
    "ClockWrong": {'citygate_clock_difference_seconds{job="mailbox"}': "3x60"},
}
"""What happens, sample by sample, five seconds apart, for each alert to come."""

FINE: dict[str, dict[str, str]] = {
    "PortalUnreadable": {'up{job="gateway"}': "1x30 0x2 1x30"},
    "PortalFailing": {
        'citygate_request_seconds_count{job="gateway",status="500"}': "0+1x60",
        'citygate_request_seconds_count{job="gateway",status="200"}': "0+99x60",
    },
    "ServiceDown": {'up{job="mailbox"}': "1x30 0x2 1x30"},
    "KafkaAway": {f'{KEPT_WAITING}{{job="{job}",part="measure.kafka"}}': "0+1x60" for job in ("a", "b")},
    "MongoDBAway": {f'{KEPT_WAITING}{{job="{job}",part="measure.mongodb"}}': "0+1x60" for job in ("a", "b")},
    "FactsUnsent": {'citygate_relay_lag_seconds{job="mailbox"}': "0 20 40 0 0x60"},
    "MessagesUnheard": {'citygate_consumer_lag_messages{job="gateway",partition="0"}': "2000x30 10x90"},
    "MessagesSetAside": {'citygate_dead_letters_total{job="scoring"}': "7x60"},
    "ClockWrong": {'citygate_clock_difference_seconds{job="mailbox"}': "3x5 0x60"},
}
"""What looks like it and wakes nobody."""


@pytest.fixture(scope="session")
def promtool() -> str:
    servers.fetch()
    return str(Path(servers.needed(servers.PROMETHEUS)).with_name("promtool"))


@pytest.fixture
def written(tmp_path: Path, promtool: str) -> Path:
    config.write(tmp_path, inside={"gateway": 1}, alertmanager=2)
    return tmp_path


def test_promtool_finds_nothing_wrong_in_what_is_written(written: Path, promtool: str) -> None:
    subprocess.run([promtool, "check", "config", "--lint=all", "--lint-fatal", written / "prometheus.json"], check=True)


def case(name: str, series: dict[str, str], *, fires: bool) -> dict[str, Any]:
    return {
        "interval": "5s",
        "input_series": [{"series": each, "values": values} for each, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', "eval_time": f"{minutes}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
            for minutes in ([8] if name == "MessagesUnheard" else [4])
        ],
    }  # fmt: skip


def test_each_alert_comes_when_it_should_and_not_for_what_only_looks_like_it(written: Path, promtool: str) -> None:
    assert EVIL.keys() == FINE.keys() == {alert.name for alert in ALERTS}
    cases = [case(name, series, fires=True) for name, series in EVIL.items()]
    cases += [case(name, series, fires=False) for name, series in FINE.items()]
    said = {"rule_files": ["rules.json"], "evaluation_interval": "5s", "tests": cases}
    (written / "tests.json").write_text(json.dumps(said))

    done = subprocess.run([promtool, "test", "rules", written / "tests.json"], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
