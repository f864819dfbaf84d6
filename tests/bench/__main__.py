"""`make bench`: one table. Names of measurements as arguments choose some of them."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from deploy.local.stack import Servers
from deploy.local.throwaway import ON_DISK
from tests.bench import (
    closing,
    crowded,
    growing,
    guilty,
    hauling,
    hot,
    intake,
    made,
    memory,
    planning,
    rebuilding,
    relaying,
    sweeping,
    visible,
    webserver,
)
from tests.bench.table import Row, printed
from tests.support import city
from tests.support.programs import Suite, suite
from tests.support.servers import running

Found = Row | Sequence[Row]
ON_SERVERS: dict[str, Callable[[Servers], Awaitable[Found]]] = {
    "relay": relaying.measure,
    "rebuild": rebuilding.measure,
    "crowded": crowded.measure,
    "growing": growing.measure,
    "guilty": guilty.measure,
    "files": hauling.measure,
    "sweep": sweeping.measure,
    "tree": planning.measure,
    "closing": closing.measure,
    "webserver": webserver.measure,
}
ON_SUITE: dict[str, Callable[[Suite], Awaitable[Found]]] = {
    "visible": visible.measure,
    "hot": hot.measure,
    "made": made.measure,
    "letters": intake.measure,
    "memory": memory.measure,
}


async def main(wanted: Sequence[str]) -> None:
    rows: list[Row] = []

    async def take(name: str, found: Awaitable[Found]) -> None:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        one = await found
        rows.extend([one] if isinstance(one, Row) else one)

    chosen = set(wanted) or {*ON_SERVERS, *ON_SUITE}
    if unknown := chosen - {*ON_SERVERS, *ON_SUITE}:
        raise SystemExit(f"No such measurement: {sorted(unknown)}. There are {sorted({*ON_SERVERS, *ON_SUITE})}.")
    with running(ON_DISK) as servers:  # as in production
        for name in (n for n in ON_SERVERS if n in chosen):
            await take(name, ON_SERVERS[name](servers))
        if chosen & ON_SUITE.keys():
            with (
                tempfile.TemporaryDirectory(prefix="citygate-bench-", ignore_cleanup_errors=True) as home,
                suite(servers, Path(home)) as running_suite,
            ):
                running_suite.columns = city.found(running_suite)
                for name in (n for n in ON_SUITE if n in chosen):
                    await take(name, ON_SUITE[name](running_suite))
    print(printed(rows))


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(main(sys.argv[1:]))
