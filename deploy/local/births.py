"""Who a process is: its pid and when it was born, because pids are given out again."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

SAME = 2.0  # seconds: a birth is told from the moment of boot, which moves by a second when the clock is set


@dataclass(frozen=True, slots=True)
class Birth:
    """One process of this machine, for ever; `born` in seconds since 1970."""

    pid: int
    born: float

    @classmethod
    def of(cls, pid: int | None = None) -> "Birth":
        """That of a process that runs; without a pid, our own."""
        process = psutil.Process(pid)
        return cls(process.pid, process.create_time())

    @classmethod
    def read(cls, path: Path) -> "Birth | None":
        """None where nothing, or nothing whole, was written."""
        try:
            was = json.loads(path.read_text())
            return cls(int(was["pid"]), float(was["born"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Whole or not at all: a crash may come at any moment."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{self.pid}")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    def process(self) -> psutil.Process | None:
        """The process, if it still runs; never another that has its pid by now."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.born) < SAME and not is_over(found):
                return found
        return None


def is_over(process: psutil.Process) -> bool:
    """A zombie without other threads: those may outlive the first, and keep the ports while they do."""
    return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
