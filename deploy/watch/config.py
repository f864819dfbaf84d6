"""What Prometheus and Alertmanager are told, written anew at each start. JSON is YAML, so no library is needed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.watch import alerts, consoles, dashboards

SCRAPED = "5s"  # between two looks at each program


def write(folder: Path, *, inside: Mapping[str, int], alertmanager: int) -> None:
    """`inside`: the port with /metrics of each program on this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, said in {
        "prometheus": prometheus(inside, alertmanager), "alertmanager": ROUTES, "rules": alerts.rules()
    }.items():  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(said, indent=2, ensure_ascii=False), "utf-8")
    consoles.write(dashboards.all_of_them(), folder / "consoles", folder / "assets")


def prometheus(inside: Mapping[str, int], alertmanager: int) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": SCRAPED, "evaluation_interval": SCRAPED, "scrape_timeout": "4s"},
        "rule_files": ["rules.json"],
        "alerting": {"alertmanagers": [at(alertmanager)]},
        "scrape_configs": [{"job_name": name, **at(port)} for name, port in inside.items()],
    }


def at(port: int) -> dict[str, Any]:
    return {"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}


ROUTES: Mapping[str, Any] = {
    "route": {"receiver": "shown", "group_by": ["alertname"], "group_wait": "5s", "group_interval": "30s"},
    "receivers": [{"name": "shown"}],
    "inhibit_rules": [
        {"source_matchers": ['alertname="KafkaAway"'], "target_matchers": ['alertname=~"FactsUnsent|MessagesUnheard"']},
        {
            "source_matchers": ['alertname="MongoDBAway"'],
            "target_matchers": ['alertname=~"PortalFailing|FactsUnsent|MessagesUnheard"'],
        },
        {"source_matchers": ['alertname="PortalUnreadable"'], "target_matchers": ['alertname="PortalFailing"']},
    ],
}
"""Where nobody says otherwise, alerts are shown and sent to nobody. What follows from a cause is silent beside it."""
