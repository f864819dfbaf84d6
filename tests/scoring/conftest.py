"""Scoring as it runs, on a database and topics of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.stack import Servers
from services.kernel.domain.event import Message
from services.kernel.running.program import Program
from services.scoring.__main__ import SERVICE
from services.scoring.settings import ScoringSettings
from services.scoring.store import evidence
from tests.support.services import running
from tests.support.topics import forget
from tests.support.waiting import eventually

Hear = Callable[[Sequence[Message]], Awaitable[None]]


@pytest.fixture
async def program(servers: Servers, namespace: str, tmp_path: Path) -> AsyncIterator[Program]:
    """It tells no schemes: positions begin with what a test tells."""
    async with running(replace(SERVICE, first=None), ScoringSettings, servers, namespace, tmp_path) as made:
        yield made


@pytest.fixture
async def working(program: Program) -> AsyncIterator[Program]:
    """With its listener and its relay running."""
    task = asyncio.create_task(program.work())
    await eventually(lambda: not program.listener.away)
    yield program
    task.cancel()
    await asyncio.wait([task])
    await forget(program.bus)


@pytest.fixture
def hear(working: Program) -> Hear:
    """Say these to scoring, through Kafka, and wait until it has handled all there is, its own words too."""

    async def all_is_heard() -> bool:
        unsent = await working.db["journal"].count_documents({"unsent": True})
        heard = not unsent and await working.listener.caught_up()
        return heard and not await evidence.behind(working.transact.reader())

    async def heard(messages: Sequence[Message]) -> None:
        await working.bus.send(messages)
        await eventually(all_is_heard)

    return heard
