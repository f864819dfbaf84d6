"""A service's command line: serve, load its part of the city, send again, work off a queue, rebuild copies."""

import asyncio
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from services.kernel.domain.clock import now
from services.kernel.domain.decision import No
from services.kernel.running import resending
from services.kernel.running.filling import rebuild
from services.kernel.running.personal import rewrap
from services.kernel.running.program import Program, Service, begin, create_app
from services.kernel.running.serving import serve
from services.kernel.settings import Settings, load
from services.kernel.stream import people

City = Callable[[Program], Awaitable[None]]


def main(service: Service, settings: type[Settings], *, city: City, arguments: Sequence[str] | None = None) -> None:
    asked = parser(service).parse_args(arguments)
    found = load(settings)
    begin(service.name, found, command=asked.command is not None)
    program = Program(service, found)
    if asked.command is None:
        return serve(program, create_app(program))
    work: dict[str, City] = {
        "city": city,
        "resend": lambda program: resend(program, asked),
        "waiting": lambda program: waiting(program, asked),
        "rebuild": lambda program: rebuild(program, asked),
        "rotate": rotate,
        "erase": lambda program: erase(program, asked),
    }
    asyncio.run(once(program, work[asked.command]))


def parser(service: Service) -> ArgumentParser:
    made = ArgumentParser(
        prog=f"python -m services.{service.name}", description=f"{service.title}. Without a command: serve."
    )
    commands = made.add_subparsers(dest="command")
    commands.add_parser("city", help="load this service's part of the demonstration city, once")
    resend_parser(commands)
    waiting_parser(commands)
    rebuild_parser(commands)
    if service.personal:
        commands.add_parser("rotate", help="wrap the keys of personal data under the first of CITYGATE_ENCRYPTION_KEYS")
        gone = commands.add_parser("erase", help="erase what is personal, for ever")
        gone.add_argument("what", nargs="+", help="aggregates: kind/id")
        gone.add_argument("--reason", required=True, help="why, for the record")
    return made


def resend_parser(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The arguments of `resend`."""
    again = commands.add_parser("resend", help="send a span of the journal again; all of it refills an empty topic")
    again.add_argument("--since", type=moment, help="written at or after, ISO 8601")
    again.add_argument("--until", type=moment, help="written before, ISO 8601")
    again.add_argument("--subject", help="of one aggregate only: kind/id")
    again.add_argument("--run", help="name of a run that was begun before: follow it to its end")


def waiting_parser(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The arguments of `waiting`."""
    queue = commands.add_parser("waiting", help="messages that wait, and those that failed")
    queue.add_argument("do", choices=["list", "replay", "discard", "pass"], help="pass: go on behind what never came")
    queue.add_argument("where", nargs="?", help="a place (kind/id#3), an aggregate (kind/id) or a group of failures")
    queue.add_argument("--reason", default="-", help="why it is passed, for the record")
    queue.add_argument("--limit", type=int, default=20, help="places to list of each group")


def rebuild_parser(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The arguments of `rebuild`."""
    new = commands.add_parser("rebuild", help="fill new copies from the log, and read those when they have caught up")
    new.add_argument("--passing", action="store_true", help="pass messages that fail in the new ones, as discarded")


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
    """Begin the task, or follow one that was begun, and wait until it has ended."""
    id = asked.run or f"resend:{now():%Y%m%dT%H%M%S.%f}"
    if not asked.run:
        span = {"since": asked.since, "until": asked.until, "subject": asked.subject}
        await program.voice(resending.begin, id, **span, by=program.service.name, at=now())
    ended = await program.tasks.ended(id)
    if ended.why:
        raise SystemExit(f"{id} failed: {ended.why.detail}")
    print(
        f"Marked {ended.progress.done} records to be sent again; the relay of {program.service.name} sends them. "
        f"Run: {id}"
    )


async def rotate(program: Program) -> None:
    """What was killed goes on when it is run again."""
    for kind in program.service.personal:
        done = await rewrap(program.voice.db, kind, program.vault)
        print(f"{done} keys of {kind.KIND} are now wrapped under the first key.")
    print("When every replica has it first and a second run finds no more, the others may be taken away in a day.")


async def erase(program: Program, asked: Namespace) -> None:
    """Erase one after the other. What was erased before stays so: the same command may run again.

    Raises `SystemExit` at the end if some could not be erased.
    """
    failed = []
    actions = {kind.KIND: action for kind, action in program.service.personal.items()}
    for what in asked.what:
        kind, _, id = what.partition("/")
        if kind not in actions:
            raise SystemExit(f"{what}: say kind/id, where the kind is one of {', '.join(sorted(actions))}.")
        try:
            await program.voice(actions[kind], id, reason=asked.reason, at=now())
        except No as no:
            failed.append(f"{what}: {no.detail}")
        else:
            print(f"Erased what was personal in {what}.")
    if failed:
        raise SystemExit("\n".join(failed))


async def waiting(program: Program, asked: Namespace) -> None:
    """List the queues, or decide about them. Each command prints what it did."""
    listener, where = program.listener, asked.where
    if asked.do == "list":
        for group in people.grouped(await people.places(listener, where)):
            print(group.line, *(f"  {place.id}  {place.why}" for place in group.places[: asked.limit]), sep="\n")
    elif not where:
        raise SystemExit(
            f"Say what to {asked.do}: a place, an aggregate (kind/id) or a group, as `waiting list` shows."
        )
    elif asked.do == "replay":
        print(f"{await people.replay(listener, where)} messages of {where} handled.")
    elif asked.do == "discard":
        passed = await people.discard(listener, where, reason=asked.reason)
        print(*(f"Passed {place.id}; it is recorded." for place in passed), sep="\n")
        if not passed:
            print(f"Nothing of {where} is at the head of a queue. For messages that never came: waiting pass.")
    else:
        given_up = await people.pass_gap(listener, where, reason=asked.reason)
        for place, count in given_up:
            print(
                f"{place.handler} goes on with {place.id}: {count} messages before it are given up. What they said "
                "stays unknown here, also should they still come; it is recorded."
            )
        if not given_up:
            print(f"Nothing is missing before the head of a queue of {where}. For what failed: waiting discard.")
