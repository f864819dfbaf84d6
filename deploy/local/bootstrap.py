"""Makes the virtual environment from the lock, then hands over to it; any Python can read that it is too old."""
# No f-strings, no annotations: an old Python must be able to read this far.

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, "lock.sha256")


def stop(sentence):
    sys.stderr.write(sentence + "\n")
    sys.exit(1)


def locked():
    with open(LOCK, "rb") as lock:
        return hashlib.sha256(lock.read()).hexdigest()


def installed():
    if not os.path.exists(STAMP) or not os.path.exists(PYTHON):
        return False
    with open(STAMP) as stamp:
        return stamp.read() == locked()


def run(arguments, sentence):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace")
        sys.stderr.write("\n".join(said.strip().splitlines()[-8:]) + "\n")
        if "No space left" in said:
            sentence = "The disk is full: free some space (about 1 GB is needed) and run this again."
        stop(sentence)


def install():
    print("Making the virtual environment .venv from requirements.lock (about a minute, once) ...")
    sys.stdout.flush()
    run(
        [sys.executable, "-m", "venv", VENV],
        "Python's venv module does not work here: install it (on Debian and Ubuntu: apt-get install python3-venv).",
    )
    run(
        [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", LOCK],
        "The packages of requirements.lock could not be installed: is the Python package registry reachable from here?",
    )
    with open(STAMP, "w") as stamp:
        stamp.write(locked())


def main():
    if sys.version_info < (3, 11):
        stop(
            "Citygate needs Python 3.11 or newer; this is %d.%d. Run `make PYTHON=python3.12 ...` with a newer one."
            % sys.version_info[:2]
        )
    if not installed():
        install()
    if len(sys.argv) > 1:
        os.chdir(ROOT)
        os.execv(PYTHON, [PYTHON, "-m", "deploy.local"] + sys.argv[1:])


if __name__ == "__main__":
    main()
