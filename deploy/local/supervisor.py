"""`make run`: starts everything in order, keeps it running, ends it in order."""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.local.changes import Changes
from deploy.local.places import LOCAL, PROGRAMS, Ended, Ports, Stop, full
from deploy.local.processes import Process, end_what_was_left, must_be_free, tail
from deploy.local.stack import (
    STARTING,
    Keys,
    Servers,
    environment,
    exports,
    inside_of,
    is_ready,
    module,
    ports_of,
    program,
)
from deploy.local.watch import Watched
from deploy.watch import config
from deploy.watch.servers import alertmanager, answers, fetch, prometheus

SERVICES = ("columns", "publishing", "mailbox", "scoring")  # in this order: each hears those before it
CITY_SECONDS = 300.0
WAKE = 0.5  # seconds between two looks at whether the end was asked for
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(line: str) -> None:
    """Nobody may be reading any more; what runs must be ended all the same."""
    with suppress(OSError):
        print(line, flush=True)


@dataclass(slots=True)
class Supervisor:
    """One run from start to end; what it starts it also ends.

    `programs` know their inside ports by CITYGATE_INSIDE_PORT; the parts of `city` end by themselves and are run
    one after another. `eyes`: Prometheus and Alertmanager, where somebody watches.
    """

    ports: Ports
    servers: Servers
    programs: Sequence[Process]
    keys: Keys
    city: Sequence[Process] = ()
    home: Path = LOCAL
    changes: Changes | None = None
    eyes: Sequence[Process] = ()
    ending: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    watchers: list[threading.Thread] = field(default_factory=list)

    def run(self) -> None:
        for number in SIGNALS:
            signal.signal(number, lambda *_: self.ending.set())
        self.servers.ending = self.ending
        for name in end_what_was_left(self.home / "run"):
            say(f"Ended {name}, left by an earlier run.")
        self.check_ports()
        try:
            self.start()
            self.load_city()
            self.tell()
            while not self.ending.wait(WAKE):
                pass  # a signal that reached another thread wakes nobody, and is seen at the next turn
        except (Stop, Ended):
            if not self.ending.is_set():  # what Ctrl-C tore down is no failure
                raise
        finally:
            self.end()

    def start(self) -> None:
        began = time.monotonic()
        say("Starting MongoDB and Kafka ...")
        self.servers.start()
        say("Starting " + ", ".join(process.name for process in self.programs) + " ...")
        for process in (*self.programs, *self.eyes):
            process.start()
        for process in self.programs:
            process.until(partial(is_ready, int(process.env["CITYGATE_INSIDE_PORT"])), STARTING, ending=self.ending)
        for process, port in zip(self.eyes, (self.ports.prometheus, self.ports.alertmanager), strict=False):
            process.until(partial(answers, port), STARTING, ending=self.ending)
        say(f"Everything is ready after {time.monotonic() - began:.0f} s.")
        self.watchers = [threading.Thread(target=self.watch, name="watch")]
        if self.changes:
            self.watchers.append(threading.Thread(target=self.changes.see, args=(self.over,), name="changes"))
        for watcher in self.watchers:
            watcher.start()

    def check_ports(self) -> None:
        other = 10_000 if self.ports.base == 9000 else 9000
        how = f"End what listens there, or move all ports: make run PORT={other}"
        wanted = ports_of(self.ports) | {f"the inside of {name}": port for name, port in inside_of(self.ports).items()}
        if not self.servers.given_mongo:
            wanted["MongoDB"] = self.ports.mongo
        if not self.servers.given_kafka:
            wanted |= {"Kafka": self.ports.kafka, "Kafka's controller": self.ports.controller}
        if self.eyes:
            wanted |= {"Prometheus": self.ports.prometheus, "Alertmanager": self.ports.alertmanager}
        for name, port in wanted.items():
            must_be_free(name, port, how)

    def load_city(self) -> None:
        """Each service plays its own part of the demonstration's past: once per namespace, unless servers are given."""
        loaded = self.home / f"{os.environ.get('CITYGATE_NAMESPACE') or 'citygate'}.loaded"
        if not self.city or (loaded.exists() and not self.servers.given_mongo):
            return
        say("Loading the demonstration city ...")
        for part in self.city:
            part.log.unlink(missing_ok=True)
            if part.finish(CITY_SECONDS, ending=self.ending):
                end = tail(part.log)
                raise Stop(
                    f"{part.name} did not succeed. The end of {part.log}:\n{end}\n{full(end, part.log.parent)}".rstrip()
                )
            say(f"  {part.name}: {tail(part.log, 1)}")
        loaded.touch()

    def tell(self) -> None:
        """Addresses, and what a second terminal needs."""
        say("")
        for name, port in ports_of(self.ports).items():
            say(f"  {name:11} http://127.0.0.1:{port}{'' if name == 'gateway' else '/docs'}")
        inside = inside_of(self.ports).values()
        say(f"  {'inside':11} /readyz and /metrics of each, in this order: ports {min(inside)} to {max(inside)}")
        if self.eyes:
            say(f"  {'dashboards':11} http://127.0.0.1:{self.ports.prometheus}/consoles/city.html")
            say(f"  {'alerts':11} http://127.0.0.1:{self.ports.alertmanager}")
        say(f"  {'MongoDB':11} {self.servers.mongo_url}\n  {'Kafka':11} {self.servers.kafka_address}\n")
        for name, value in exports(ports_of(self.ports), inside_of(self.ports), self.keys, self.home).items():
            say(f"export {name}={value}")
        say("\nPaste these lines into a second terminal: README.md and docs/api/ go on from there.")
        say("The tokens are good for 30 days; editor, reviewer and handler belong to the department `finance`.")
        say("Ctrl-C ends everything; data stay in .local/, logs in .local/log/.")

    def watch(self) -> None:
        """Beside all else, until the end: what ended by itself, or has changed, is started again."""
        everything = [Watched(p) for p in (self.servers.mongo, self.servers.kafka, *self.programs, *self.eyes) if p]
        while not self.over.wait(0.2) and not self.ending.is_set():
            self.renew(everything)
            for each in everything:
                try:
                    if line := each.look(time.monotonic()):
                        say(line)
                except OSError as error:
                    say(f"{each.process.name} could not be started: {full(str(error), self.home) or error}")

    def renew(self, everything: Sequence[Watched]) -> None:
        """Those whose files changed: asked to end all at once, then one by one."""
        changed = self.changes.taken() if self.changes else {}
        concerned = [each for each in everything if each.process.name in changed]
        for each in concerned:
            each.process.ask()
        for each in concerned:
            say(f"{changed[each.process.name]} has changed: {each.process.name} is started again.")
            each.renew(time.monotonic())

    def end(self) -> None:
        """The programs first, all at once, then the servers under them."""
        say("\nEnding ...")
        self.over.set()
        for watcher in self.watchers:
            watcher.join()
        for process in (*self.programs, *self.eyes):
            process.ask()
        for process in (*self.programs, *self.eyes):
            process.end()
        self.servers.end()


def of_this_checkout(port: int, *, city: bool = True, dev: bool = False, watch: bool = False) -> Supervisor:
    """The two servers, the five programs and their city of `make run`.

    `dev`: programs follow their files. `watch`: with Prometheus and Alertmanager.
    """
    ports, record, keys = Ports(port), LOCAL / "run", Keys(LOCAL / "keys")
    servers = Servers(LOCAL, ports.mongo, ports.kafka, ports.controller, record)
    keys.make()
    env = {name: environment(name, ports_of(ports), servers, keys, inside=ports.inside(name)) for name in PROGRAMS}
    programs = [program(name, env[name], record=record) for name in PROGRAMS]
    parts = [
        Process(
            f"{name}-city",
            [sys.executable, "-m", module(name), "city"],
            LOCAL / "log" / f"{name}-city.log",
            env[name],
            record,
        )
        for name in (SERVICES if city else ())
    ]
    changes, eyes = Changes() if dev else None, watching(ports, record) if watch else ()
    return Supervisor(ports, servers, programs, keys, parts, changes=changes, eyes=eyes)


def watching(ports: Ports, record: Path) -> Sequence[Process]:
    """Prometheus and Alertmanager, told where the programs are. `Stop` where they cannot be had."""
    home = LOCAL / "watch"
    fetch()
    config.write(home, inside=inside_of(ports), alertmanager=ports.alertmanager)
    commands = {
        "prometheus": prometheus(home, home / "measured", ports.prometheus),
        "alertmanager": alertmanager(home, home / "alerts", ports.alertmanager),
    }
    return [Process(name, said, LOCAL / "log" / f"{name}.log", {}, record) for name, said in commands.items()]
