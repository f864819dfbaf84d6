"""What only benchmarks or browser tests need comes from Debian's packages, where this machine can install them."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from deploy.local.places import Stop

COMMANDS = {"nodejs": "node"}  # by package, where the name differs


def missing(packages: Sequence[str]) -> list[str]:
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return [p for p in packages if not shutil.which(COMMANDS.get(p, p), path=path) and not is_installed(p)]


def is_installed(package: str) -> bool:
    if not shutil.which("dpkg-query"):
        return False
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True)
    return "install ok installed" in asked.stdout


def install(packages: Sequence[str]) -> None:
    """Those that are missing. Where that cannot be done: says what is left out, and in CI that is a failure."""
    wanted = missing(packages)
    if not wanted:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(wanted)} ...", flush=True)
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=env, capture_output=True)
        get = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *wanted]
        subprocess.run(get, env=env, capture_output=True)
        wanted = missing(packages)
    if wanted:
        names = ", ".join(wanted)
        if os.environ.get("CI"):
            raise Stop(f"{names} could not be installed, and in CI nothing may be left out.")
        print(
            f"Without {names}: what needs them is left out. To have it: apt-get install {' '.join(wanted)}", flush=True
        )
