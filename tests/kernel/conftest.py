"""Fixtures of several of the kernel's tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Servers
from services.kernel.http import auth
from services.kernel.http.auth import Keys
from services.kernel.running import current
from services.kernel.storage.mongo import Database
from services.kernel.stream import generation, measure
from services.kernel.stream.bus import Bus
from tests.kernel.issuer import World
from tests.kernel.versions import Code, Replicas, code_in


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path / "jwks.json")
    monkeypatch.setattr(auth, "monotonic", lambda: made.tick)
    fetch = Keys._fetch

    async def counted(keys: Keys) -> str:
        made.reads += 1
        return await fetch(keys)

    monkeypatch.setattr(Keys, "_fetch", counted)
    return made


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Code]:
    with code_in(tmp_path) as made:
        yield made


@pytest.fixture
async def replicas(
    db: Database, bus: Bus, servers: Servers, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Replicas]:
    monkeypatch.setattr(current, "LOOK", 0.1)
    await generation.make_indexes(db)
    made = Replicas(db, servers.kafka_address, namespace)
    yield made
    await made.end()


@pytest.fixture
def measured_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Often, and late after half a second."""
    monkeypatch.setattr(measure, "EVERY", 0.1)
    monkeypatch.setattr(measure, "PATIENCE", 1.0)
    monkeypatch.setattr(measure, "LATE", 0.5)
