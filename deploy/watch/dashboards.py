"""The dashboards: the whole city, the way of a fact, each program by one pattern."""

from collections.abc import Iterator
from dataclasses import replace

from deploy.local.places import PROGRAMS
from deploy.watch.panels import Dashboard, Panel, Query, Unit


def all_of_them() -> Iterator[Dashboard]:
    yield CITY
    yield WAY
    yield from (of_program(name) for name in PROGRAMS)


READABLE = Panel(
    question="Can citizens read?",
    queries=[
        Query(
            'sum(rate(citygate_request_seconds_count{job="gateway",status=~"5.."}[5m])) '
            '/ sum(rate(citygate_request_seconds_count{job="gateway"}[5m])) or vector(0)',
            "answered with a fault of ours",
        )
    ],
    unit=Unit.RATIO, amber=0.001, red=0.01,
    do="See the gateway's dashboard: which routes fail, and whether MongoDB answers it.",
)  # fmt: skip
WRITABLE = Panel(
    question="Can citizens write?",
    queries=[
        Query(
            'sum by (status) (rate(citygate_request_seconds_count{job="gateway",method="POST",status=~"5.."}[5m]))',
            "{status}",
        ),
        Query('sum(rate(citygate_actions_total{job="mailbox",action="receive_letter",outcome="done"}[5m]))', "letters"),
    ],
    unit=Unit.PER_SECOND,
    do="A 503 is mailbox that does not answer: see its dashboard. What was typed stays with its writer.",
)  # fmt: skip
TRUSTED = Panel(
    question="Can the dates be trusted?",
    queries=[Query("max by (job) (citygate_clock_difference_seconds)", "{job}")],
    unit=Unit.SECONDS, amber=0.5, red=2,
    do="Set the host's clock (NTP). What is due is reckoned by MongoDB's clock and told late by as much.",
)  # fmt: skip
VISIBLE = Panel(
    question="How soon is a publication on the portal?",
    queries=[
        Query(
            "histogram_quantile(0.5, sum by (le) (rate(citygate_gateway_visible_seconds_bucket[10m])))", "half of them"
        ),
        Query(
            "histogram_quantile(0.99, sum by (le) (rate(citygate_gateway_visible_seconds_bucket[10m])))", "99 of 100"
        ),
    ],
    unit=Unit.SECONDS, amber=5, red=30,
    do="Follow the way of a fact: the step whose oldest is old is the one that hangs.",
)  # fmt: skip
STANDING = Panel(
    question="Which programs stand?",
    queries=[Query('up{job=~"gateway|columns|publishing|mailbox|scoring"}', "{job}")],
    unit=Unit.COUNT, amber=1, red=1, falling=True,
    do="Read the end of its log; its /readyz names what it lacks.",
)  # fmt: skip
UNSENT = Panel(
    question="How old is the oldest fact that Kafka has not got?",
    queries=[Query("max by (job) (citygate_relay_lag_seconds)", "{job}")],
    unit=Unit.SECONDS, amber=5, red=30,
    do="Kafka is away, or refuses: the service's log says which. Facts stay in its journal and follow by themselves.",
)  # fmt: skip
UNHEARD = Panel(
    question="How many messages has each program still to handle?",
    queries=[Query("sum by (job) (citygate_consumer_lag_messages)", "{job}")],
    unit=Unit.COUNT, amber=100, red=1000,
    do="Its /readyz says whether it listens. A long log after a rebuild is worked off by itself.",
)  # fmt: skip
WAITING = Panel(
    question="Since when does a message wait for an earlier one?",
    queries=[Query("max by (job) (citygate_consumer_waiting_seconds)", "{job}")],
    unit=Unit.SECONDS, amber=30, red=300,
    do="python -m services.NAME waiting list shows what waits and why; resend, or pass what will never come.",
)  # fmt: skip
SET_ASIDE = Panel(
    question="What was set aside for people?",
    queries=[Query("sum by (job, type) (increase(citygate_dead_letters_total[1h])) > 0", "{job} {type}")],
    unit=Unit.COUNT, amber=1, red=10,
    do="python -m services.NAME waiting list groups it by error; mend the cause, then waiting replay.",
)  # fmt: skip
PROBES = Panel(
    question="Is what was published found on the portal?",
    queries=[Query("sum by (outcome) (rate(citygate_gateway_probes_total[5m]))", "{outcome}")],
    unit=Unit.PER_SECOND,
    do="Looks that fail say that the public address does not answer: certificate, proxy, name.",
)  # fmt: skip
CITY = Dashboard(
    "city", "City at a glance", "Can citizens read, write, and trust the dates?",
    (READABLE, WRITABLE, TRUSTED, VISIBLE, STANDING, UNSENT, WAITING, SET_ASIDE),
)  # fmt: skip
WAY = Dashboard(
    "way", "The way of a fact", "Journal, Kafka, copies, page: the oldest at each step.",
    (
        UNSENT,
        Panel(
            question="How many facts wait to be sent?",
            queries=[Query("sum by (job) (citygate_relay_unsent_facts)", "{job}")],
            unit=Unit.COUNT, amber=100, red=1000, do=UNSENT.do,
        ),
        Panel(
            question="How much is sent?",
            queries=[Query("sum by (job) (rate(citygate_relay_sent_total[1m]))", "{job}")],
            unit=Unit.PER_SECOND, do="Nothing sent while facts wait is a relay without its lease, or Kafka away.",
        ),
        UNHEARD,
        Panel(
            question="What comes of what is heard?",
            queries=[Query("sum by (outcome) (rate(citygate_consumer_messages_total[1m]))", "{outcome}")],
            unit=Unit.PER_SECOND, do="Failed and waiting ones stand in the queue of their program.",
        ),
        WAITING,
        SET_ASIDE,
        PROBES,
        VISIBLE,
    ),
)  # fmt: skip


OF_EACH = (
    Panel(
        question="How much is asked of it, and what is answered?",
        queries=[Query("sum by (status) (rate(citygate_request_seconds_count{JOB}[1m]))", "{status}")],
        unit=Unit.PER_SECOND, do="Many 4xx are one client that errs; 5xx are ours: read the log by request.",
    ),
    Panel(
        question="How long does it take, 99 of 100?",
        queries=[
            Query(
                "histogram_quantile(0.99, sum by (le, route) (rate(citygate_request_seconds_bucket{JOB}[5m])))",
                "{route}",
            )
        ],
        unit=Unit.SECONDS, amber=1, red=5, do="Is it one route, or all? All at once is MongoDB, or the machine.",
    ),
    Panel(
        question="What do its actions come to?",
        queries=[Query("sum by (outcome) (rate(citygate_actions_total{JOB}[1m]))", "{outcome}")],
        unit=Unit.PER_SECOND, do="Conflicts that pile up are two that write the same; see the log by action.",
    ),
    Panel(
        question="Do its parts run?",
        queries=[
            Query("sum by (part) (increase(citygate_part_failures_total{JOB}[10m])) > 0", "{part} failed"),
            Query("sum by (part, error) (increase(citygate_part_waits_total{JOB}[10m])) > 0", "{part} waits: {error}"),
        ],
        unit=Unit.COUNT, amber=1, red=10, do="The log's part.failed has the error; part.waits names what is away.",
    ),
    Panel(
        question="How much memory does it hold?",
        queries=[Query("process_resident_memory_bytes{JOB}", "resident")],
        unit=Unit.BYTES, amber=200e6, red=400e6, do="Growth over days is a leak: restart it, keep the metrics.",
    ),
    Panel(
        question="How much of a core does it take?",
        queries=[Query("rate(process_cpu_seconds_total{JOB}[1m])", "of one core")],
        unit=Unit.RATIO, amber=0.8, red=0.95, do="At one core it is full: run another replica.",
    ),
)  # fmt: skip
"""Asked of every program; `{JOB}` selects it."""

SWEPT = Panel(
    question="Are its clocks swept in time?",
    queries=[Query("sum by (sweep, outcome) (rate(citygate_swept_total{JOB}[5m]))", "{sweep}: {outcome}")],
    unit=Unit.PER_SECOND, do="Sweeps that fail leave dates untold: the log names the aggregate.",
)  # fmt: skip
FROM_MEMORY = Panel(
    question="How many pages come from memory?",
    queries=[Query("sum by (outcome) (rate(citygate_gateway_page_reads_total[1m]))", "{outcome}")],
    unit=Unit.PER_SECOND, do="Many made ones after a change are right; always many: page_bytes is small.",
)  # fmt: skip


def of_program(name: str) -> Dashboard:
    """The same questions of every program, and what only it knows."""
    asked = (*OF_EACH, FROM_MEMORY if name == "gateway" else SWEPT)
    panels = tuple(replace(panel, queries=[of_job(query, name) for query in panel.queries]) for panel in asked)
    return Dashboard(name, name.capitalize(), f"The program {name}.", panels)


def of_job(query: Query, name: str) -> Query:
    return replace(query, expr=query.expr.replace("{JOB}", f'{{job="{name}"}}'))
