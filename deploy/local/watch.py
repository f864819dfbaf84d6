"""A program that ended by itself is started again, ever more slowly."""

from dataclasses import dataclass

from deploy.local.places import full
from deploy.local.processes import Process, tail

SLOWEST = 30.0  # seconds between two starts, at most
WELL = 60.0  # seconds it must have lived for its failures to be forgotten


@dataclass(slots=True)
class Watched:
    """One process and how it has fared; moments are those of the monotonic clock."""

    process: Process
    failures: int = 0
    started: float = 0.0
    due: float | None = None

    def look(self, moment: float) -> str:
        """Start it when that is due. What there is to tell, or nothing."""
        if self.due is not None:
            if moment >= self.due:
                self.due, self.started = None, moment
                self.process.start()
            return ""
        if self.process.alive:
            return ""
        self.failures = 1 if moment - self.started > WELL else self.failures + 1
        seconds = min(2.0 ** (self.failures - 1), SLOWEST)
        self.due = moment + seconds
        code = self.process.running.returncode if self.process.running else None
        line = f"{self.process.name} ended by itself (exit code {code}); it is started again in {seconds:g} s. "
        return f"{line}Log: {self.process.log} {full(tail(self.process.log), self.process.log.parent)}".rstrip()

    def renew(self, moment: float) -> None:
        """Ended and started at once, with nothing of the past held against it: its files have changed."""
        self.process.end()
        self.failures, self.due, self.started = 0, None, moment
        self.process.start()
