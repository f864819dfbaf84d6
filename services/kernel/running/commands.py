"""What a service can be told from the command line: serve, load its part of the city, send again, work off a queue."""

import asyncio
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from pymongo import UpdateMany

from services.kernel.domain.clock import now
from services.kernel.running.program import Program, Service, begin, create_app, serve
from services.kernel.running.task import Task
from services.kernel.settings import Settings, load
from services.kernel.storage import journal
from services.kernel.storage.unit import MongoUnit
from services.kernel.stream import inbox

City = Callable[[Program], Awaitable[None]]
STEP = 1_000  # records of the journal marked in one transaction


def main(service: Service, settings: type[Settings], *, city: City, arguments: Sequence[str] | None = None) -> None:
    asked = parser(service).parse_args(arguments)
    found = load(settings)
    begin(service.name, found)
    program = Program(service, found)
    if asked.command is None:
        return serve(create_app(program), found)
    work: dict[str, City] = {
        "city": city,
        "resend": lambda program: resend(program, asked),
        "waiting": lambda program: waiting(program, asked),
    }
    asyncio.run(once(program, work[asked.command]))


def parser(service: Service) -> ArgumentParser:
    made = ArgumentParser(
        prog=f"python -m services.{service.name}", description=f"{service.title}. Without a command: serve."
    )
    commands = made.add_subparsers(dest="command")
    commands.add_parser("city", help="load this service's part of the demonstration city, once")
    again = commands.add_parser("resend", help="send a span of the journal again; all of it refills an empty topic")
    again.add_argument("--since", type=moment, help="written at or after, ISO 8601")
    again.add_argument("--until", type=moment, help="written before, ISO 8601")
    again.add_argument("--subject", help="of one aggregate only: kind/id")
    again.add_argument("--run", help="name of an interrupted run to go on with")
    waiting_parser(commands)
    return made


def waiting_parser(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """What `waiting` is asked with."""
    queue = commands.add_parser("waiting", help="messages that wait, and those that failed")
    queue.add_argument("do", choices=["list", "replay", "discard"])
    queue.add_argument("subject", nargs="?", help="replay and discard: the aggregate, kind/id")


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def once(program: Program, work: City) -> None:
    try:
        await program.prepare()
        await work(program)
    finally:
        await program.bus.close()
        program.db.client.close()


async def resend(program: Program, asked: Namespace) -> None:
    """Mark told records as unsent, those set apart too; the running relay sends them, in order.

    Readers pass what they know.
    """
    where = journal.span(since=asked.since, until=asked.until, subject=asked.subject)

    async def step(unit: MongoUnit, cursor: str | None) -> str | None:
        found = await journal.ids(unit.db, unit.session, where, after=cursor, limit=STEP)
        if found:
            again = {"$set": {"unsent": True}, "$unset": {"error": 1}}
            unit.write("journal", UpdateMany({"_id": {"$in": found}}, again))
        return str(found[-1]) if len(found) == STEP else None

    name = asked.run or f"resend:{now().isoformat()}"
    steps = await Task(name=name, step=step).run(program.transact)
    print(f"Marked to be sent again in {steps} steps; the relay of {program.service.name} sends them. Run: {name}")


async def waiting(program: Program, asked: Namespace) -> None:
    hearing = program.service.hearing
    if asked.do == "list":
        async for place in program.db["waiting"].find().sort("since", 1):
            print(place["since"].isoformat(), place["_id"], place["type"], inbox.why(place))
    elif not asked.subject:
        raise SystemExit(f"Say which aggregate to {asked.do}: kind/id, as `waiting list` shows it before the #.")
    elif asked.do == "replay":
        done = await program.transact(inbox.replay, hearing, asked.subject)
        print(f"{done} messages of {asked.subject} handled.")
    else:
        passed = await program.transact(inbox.discard, hearing, asked.subject)
        print(f"Nothing of {asked.subject} had failed." if passed is None else f"Passed {asked.subject}#{passed}.")
