"""Where things are: folders under `.local/`, ports from one number."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
CACHE = ROOT / ".cache"  # what was fetched; `make clean` leaves it
PROGRAMS = ("gateway", "columns", "publishing", "mailbox", "scoring")


class Stop(Exception):
    """Something the person at the keyboard must know: one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of a run, moved together: the gateway's is the base, the services follow."""

    base: int = 8000

    def of(self, program: str) -> int:
        return self.base + PROGRAMS.index(program)

    @property
    def mongo(self) -> int:
        return self.base + 17

    @property
    def kafka(self) -> int:
        return self.base + 92

    @property
    def controller(self) -> int:
        return self.base + 93
