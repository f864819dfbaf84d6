"""A page that is not in memory, made for each request, against the same handler with its data at hand."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.processes import Process, free_ports
from tests.bench.hot import alone, listens
from tests.bench.table import Row
from tests.support.city import published
from tests.support.programs import Suite
from tests.support.waiting import until


async def measure(running: Suite) -> Sequence[Row]:
    if not shutil.which("wrk"):
        print("Without wrk the making of a page is not measured.")
        return []
    item = published(running, running.columns["news"], title="现做的页")
    page = f"/items/{item['id']}"
    public = running.client("gateway")
    until(lambda: public.get(page).status_code == 200)
    stranger = f"{page}?stranger=1"  # a word that is none of ours: answered, and kept nowhere
    [port] = free_ports(1)
    env = running.env("gateway") | {"CITYGATE_PORT": str(port)}
    at_hand = [sys.executable, "-m", "tests.bench.at_hand"]
    bare = Process("at_hand", at_hand, Path(running.home) / "log" / "at_hand.log", env)
    bare.start()
    try:
        bare.until(lambda: listens(port), 30)
        ceiling = alone(bare, f"http://127.0.0.1:{port}{stranger}")
    finally:
        bare.end()
    ours = alone(running.processes["gateway"], f"{running.address('gateway')}{stranger}")
    return [Row.at_least("Page made, one core", ours, ceiling, "pages/s", "the same handler, data at hand", 0.3)]
