"""`make audit`: one table. Names of tools as arguments choose some of them."""

import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog

from deploy.local.debian import missing
from deploy.local.places import Stop
from tests.audit import node
from tests.audit.tools import TOOLS, Row
from tests.support.programs import suite
from tests.support.servers import running

NEEDED = ("nodejs", "npm", "chromium")
MOST = 12  # findings that are shown of one row


def printed(rows: Sequence[Row]) -> str:
    lines = ["| tool | at | found | will do |", "|---|---|---|---|"]
    lines += [f"| {row.tool} | {row.at} | {row.found} | {'yes' if row.holds else '**no**'} |" for row in rows]
    for row in rows:
        lines += [f"{row.tool}, {row.at}: {each}" for each in row.why[:MOST]]
        lines += [f"{row.tool}, {row.at}: and {len(row.why) - MOST} more"] * (len(row.why) > MOST)
    return "\n".join(lines)


def main(wanted: Sequence[str]) -> None:
    if unknown := set(wanted) - TOOLS.keys():
        raise SystemExit(f"No such tool: {sorted(unknown)}. There are {sorted(TOOLS)}.")
    if missing(NEEDED):  # `deploy.local tools` has said so
        return
    node.fetch()
    rows: list[Row] = []
    with (
        running() as servers,
        tempfile.TemporaryDirectory(prefix="citygate-audit-", ignore_cleanup_errors=True) as home,
        suite(servers, Path(home)) as city,
    ):
        city.load_city()
        for name in wanted or TOOLS:
            print(f"{name} looks ...", file=sys.stderr, flush=True)
            rows.extend(TOOLS[name](city))
    print(printed(rows))
    if not all(row.holds for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        main(sys.argv[1:])
    except Stop as sentence:
        raise SystemExit(str(sentence)) from None
