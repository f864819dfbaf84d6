"""Resident memory of each program after the measurements before it."""

from collections.abc import Sequence

import psutil

from deploy.local.places import PROGRAMS
from tests.bench.table import Row
from tests.support.programs import Suite


async def measure(running: Suite) -> Sequence[Row]:
    rows = []
    for name in PROGRAMS:
        process = running.processes[name].running
        assert process
        megabytes = psutil.Process(process.pid).memory_info().rss / 1e6
        rows.append(Row.within(f"Resident memory of {name}", megabytes, "MB", 250 if name == "gateway" else 150))
    return rows
