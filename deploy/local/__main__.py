"""`python -m deploy.local`: up, fetch, clean, browser."""

import json
import os
import shutil
import sys
from argparse import ArgumentParser

import psutil

from deploy.local import debian, kafka_server
from deploy.local.places import LOCAL, ROOT, Ports, Stop

OWN = LOCAL / "run" / "supervisor"


def already_running() -> bool:
    """Whether a supervisor of this checkout is at work."""
    if not OWN.exists():
        return False
    was = json.loads(OWN.read_text())
    try:
        return bool(psutil.Process(was["pid"]).create_time() == was["born"])
    except psutil.NoSuchProcess:
        return False


def up(port: int, *, city: bool) -> None:
    from deploy.local.stack import Servers
    from deploy.local.supervisor import RECORD, Supervisor

    if already_running():
        raise Stop("This checkout is running already: end that run with Ctrl-C, or look at it where you started it.")
    OWN.parent.mkdir(parents=True, exist_ok=True)
    OWN.write_text(json.dumps({"pid": os.getpid(), "born": psutil.Process().create_time()}))
    ports = Ports(port)
    servers = Servers(LOCAL, ports.mongo, ports.kafka, ports.controller, RECORD)
    try:
        Supervisor(ports, servers).run(city=city)
    finally:
        OWN.unlink(missing_ok=True)


def clean() -> None:
    if already_running():
        raise Stop("This checkout is running: end it with Ctrl-C first.")
    for name in (".local", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"):
        shutil.rmtree(ROOT / name, ignore_errors=True)


def main() -> None:
    parser = ArgumentParser(prog="python -m deploy.local")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("up", help="start everything; Ctrl-C ends it")
    run.add_argument("--port", type=int, default=8000, help="the gateway's; all others move with it")
    run.add_argument("--no-city", action="store_true", help="without the demonstration city")
    commands.add_parser("fetch", help="fetch what a run needs")
    commands.add_parser("clean", help="forget all data")
    tools = commands.add_parser(
        "tools", help="install Debian packages that tests or benchmarks need, where that is possible"
    )
    tools.add_argument("packages", nargs="+")
    asked = parser.parse_args()
    try:
        if asked.command == "up":
            up(asked.port, city=not asked.no_city)
        elif asked.command == "fetch":
            kafka_server.fetch()
        elif asked.command == "tools":
            debian.install(asked.packages)
        else:
            clean()
    except Stop as sentence:
        print(sentence, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
