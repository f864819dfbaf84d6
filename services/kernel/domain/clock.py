"""The one clock."""

from datetime import UTC, datetime, timedelta

_shift = timedelta()


def host() -> datetime:
    """The host's clock in UTC, never shifted: for what the outside world dates (tokens) and for log lines."""
    return datetime.now(UTC)


def now() -> datetime:
    """UTC, aware, in whole milliseconds as MongoDB keeps them: the host's clock plus the shift."""
    return shifted(host())


def shifted(moment: datetime) -> datetime:
    """What `now` says when the host's clock, or a server's, shows this moment."""
    moment += _shift
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def shift(by: timedelta) -> None:
    """Let `now` run ahead of the host (below zero: behind). Called once, at start, and only in a local run."""
    global _shift
    _shift = by
