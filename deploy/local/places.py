"""Where things are: folders under `.local/`, ports from one number."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from services.kernel.settings import INSIDE

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
CACHE = ROOT / ".cache"  # what was fetched; `make clean` leaves it
PROGRAMS = ("gateway", "columns", "publishing", "mailbox", "scoring")
LEAST, NEEDED = 100_000_000, 1_000_000_000  # bytes: below the first writes fail soon, a run needs the second


class Stop(Exception):
    """Something the person at the keyboard must know: one sentence that says what to do."""


class Ended(Exception):
    """The person asked for the end while something was still starting."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of a run, moved together: the gateway's is the base, the services follow. `Stop` past the last port."""

    base: int = 8000

    def __post_init__(self) -> None:
        if not 1024 <= self.base <= 65_000:
            raise Stop(f"PORT is {self.base}: choose one from 1024 to 65000, for example make run PORT=9000.")

    def of(self, program: str) -> int:
        return self.base + PROGRAMS.index(program)

    def inside(self, program: str) -> int:
        """Where it answers /readyz and /metrics."""
        return self.of(program) + INSIDE

    @property
    def mongo(self) -> int:
        return self.base + 17

    @property
    def kafka(self) -> int:
        return self.base + 92

    @property
    def controller(self) -> int:
        return self.base + 93

    @property
    def prometheus(self) -> int:
        return self.base + 95

    @property
    def alertmanager(self) -> int:
        return self.base + 96


def megabytes_free(directory: Path = ROOT) -> int:
    return shutil.disk_usage(directory).free // 1_000_000


def must_have_space(directory: Path = ROOT) -> None:
    """`Stop` under one gigabyte: both servers keep journals."""
    left = megabytes_free(directory)
    if left < NEEDED // 1_000_000:
        raise Stop(f"Only {left} MB are free on this disk: free some space, a run needs about 1 GB.")


def full(said: str, directory: Path = ROOT) -> str:
    """A sentence for what a program said, or could not say any more, where that means a full disk.

    `directory`: where it writes, log and data; a program whose log lies on the full disk ends without a word.
    """
    if "No space left" in said or megabytes_free(directory) < LEAST // 1_000_000:
        return "The disk is full: free some space (about 1 GB is needed) and run this again."
    return ""
