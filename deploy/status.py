"""`make status`: one screen of how the city on this machine fares, in plain words, with the chapter to read."""

import json
import sys
import urllib.error
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from deploy.local.places import PROGRAMS, Ports
from deploy.watch.alerts import ALERTS

COUNTED = {
    "unsent": "citygate_relay_unsent_facts", "unheard": "citygate_consumer_lag_messages",
    "waiting": "citygate_consumer_waiting_messages", "set aside": "citygate_dead_letters_total",
}  # fmt: skip
"""What stands in the columns, each the sum over its labels."""

CHAPTERS = {"kafka": "KafkaAway", "mongodb": "MongoDBAway", "relay": "FactsUnsent", "clock": "ClockWrong"}
"""Of `docs/runbook.md`, by what /readyz names."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One program: what it says of itself, or nothing if it does not answer."""

    name: str
    answers: bool
    wrong: Mapping[str, str] = field(default_factory=dict)
    late: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def troubles(self) -> Iterator[str]:
        """Sentences with the chapter to read."""
        if not self.answers:
            chapter = "PortalUnreadable" if self.name == "gateway" else "ServiceDown"
            yield f"{self.name} does not answer. {read(chapter)}"
        for what, why in {**self.wrong, **self.late}.items():
            yield f"{self.name}: {what} {why}. {read(CHAPTERS.get(what.partition('.')[0], ''))}".rstrip()
        if self.numbers.get("set aside"):
            yield f"{self.name}: messages wait for people. {read('MessagesSetAside')}"


def read(chapter: str) -> str:
    assert not chapter or chapter in {alert.name for alert in ALERTS}
    return f"See docs/runbook.md#{chapter.lower()}." if chapter else ""


def look(name: str, port: int) -> Seen:
    """By its inside port."""
    try:
        ready, measured = asked(port, "/readyz"), asked(port, "/metrics")
    except OSError:
        return Seen(name, answers=False)
    said = json.loads(ready)
    samples = [sample for family in text_string_to_metric_families(measured) for sample in family.samples]
    numbers = {shown: sum(s.value for s in samples if s.name == metric) for shown, metric in COUNTED.items()}
    return Seen(name, answers=True, wrong=said["wrong"], late=said.get("late", {}), numbers=numbers)


def asked(port: int, path: str) -> str:
    """The body, whatever the status."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


def screen(seen: list[Seen]) -> str:
    head = f"{'program':12}{'stands':8}" + "".join(f"{name:>11}" for name in COUNTED)
    rows = [
        f"{each.name:12}{'yes' if each.answers and not each.wrong else 'no':8}"
        + "".join(f"{each.numbers[name]:11.0f}" if each.numbers else f"{'-':>11}" for name in COUNTED)
        for each in seen
    ]
    troubles = [f"- {trouble}" for each in seen for trouble in each.troubles] or ["Nothing is wrong."]
    return "\n".join([head, *rows, "", *troubles])


def main() -> None:
    parser = ArgumentParser(prog="python -m deploy.status", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="the gateway's, as given to make run")
    ports = Ports(parser.parse_args().port)
    seen = [look(name, ports.inside(name)) for name in PROGRAMS]
    print(screen(seen))
    sys.exit(any(True for each in seen for _ in each.troubles))


if __name__ == "__main__":
    main()
