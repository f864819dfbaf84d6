"""What each service says, one module per speaker; the topics it is said on."""

from dataclasses import dataclass

from services.kernel.contracts import columns, mailbox, publishing, scoring

__all__ = ["DEAD_LETTERS", "TOPICS", "Topic", "columns", "mailbox", "publishing", "scoring"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One per speaking service, kept for ever. One partition where all its aggregates have one order."""

    partitions: int = 6


DEAD_LETTERS = "dead-letters"
TOPICS = {
    "columns": Topic(partitions=1),
    "publishing": Topic(),
    "mailbox": Topic(),
    "scoring": Topic(),
    DEAD_LETTERS: Topic(partitions=1),
}
