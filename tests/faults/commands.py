"""What operators type: the commands of a program, each as a process of its own."""

import os
import subprocess
import sys

from deploy.local.stack import module
from tests.support.programs import Suite


def command(running: Suite, program: str, *arguments: str) -> str:
    """What it printed, but for its log; it must end well."""
    typed = [sys.executable, "-m", module(program), *arguments]
    done = subprocess.run(typed, env=os.environ | running.env(program), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("{"))


def waiting(running: Suite, program: str, *arguments: str) -> str:
    return command(running, program, "waiting", *arguments)


def listed(running: Suite, program: str, *where: str) -> dict[str, list[str]]:
    """The ids of the places that `waiting list` shows, by the name of their group."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in waiting(running, program, "list", *where, "--limit", "100000").splitlines():
        if line.startswith("  "):
            found[name].append(line.split()[0])
        else:
            name = line.split()[0]
            found[name] = []
    return found


def places(running: Suite, program: str, *where: str) -> list[str]:
    """The same without their groups."""
    return sorted(id for ids in listed(running, program, *where).values() for id in ids)


def work_off(running: Suite, program: str) -> None:
    """Discard group after group, and pass gaps, until nothing is left."""
    while groups := listed(running, program):
        for name in groups:
            do = "pass" if name == "waiting" else "discard"
            waiting(running, program, do, name, "--reason", "hostile")
