"""Folders that live as long as the process that made them, and what runs in them: those of a run of tests."""

import shutil
from contextlib import suppress
from pathlib import Path

from deploy.local.births import Birth
from deploy.local.places import LOCAL
from deploy.local.processes import end_what_was_left

TESTS = LOCAL / "test"


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
