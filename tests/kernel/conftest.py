"""Fixtures of several of the kernel's tests."""

from pathlib import Path

import pytest

from services.kernel.http import auth
from services.kernel.http.auth import Keys
from tests.kernel.issuer import World


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
