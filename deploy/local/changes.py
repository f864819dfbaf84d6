"""`make dev`: which programs a changed file concerns, seen as it is saved."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from watchfiles import watch

from deploy.local.places import PROGRAMS, ROOT

SOURCES = ("services", "gateway")


def concerned(path: Path) -> set[str]:
    """The programs that a file, relative to the checkout, is a part of. What all stand on concerns all."""
    match path.parts:
        case ("gateway", *_):
            return {"gateway"}
        case ("services", name, *_) if name in PROGRAMS:
            return {name}
        case _:
            return set(PROGRAMS)


@dataclass(slots=True)
class Changes:
    """What was saved below a checkout's sources since it was last asked."""

    root: Path = ROOT
    found: SimpleQueue[Path] = field(default_factory=SimpleQueue)

    def see(self, over: threading.Event) -> None:
        """Until `over`; in a thread of its own."""
        for changes in watch(*(self.root / name for name in SOURCES), stop_event=over, rust_timeout=200):
            for path in sorted({path for _, path in changes}):
                self.found.put(Path(path).relative_to(self.root))

    def taken(self) -> dict[str, Path]:
        """By program, the last file that concerns it."""
        programs: dict[str, Path] = {}
        while not self.found.empty():
            path = self.found.get()
            programs |= dict.fromkeys(concerned(path), path)
        return programs
