"""What wakes somebody: symptoms before causes, each with what to read, who acts, and how bad it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """PAGE wakes somebody at once; TICKET is looked at in the morning."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`name` is that of its chapter in `docs/runbook.md`. `expr` has held for `lasting` before anybody is told."""

    name: str
    expr: str
    lasting: str
    severity: Severity
    owner: str
    summary: str


def away(part: str) -> str:
    """Several programs at once could not measure there: it is not one of them that errs."""
    return f'count(sum by (job) (increase(citygate_part_waits_total{{part="{part}"}}[1m])) > 0) >= 3'


ALERTS: Sequence[Alert] = (
    Alert(
        name="PortalUnreadable",
        expr='up{job="gateway"} == 0',
        lasting="15s", severity=Severity.PAGE, owner="operations",
        summary="The portal does not answer: citizens can neither read nor write.",
    ),
    Alert(
        name="PortalFailing",
        expr='sum(rate(citygate_request_seconds_count{job="gateway",status=~"5.."}[2m])) '
        '/ sum(rate(citygate_request_seconds_count{job="gateway"}[2m])) > 0.05',
        lasting="1m", severity=Severity.PAGE, owner="operations",
        summary="One in twenty requests of citizens is answered with a fault of ours.",
    ),
    Alert(
        name="ServiceDown",
        expr='up{job=~"columns|publishing|mailbox|scoring"} == 0',
        lasting="15s", severity=Severity.PAGE, owner="operations",
        summary="{{ $labels.job }} does not answer: departments cannot work in it, and it tells nothing.",
    ),
    Alert(
        name="KafkaAway",
        expr=away("measure.kafka"),
        lasting="15s", severity=Severity.PAGE, owner="operations",
        summary="Kafka does not answer several programs: nothing new reaches the portal, and nothing is lost.",
    ),
    Alert(
        name="MongoDBAway",
        expr=away("measure.mongodb"),
        lasting="15s", severity=Severity.PAGE, owner="operations",
        summary="MongoDB does not answer several programs: nobody can write, and only pages in memory are read.",
    ),
    Alert(
        name="FactsUnsent",
        expr="max by (job) (citygate_relay_lag_seconds) > 60",
        lasting="30s", severity=Severity.PAGE, owner="operations",
        summary="{{ $labels.job }} has told something that Kafka has not got for {{ $value | humanizeDuration }}.",
    ),
    Alert(
        name="MessagesUnheard",
        expr="sum by (job) (citygate_consumer_lag_messages) > 1000",
        lasting="5m", severity=Severity.TICKET, owner="operations",
        summary="{{ $labels.job }} is {{ $value }} messages behind.",
    ),
    Alert(
        name="MessagesSetAside",
        expr="sum by (job) (increase(citygate_dead_letters_total[10m])) > 0",
        lasting="0s", severity=Severity.TICKET, owner="developers",
        summary="{{ $labels.job }} could not handle messages; they wait for people.",
    ),
    Alert(
        name="ClockWrong",
        expr="max by (job) (citygate_clock_difference_seconds) > 2",
        lasting="1m", severity=Severity.PAGE, owner="operations",
        summary="The clock of {{ $labels.job }}'s host is {{ $value }} s off: deadlines are told late.",
    ),
)  # fmt: skip


def rules() -> dict[str, Any]:
    """As Prometheus reads them."""
    made = [
        {
            "alert": alert.name, "expr": alert.expr, "for": alert.lasting,
            "labels": {"severity": alert.severity.value, "owner": alert.owner},
            "annotations": {"summary": alert.summary, "runbook": f"docs/runbook.md#{alert.name.lower()}"},
        }
        for alert in ALERTS
    ]  # fmt: skip
    return {"groups": [{"name": "citygate", "rules": made}]}
