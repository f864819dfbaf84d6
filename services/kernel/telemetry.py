"""What the programs say of themselves: log lines on stdout, numbers for Prometheus."""

import asyncio
import logging
import sys
from contextlib import AbstractContextManager
from datetime import datetime
from time import monotonic
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from services.kernel.domain.clock import host

log: structlog.stdlib.BoundLogger = structlog.get_logger()

disable_created_metrics()  # type: ignore[no-untyped-call]  # its package is typed except for this
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)

ACTIONS = Counter("citygate_actions_total", "Actions run.", ["action", "outcome"])
FACTS = Counter("citygate_facts_total", "Facts written to the journal.", ["type"])
REQUESTS = Histogram(
    "citygate_request_seconds", "HTTP requests answered.", ["method", "route", "status"], buckets=_SECONDS
)
MEASURED_AGE = Gauge("citygate_measured_age_seconds", "Since what waits there was last counted.", ["what"])
CLOCK_DIFFERENCE = Gauge("citygate_clock_difference_seconds", "By how much the host's clock and MongoDB's differ.")
UNSENT = Gauge("citygate_relay_unsent_facts", "Facts told but not yet sent to Kafka.")
RELAY_LAG = Gauge("citygate_relay_lag_seconds", "Age of the oldest fact not yet sent.")
SENT = Counter("citygate_relay_sent_total", "Messages sent to Kafka.")
SET_APART = Counter("citygate_relay_set_apart_total", "Facts that Kafka can never take.", ["type"])
CONSUMER_LAG = Gauge(
    "citygate_consumer_lag_messages",
    "Messages that the group has not handled, over all replicas.",
    ["topic", "partition"],
)
HANDLED = Counter(
    "citygate_consumer_messages_total",
    "Messages read: handled, duplicate, waiting, failed, unknown or passed.",
    ["type", "outcome"],
)
WAITING = Gauge("citygate_consumer_waiting_messages", "Messages that wait for an earlier one of their aggregate.")
WAITING_AGE = Gauge("citygate_consumer_waiting_seconds", "Since when the first of those has waited.")
DEAD_LETTERS = Counter("citygate_dead_letters_total", "Messages set aside for people.", ["type"])
SWEPT = Counter("citygate_swept_total", "Aggregates that a sweep woke.", ["sweep", "outcome"])
SWEEP_SECONDS = Histogram("citygate_sweep_seconds", "One round of a sweep.", ["sweep"], buckets=_SECONDS)
TASKS = Gauge("citygate_tasks_running", "Tasks that have not ended, here or in another replica.", ["work"])
TASK_PROGRESS = Gauge(
    "citygate_task_progress_ratio",
    "Done of the parts of the task that is least far, if known.",
    ["work"],
)
PART_FAILURES = Counter("citygate_part_failures_total", "Parts that failed or ended, and were started again.", ["part"])
PART_WAITS = Counter("citygate_part_waits_total", "Tries that failed and will be repeated.", ["part", "error"])

LIBRARIES = {"aiokafka", "pymongo"}
"""Libraries that repeat their log lines: aiokafka alone prints a hundred a second while Kafka is away."""
LULL = 30.0  # seconds of silence after which such a line counts as over


def named(error: BaseException) -> str:
    """The error's class and text. Some texts name the class themselves."""
    name, text = type(error).__name__, str(error)
    return text if text.startswith(name) else f"{name}: {text}"


class Waits:
    """Counts the failed tries of a part. The log gets a line when failing begins, per kind of error, and when it ends.

    `errors`: the errors after which the part tries again, the narrower first. They are the label's only values.
    """

    def __init__(self, part: str, *errors: type[Exception]) -> None:
        self.part, self.errors = part, errors
        self.since: datetime | None = None
        self.reason, self.times = "", 0
        self._kinds: set[str] = set()
        for error in errors:
            PART_WAITS.labels(part=part, error=error.__name__)

    def again(self, error: Exception, *, since: datetime | None = None) -> None:
        """Count a failed try. `since`: when it began, if that was long before it failed."""
        kind = next(each.__name__ for each in self.errors if isinstance(error, each))
        PART_WAITS.labels(part=self.part, error=kind).inc()
        cause = error.__cause__ or error
        self.reason = named(cause)[:300]
        self.since, self.times = self.since or since or host(), self.times + 1
        if kind not in self._kinds:
            self._kinds.add(kind)
            log.warning("part.waits", part=self.part, error=self.reason)

    def over(self) -> None:
        """A try succeeded, or there is nothing left to try."""
        if self.since is not None:
            seconds = round((host() - self.since).total_seconds(), 1)
            log.info("part.goes_on", part=self.part, times=self.times, seconds=seconds, error=self.reason)
        self.since, self.reason, self.times = None, "", 0
        self._kinds.clear()


class Once(logging.Filter):
    """Prints a repeated line of a library once. The repetitions are counted, and summed up in one line at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._repeated: dict[tuple[str, str], tuple[float, float, int]] = {}  # first time, last time, how often

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in LIBRARIES:
            return True
        line, time = (record.name, str(record.msg)), monotonic()
        if line in self._repeated:
            first, _, times = self._repeated[line]
            self._repeated[line] = (first, time, times + 1)
            return False
        try:
            asyncio.get_running_loop().call_later(LULL, self._look, line)
        except RuntimeError:  # a thread of the driver's: it has no loop to notice the end
            return True
        self._repeated[line] = (time, time, 1)
        return True

    def _look(self, line: tuple[str, str]) -> None:
        first, last, times = self._repeated[line]
        lull = monotonic() - last
        if lull < LULL:
            asyncio.get_running_loop().call_later(LULL - lull, self._look, line)
            return
        del self._repeated[line]
        if times > 1:
            name, text = line
            log.warning("library.repeated", logger=name, line=text, times=times, seconds=round(last - first, 1))


def exposition() -> tuple[bytes, str]:
    """The body of /metrics and its media type, in the Prometheus text format."""
    return generate_latest(), CONTENT_TYPE_LATEST


def bind(**ids: Any) -> AbstractContextManager[None]:
    """Every line logged inside, by this task and those it starts, carries these ids."""
    return bound_contextvars(**ids)


def configure(service: str, log: str, *, command: bool = False) -> None:
    """Send all logging to stdout as JSON lines, or readable if `log` is "pretty", or "auto" on a terminal.

    A `command` logs only warnings, on stderr: stdout is for its answers. The standard library's loggers come out in
    the same shape, at WARNING and above (uvicorn.error at INFO). Uvicorn must be started with `log_config=None`. This
    may be called again.
    """
    out, level = (sys.stderr, logging.WARNING) if command else (sys.stdout, logging.INFO)
    pretty = log == "pretty" or (log == "auto" and out.isatty())
    shared: list[Processor] = [merge_contextvars, structlog.stdlib.add_log_level, _stamped(service)]
    last: list[Processor] = _pretty() if pretty else _json()
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,  # a cached logger could not be captured by tests nor configured again
    )
    handler = logging.StreamHandler(out)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    named: list[Processor] = [structlog.stdlib.add_logger_name, *shared]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=named, processors=[remove, *last]))
    handler.addFilter(Once())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name, least in {"uvicorn": "WARNING", "uvicorn.access": "WARNING", "uvicorn.error": "INFO"}.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
        logger.setLevel(least)


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
