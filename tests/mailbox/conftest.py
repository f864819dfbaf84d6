"""Mailbox as it runs, on a database of its own, with departments it has heard of."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.local.stack import Servers
from services.kernel.running.program import Program
from services.mailbox.__main__ import SERVICE
from services.mailbox.settings import MailboxSettings
from tests.mailbox.desk import Desk
from tests.mailbox.examples import registered
from tests.support.hearing import heard
from tests.support.services import Bearer, running


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    async with running(SERVICE, MailboxSettings, servers, namespace, tmp_path) as made:
        known = [registered("office"), registered("finance"), registered("water"), registered("archive", duties=False)]
        await heard(made.listener, known)
        yield made


@pytest.fixture
def desk(client: httpx.AsyncClient, bearer: Bearer) -> Desk:
    return Desk(client, bearer)
