"""What a program says of itself on its inside port, and what it takes of the machine."""

import re
from typing import Any

import httpx
import psutil

from tests.support.programs import Suite

FAILED = re.compile(r'^citygate_part_failures_total\{part="(.+)"\} (\S+)$', re.MULTILINE)


def inside(running: Suite, program: str, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{running.inside(program)}{path}", timeout=10)


def readyz(running: Suite, program: str) -> Any:
    return inside(running, program, "/readyz").json()


def late(running: Suite, program: str) -> dict[str, str]:
    """What it waits for while it answers."""
    found: dict[str, str] = readyz(running, program)["late"]
    return found


def failures(running: Suite, program: str) -> dict[str, float]:
    """Parts that failed and were started again, and how often."""
    text = inside(running, program, "/metrics").text
    return {part: float(times) for part, times in FAILED.findall(text) if float(times)}


def megabytes(running: Suite, program: str) -> float:
    """Memory that it has taken and not given back."""
    process = running.processes[program].running
    assert process
    return float(psutil.Process(process.pid).memory_info().rss) / 1_000_000


def unharmed(running: Suite, *programs: str) -> None:
    """Ready, and no part was started again."""
    for program in programs:
        assert inside(running, program, "/readyz").status_code == 200, readyz(running, program)
        assert failures(running, program) == {}, program
