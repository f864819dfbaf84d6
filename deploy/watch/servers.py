"""A real Prometheus and Alertmanager: from the PATH, else from Debian's packages, unpacked without root."""

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from deploy.local.places import CACHE, Stop, full

HOME = CACHE / "watch"
PACKAGES = ("prometheus", "prometheus-alertmanager")
PROMETHEUS, ALERTMANAGER = ("prometheus",), ("alertmanager", "prometheus-alertmanager")
KEPT = "7d"  # of measurements


def found(names: Sequence[str]) -> Path | None:
    """A command by one of its names."""
    for name in names:
        if there := shutil.which(name):
            return Path(there)
        if (unpacked := HOME / "usr" / "bin" / name).exists():
            return unpacked
    return None


def fetch() -> None:
    """Unless both are here. `Stop` where this machine has no Debian packages to take them from."""
    if found(PROMETHEUS) and found(ALERTMANAGER):
        return
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise Stop(
            "make watch needs Prometheus and Alertmanager: put the commands prometheus and alertmanager on the PATH. "
            "On Debian and Ubuntu they are fetched by themselves."
        )
    downloads = HOME / "packages"
    downloads.mkdir(parents=True, exist_ok=True)
    print("Fetching Prometheus and Alertmanager (about 30 MB, once) ...", flush=True)
    asked = subprocess.run(["apt-get", "download", *PACKAGES], cwd=downloads, capture_output=True, text=True)
    if asked.returncode and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True)
        asked = subprocess.run(["apt-get", "download", *PACKAGES], cwd=downloads, capture_output=True, text=True)
    for package in downloads.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, HOME], check=True)
    shutil.rmtree(downloads)
    if not (found(PROMETHEUS) and found(ALERTMANAGER)):
        said = asked.stderr.strip()[-300:]
        raise Stop(full(said, HOME) or f"Prometheus could not be fetched; install {' and '.join(PACKAGES)}. {said}")


def needed(names: Sequence[str]) -> str:
    there = found(names)
    assert there, f"{names[0]} was fetched before"
    return str(there)


def prometheus(config: Path, data: Path, port: int) -> list[str]:
    """Its command. `config`: a folder with `prometheus.json`, `consoles` and `assets`, as `config.write` makes it."""
    command = [
        needed(PROMETHEUS), f"--config.file={config / 'prometheus.json'}", f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={KEPT}", f"--web.listen-address=127.0.0.1:{port}",
        f"--web.console.templates={config / 'consoles'}", f"--web.console.libraries={config / 'consoles'}",
        f"--web.user-assets={config / 'assets'}", "--web.enable-lifecycle", "--log.level=warn",
    ]  # fmt: skip
    assets = HOME / "usr" / "share" / "prometheus" / "web"
    return [*command, f"--web.local-assets={assets}"] if Path(command[0]).is_relative_to(HOME) else command


def alertmanager(config: Path, data: Path, port: int) -> list[str]:
    """Its command. It is alone: no cluster.

    Debian's looks for its templates where it would have been installed. Unpacked, it sees them there by a mount that
    nobody else sees, for which nobody needs to be root.
    """
    command = [
        needed(ALERTMANAGER), f"--config.file={config / 'alertmanager.json'}", f"--storage.path={data}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    if not Path(command[0]).is_relative_to(HOME):
        return command
    mount = f"mount -t overlay overlay -o lowerdir={HOME / 'usr' / 'share'}:/usr/share /usr/share"
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh", *command]


def answers(port: int) -> bool:
    """Whether one of the two is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
