"""`make run`: starts everything in order, keeps it running, ends it in order."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

from deploy.local import mongo
from deploy.local.places import LOCAL, PROGRAMS, ROOT, Ports, Stop
from deploy.local.processes import Process, end_what_was_left, must_be_free, tail
from deploy.local.stack import STARTING, Keys, Servers, environment, is_ready, module, ports_of, program
from services.kernel.person import Role

RECORD = LOCAL / "run"
LOADED = LOCAL / "city.loaded"
SERVICES = ("columns", "publishing", "mailbox", "scoring")  # in this order: each hears those before it
CITY_SECONDS = 300.0


def say(line: str) -> None:
    print(line, flush=True)


@dataclass(slots=True)
class Supervisor:
    """One run from start to end."""

    ports: Ports
    servers: Servers
    keys: Keys = field(default_factory=lambda: Keys(LOCAL / "keys"))
    programs: list[Process] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    failures: dict[str, int] = field(default_factory=dict)

    def run(self, *, city: bool = True) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())
        try:
            self.start()
            if city and not self.stopping.is_set():
                self.load_city()
            self.tell()
            self.watch()
        finally:
            self.end()

    def start(self) -> None:
        began = time.monotonic()
        LOCAL.mkdir(exist_ok=True)
        mongo.free_space(LOCAL)
        for name in end_what_was_left(RECORD):
            say(f"Ended {name}, left by an earlier run.")
        self.check_ports()
        self.keys.make()
        say("Starting MongoDB and Kafka ...")
        self.servers.start()
        say("Starting " + ", ".join(PROGRAMS) + " ...")
        ports = ports_of(self.ports)
        for name in PROGRAMS:
            env = environment(name, ports, self.servers, self.keys)
            self.programs.append(program(name, env, record=RECORD))
            self.programs[-1].start()
        for process in self.programs:
            process.until(lambda name=process.name: self.stopping.is_set() or is_ready(ports[name]), STARTING)  # type: ignore[misc]  # the loop's name is bound
        say(f"Everything is ready after {time.monotonic() - began:.0f} s.")

    def check_ports(self) -> None:
        how = "End what listens there, or move all ports: make run PORT=9000"
        wanted = ports_of(self.ports)
        if not self.servers.given_mongo:
            wanted["MongoDB"] = self.ports.mongo
        if not self.servers.given_kafka:
            wanted |= {"Kafka": self.ports.kafka, "Kafka's controller": self.ports.controller}
        for name, port in wanted.items():
            must_be_free(name, port, how)

    def load_city(self) -> None:
        """Each service plays its own part of the demonstration's past, once."""
        if LOADED.exists() and not self.servers.given_mongo:
            return
        say("Loading the demonstration city ...")
        for process in (p for name in SERVICES for p in self.programs if p.name == name):
            log = LOCAL / "log" / f"city-{process.name}.log"
            with log.open("wb") as out:
                done = subprocess.run(
                    [sys.executable, "-m", module(process.name), "city"], env=os.environ | process.env, cwd=ROOT,
                    stdout=out, stderr=subprocess.STDOUT, timeout=CITY_SECONDS, start_new_session=True,
                )  # fmt: skip
            if self.stopping.is_set():
                return
            if done.returncode:
                raise Stop(f"The city's part of {process.name} could not be loaded:\n{tail(log)}")
            say(f"  {process.name}: {tail(log, 1)}")
        LOADED.touch()

    def tell(self) -> None:
        """Addresses, and a token for each role."""
        say("")
        for name, port in ports_of(self.ports).items():
            say(f"  {name:11} http://127.0.0.1:{port}{'' if name == 'gateway' else '/docs'}")
        say(f"  {'MongoDB':11} {self.servers.mongo_url}\n  {'Kafka':11} {self.servers.kafka_address}\n")
        for role in (r for r in Role if r is not Role.SERVICE):
            department = "finance" if role in (Role.EDITOR, Role.REVIEWER, Role.HANDLER) else ""
            variable = role.value.upper()
            say(f"export {variable}={self.keys.mint(role, department=department, sub=f'{role}-1')}")
        say("\nThe tokens are good for 30 days; editor, reviewer and handler belong to the department `finance`.")
        say("Ctrl-C ends everything; data stay in .local/, logs in .local/log/.")

    def watch(self) -> None:
        """Until told to stop; one that ended by itself is started again, ever more slowly."""
        everything = [p for p in (self.servers.mongo, self.servers.kafka, *self.programs) if p]
        while not self.stopping.wait(0.5):
            for process in everything:
                if not process.alive:
                    self.restart(process)

    def restart(self, process: Process) -> None:
        self.failures[process.name] = times = self.failures.get(process.name, 0) + 1
        seconds = min(2 ** (times - 1), 30)
        code = process.running.returncode if process.running else None
        say(f"{process.name} ended by itself (exit code {code}); starting it again in {seconds} s. Log: {process.log}")
        if not self.stopping.wait(seconds):
            process.start()

    def end(self) -> None:
        """The programs first, all at once, then the servers under them."""
        say("\nEnding ...")
        for process in self.programs:
            if process.running and process.alive:
                process.running.terminate()
        for process in self.programs:
            process.end()
        self.servers.end()
