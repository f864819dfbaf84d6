"""`python -m deploy.local`: up, servers, fetch, clean, tools."""

import errno
import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from deploy.local import debian
from deploy.local.births import Birth
from deploy.local.jars import FETCHED, KAFKA
from deploy.local.places import LOCAL, ROOT, Ports, Stop, must_have_space
from deploy.local.processes import end_what_was_left
from deploy.local.throwaway import forget_the_dead

OWN = LOCAL / "run" / "supervisor"
CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache")


def already_running() -> bool:
    """Whether a supervisor of this checkout is at work."""
    was = Birth.read(OWN)
    return was is not None and was.process() is not None


def up(port: int, *, city: bool, dev: bool) -> None:
    from deploy.local.supervisor import of_this_checkout

    Ports(port)
    if already_running():
        raise Stop("This checkout is running already: end that run with Ctrl-C, or look at it where you started it.")
    LOCAL.mkdir(exist_ok=True)
    must_have_space(LOCAL)
    Birth.of().write(OWN)
    try:
        of_this_checkout(port, city=city, dev=dev).run()
    finally:
        OWN.unlink(missing_ok=True)


def servers() -> None:
    from deploy.local.kept_up import keep_up

    keep_up()


def fetch(names: Sequence[str]) -> None:
    """Kafka's only where it will be started."""
    for name in names:
        if not (name == KAFKA.name and os.environ.get("KAFKA_BOOTSTRAP_SERVERS")):
            FETCHED[name].fetch()


def clean() -> None:
    """Also what a crashed run left running; `Stop` while a run or tests use these data."""
    if already_running():
        raise Stop("This checkout is running: end it with Ctrl-C first.")
    if forget_the_dead():
        raise Stop("Tests or servers of this checkout are running: wait for their end, or end them first.")
    end_what_was_left(LOCAL / "run")
    for name in (".local", *CACHES):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for cache in (c for part in ("services", "gateway", "deploy", "tests") for c in (ROOT / part).rglob("__pycache__")):
        shutil.rmtree(cache, ignore_errors=True)


def arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m deploy.local")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("up", help="start everything; Ctrl-C ends it")
    run.add_argument("--port", type=int, default=8000, help="the gateway's; all others move with it")
    run.add_argument("--no-city", action="store_true", help="without the demonstration city")
    run.add_argument("--dev", action="store_true", help="start a program again when its files change")
    commands.add_parser("servers", help="keep MongoDB and Kafka up for tests; Ctrl-C ends them")
    fetched = commands.add_parser("fetch", help="fetch the jars that are named")
    fetched.add_argument("jars", nargs="+", choices=FETCHED)
    commands.add_parser("clean", help="forget all data")
    tools = commands.add_parser("tools", help="install Debian packages that tests or benchmarks need, where possible")
    tools.add_argument("packages", nargs="+")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    try:
        if asked.command == "up":
            up(asked.port, city=not asked.no_city, dev=asked.dev)
        elif asked.command == "servers":
            servers()
        elif asked.command == "fetch":
            fetch(asked.jars)
        elif asked.command == "tools":
            debian.install(asked.packages)
        else:
            clean()
    except Stop as sentence:
        print(sentence, file=sys.stderr)
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("The disk is full: free some space (about 1 GB is needed) and run this again.", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
