"""Makes the virtual environment from the lock, then hands over to it; any Python can read that it is too old."""
# No f-strings, no annotated variables: an old Python must be able to read this far.

import errno
import hashlib
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, "lock.sha256")
FULL = "The disk is full: free some space (about 2 GB are needed) and run this again."
NO_VENV = "Python's venv module does not work here: install it (on Debian and Ubuntu: apt-get install python3-venv)."
NOT_INSTALLED = (
    "The packages of requirements.lock could not be installed: is the Python package registry reachable from here?"
)
SAID = (  # what venv and pip say, and what it means
    ("No space left", FULL),
    ("Retrying (", NOT_INSTALLED),  # pip says afterwards that it found no distribution
    ("DO NOT MATCH THE HASHES", "A package differs from requirements.lock and was not installed: try again, or ask."),
    (
        "No matching distribution",
        "A package of requirements.lock is not to be had for this machine, or not from its registry: "
        "Citygate runs on Linux (glibc) on x86-64; elsewhere in a container or a virtual machine.",
    ),
)
SAY = 10  # seconds between two lines of progress


def stop(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


def locked() -> str:
    with open(LOCK, "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest()


def installed() -> bool:
    if not os.path.exists(STAMP) or not os.path.exists(PYTHON):
        return False
    with open(STAMP) as stamp:
        return stamp.read() == locked()


def works() -> bool:
    """Whether the environment's Python is still the one whose packages lie there: a system upgrade changes it."""
    return subprocess.call([PYTHON, "-c", "import psutil"], stderr=subprocess.DEVNULL) == 0


def run(arguments: "list[str]", sentence: str, progress: object = None) -> None:
    """A command whose last words are shown, with a sentence for what they mean, should it fail."""
    lines = []
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    for line in child.stdout or ():
        lines.append(line.decode("utf-8", "replace").rstrip())
        if callable(progress):
            progress(lines[-1])
    if child.wait():
        said = "\n".join(lines)
        sys.stderr.write("\n".join(said.strip().splitlines()[-8:]) + "\n")
        stop(next((meaning for words, meaning in SAID if words in said), sentence))


class Progress:
    """A line now and then while pip fetches and installs."""

    def __init__(self) -> None:
        self.fetched = 0
        self.said_at = time.time()

    def __call__(self, line: str) -> None:
        fetching = line.startswith("Collecting ")
        self.fetched += fetching
        if line.startswith("Installing collected"):
            print("  installing them ...")
        elif fetching and time.time() - self.said_at > SAY:
            self.said_at = time.time()
            print("  %d packages fetched ..." % self.fetched)
        sys.stdout.flush()


def install() -> None:
    again = os.path.exists(STAMP) and not works()
    print("Making the virtual environment .venv from requirements.lock (a minute or two, once) ...")
    sys.stdout.flush()
    run([sys.executable, "-m", "venv"] + ["--clear"] * again + [VENV], NO_VENV)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    run(pip + ["--require-hashes", "-r", LOCK], NOT_INSTALLED, Progress())
    with open(STAMP, "w") as stamp:
        stamp.write(locked())


def ensure() -> None:
    """Install what the lock says unless that was done; of two who try at once, one waits for the other."""
    if installed() and works():
        return
    import fcntl

    if not os.path.isdir(os.path.join(ROOT, ".cache")):
        os.mkdir(os.path.join(ROOT, ".cache"))
    with open(os.path.join(ROOT, ".cache", "bootstrap"), "w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not (installed() and works()):
            install()


def main() -> None:
    if sys.version_info < (3, 11):
        stop(
            "Citygate needs Python 3.11 or newer; this is %d.%d. Run `make PYTHON=python3.12 ...` with a newer one."
            % sys.version_info[:2]
        )
    try:
        ensure()
    except KeyboardInterrupt:
        sys.exit(130)
    except EnvironmentError as error:
        if error.errno != errno.ENOSPC:
            raise
        stop(FULL)
    if len(sys.argv) > 1:
        os.chdir(ROOT)
        os.execv(PYTHON, [PYTHON, "-m", "deploy.local"] + sys.argv[1:])


if __name__ == "__main__":
    main()
