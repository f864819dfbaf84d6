"""`make bench`: one table."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence

from deploy.local.stack import Servers
from services.kernel import telemetry
from tests.bench import relaying
from tests.bench.table import Row, printed
from tests.support.servers import running

Measure = Callable[[Servers], Awaitable[Row | Sequence[Row]]]
ALL: dict[str, Measure] = {"relay": relaying.measure}


async def main(wanted: Sequence[str]) -> None:
    rows: list[Row] = []
    with running() as servers:
        for name, measure in ALL.items():
            if not wanted or name in wanted:
                print(f"measuring {name} ...", file=sys.stderr, flush=True)
                found = await measure(servers)
                rows += [found] if isinstance(found, Row) else found
    print(printed(rows))


if __name__ == "__main__":
    telemetry.configure("bench", "json")
    asyncio.run(main(sys.argv[1:]))
