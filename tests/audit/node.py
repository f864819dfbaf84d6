"""Node's packages by a lock, whose hashes npm compares, in a folder of our own."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from deploy.local.places import CACHE, Stop, full
from deploy.local.processes import Process, tail

HERE = Path(__file__).parent / "node"
HOME = CACHE / "audit"
FETCHING, RUNNING = 300.0, 240  # seconds


def fetch() -> None:
    """The packages, unless those of this lock are here, and our scripts beside them. `Stop` where that fails."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "fetching").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        lock, last = HERE / "package-lock.json", HOME / "node_modules" / ".package-lock.json"  # npm writes it last
        here = last.exists() and (HOME / lock.name).read_bytes() == lock.read_bytes()
        shutil.copytree(HERE, HOME, dirs_exist_ok=True)
        if here:
            return
        print("Fetching the audit's packages (about 230 MB, once) ...", flush=True)
        log = HOME / "fetch.log"
        log.unlink(missing_ok=True)
        if Process("npm", ["npm", "ci"], log, {}, folder=HOME).finish(FETCHING):
            away = "The audit's packages could not be fetched: is the npm registry reachable from here?"
            raise Stop(f"{tail(log, 5)}\n{full(tail(log)) or away}")


def run(*command: str) -> tuple[bool, list[str]]:
    """Whether one of the packages' commands, or a script of ours, succeeded; and the lines that it said."""
    env = os.environ | {"PATH": f"{HOME / 'node_modules' / '.bin'}:{os.environ['PATH']}"}
    env["CHROME_PATH"] = shutil.which("chromium") or ""
    done = subprocess.run(command, cwd=HOME, env=env, capture_output=True, text=True, timeout=RUNNING, check=False)
    return done.returncode == 0, (done.stdout + (done.stderr if done.returncode else "")).splitlines()
