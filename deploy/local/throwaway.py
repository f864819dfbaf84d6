"""Folders that live as long as the process that made them, and what runs in them: those of a run of tests."""

import os
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import psutil

from deploy.local.births import Birth
from deploy.local.places import LOCAL, ROOT
from deploy.local.processes import end_what_was_left

ON_DISK, IN_MEMORY = LOCAL / "test", Path("/dev/shm")
ROOM = 8_000_000_000  # bytes: several times what all tests write


def for_tests() -> Path:
    """In memory where there is room: nobody reads it later, and waiting for a disk takes most of a run's time."""
    with suppress(OSError):
        free = min(shutil.disk_usage(IN_MEMORY).free, psutil.virtual_memory().available)
        if free > ROOM and os.access(IN_MEMORY, os.W_OK):
            return IN_MEMORY / f"citygate-{os.getuid()}-{sha256(str(ROOT).encode()).hexdigest()[:8]}"
    return ON_DISK


TESTS = for_tests()


def claim(parent: Path = TESTS) -> Path:
    """A fresh folder named after this process; processes recorded in its `run/` are ended when this one is gone."""
    forget_the_dead(parent)
    us = Birth.of()
    for number in range(1000):
        folder = parent / f"{us.pid}-{us.born:.2f}-{number}"
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError("a thousand folders of one process")


def forget_the_dead(parent: Path = TESTS) -> list[Path]:
    """End and remove what belonged to processes that are gone; gives the folders of those that live."""
    living = []
    for folder in sorted(parent.glob("*-*-*")):
        pid, born, _ = folder.name.split("-")
        if Birth(int(pid), float(born)).process() is not None:
            living.append(folder)
            continue
        end_what_was_left(folder / "run")
        shutil.rmtree(folder, ignore_errors=True)
    return living
