"""The events that each service tells, one module per service, and their topics."""

from dataclasses import dataclass

from services.kernel.contracts import columns, gateway, mailbox, publishing, scoring

__all__ = ["DEAD_LETTERS", "TOPICS", "Topic", "columns", "gateway", "mailbox", "publishing", "scoring"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A program's topic, kept for ever. It has one partition if all aggregates of the service share one order."""

    partitions: int = 6


DEAD_LETTERS = "dead-letters"
TOPICS = {
    "columns": Topic(partitions=1),
    "publishing": Topic(),
    "mailbox": Topic(),
    "scoring": Topic(),
    "gateway": Topic(partitions=1),
    DEAD_LETTERS: Topic(partitions=1),
}
