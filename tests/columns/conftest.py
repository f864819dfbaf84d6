"""Columns as it runs, on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.stack import Servers
from services.columns.__main__ import SERVICE
from services.columns.settings import ColumnsSettings
from services.kernel.running.program import Program
from tests.columns.desk import FINANCE, Desk, done
from tests.support.services import Bearer, running


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    async with running(SERVICE, ColumnsSettings, servers, namespace, tmp_path) as made:
        yield made


@pytest.fixture
async def desk(client: httpx.AsyncClient, bearer: Bearer) -> Desk:
    """With the department of finance registered."""
    made = Desk(client, bearer)
    done(await client.post("/departments", json=FINANCE, headers=made.bureau), 201)
    return made
