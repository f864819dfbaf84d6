"""Publishing as it runs, on a database of its own, with columns and departments it has heard of."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.local.stack import Servers
from services.kernel.contracts.columns import Cadence, Publishers
from services.kernel.running.program import Program
from services.publishing.__main__ import SERVICE
from services.publishing.settings import PublishingSettings
from tests.publishing.desk import Desk
from tests.publishing.examples import column_opened, department_registered, message
from tests.support.hearing import heard
from tests.support.services import Bearer, running


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    async with running(SERVICE, PublishingSettings, servers, namespace, tmp_path) as made:
        at = datetime.now(UTC)
        opened = [
            column_opened("c-budget", at=at),
            column_opened("c-news", publishers=Publishers.ALL, at=at),
            column_opened("c-about", cadence=Cadence.NONE, at=at),
        ]
        registered = [department_registered(code, at=at) for code in ("finance", "health")]
        await heard(made.listener, [message(event) for event in (*registered, *opened)])
        yield made


@pytest.fixture
def desk(client: httpx.AsyncClient, bearer: Bearer) -> Desk:
    return Desk(client, bearer)
