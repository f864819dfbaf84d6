"""What the programs say of themselves: log lines on stdout, numbers for Prometheus."""

import logging
import sys
from contextlib import AbstractContextManager
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from services.kernel.domain.clock import host

log: structlog.stdlib.BoundLogger = structlog.get_logger()

disable_created_metrics()  # type: ignore[no-untyped-call]  # its package is typed but for this
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)

ACTIONS = Counter("citygate_actions_total", "Actions run.", ["action", "outcome"])
FACTS = Counter("citygate_facts_total", "Facts written to the journal.", ["type"])
REQUESTS = Histogram(
    "citygate_request_seconds", "HTTP requests answered.", ["method", "route", "status"], buckets=_SECONDS
)
UNSENT = Gauge("citygate_relay_unsent_facts", "Facts told but not yet sent to Kafka.")
RELAY_LAG = Gauge("citygate_relay_lag_seconds", "Age of the oldest fact not yet sent.")
SENT = Counter("citygate_relay_sent_total", "Messages sent to Kafka.")
CONSUMER_LAG = Gauge("citygate_consumer_lag_messages", "Messages not yet read.", ["topic", "partition"])
HANDLED = Counter(
    "citygate_consumer_messages_total",
    "Messages read: handled, duplicate, waiting, failed, unknown or passed.",
    ["type", "outcome"],
)
WAITING = Gauge("citygate_consumer_waiting_messages", "Messages that wait for an earlier one of their aggregate.")
DEAD_LETTERS = Counter("citygate_dead_letters_total", "Messages set aside for people.", ["type"])
SWEPT = Counter("citygate_swept_total", "Aggregates that a sweep woke.", ["sweep", "outcome"])
SWEEP_SECONDS = Histogram("citygate_sweep_seconds", "One round of a sweep.", ["sweep"], buckets=_SECONDS)


def exposition() -> tuple[bytes, str]:
    """The body of /metrics and its media type, in the Prometheus text format."""
    return generate_latest(), CONTENT_TYPE_LATEST


def bind(**ids: Any) -> AbstractContextManager[None]:
    """Every line logged inside, by this task and those it starts, carries these ids."""
    return bound_contextvars(**ids)


def configure(service: str, log: str) -> None:
    """Send all logging to stdout as JSON lines, or readable ones where `log` says pretty or a terminal is there.

    The standard library's loggers come out in the same shape, at WARNING and above (uvicorn.error at INFO);
    uvicorn must be started with `log_config=None`. May be called again.
    """
    pretty = log == "pretty" or (log == "auto" and sys.stdout.isatty())
    shared: list[Processor] = [merge_contextvars, structlog.stdlib.add_log_level, _stamped(service)]
    last: list[Processor] = _pretty() if pretty else _json()
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,  # a cached logger could not be captured by tests nor configured again
    )
    handler = logging.StreamHandler(sys.stdout)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    named: list[Processor] = [structlog.stdlib.add_logger_name, *shared]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=named, processors=[remove, *last]))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name, level in {"uvicorn": "WARNING", "uvicorn.access": "WARNING", "uvicorn.error": "INFO"}.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(level)


def _stamped(service: str) -> Processor:
    def stamp(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
        at = host().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"timestamp": at, "service": service, **line}

    return stamp


def _json() -> list[Processor]:
    # Local variables would put personal data and secrets into the log.
    errors = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20))
    return [errors, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _pretty() -> list[Processor]:
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
