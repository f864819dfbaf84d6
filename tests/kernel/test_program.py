"""A program is put together from its parts, or says why it cannot be."""

import asyncio
import inspect
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from prometheus_client import REGISTRY

from deploy.local.stack import Servers
from services.columns import __main__ as columns
from services.columns.settings import ColumnsSettings
from services.kernel import telemetry
from services.kernel.domain import clock
from services.kernel.domain.person import Role
from services.kernel.http.web import Table
from services.kernel.running import parts
from services.kernel.running.parts import for_ever
from services.kernel.running.program import Service, must_agree
from services.mailbox import __main__ as mailbox
from services.publishing import __main__ as publishing
from services.scoring import __main__ as scoring
from tests.support.services import running
from tests.support.waiting import eventually

SERVICES = [columns.SERVICE, publishing.SERVICE, mailbox.SERVICE, scoring.SERVICE]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_nothing_a_route_depends_on_runs_in_a_thread(service: Service) -> None:
    def called(dependant: Dependant) -> set[object]:
        below = {call for inner in dependant.dependencies for call in called(inner)}
        return below | {inner.call for inner in dependant.dependencies}

    routes = [route for route in service.router.routes if isinstance(route, APIRoute)]
    calls = {call for route in routes for call in called(route.dependant)}
    assert calls
    waits = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    assert [call for call in calls if not any(kind(call) for kind in waits)] == []


def test_a_table_of_rights_that_differs_from_the_routes_keeps_the_program_from_starting() -> None:
    router = APIRouter()

    @router.patch("/bureaus/{code}")
    async def renamed(code: str) -> str:
        return code

    with pytest.raises(ValueError, match="PATCH /bureaus"):
        must_agree(router, Table({"GET /bureaus": {Role.OFFICE}}))


class Part:
    """Ends as told, one way after the other; then it runs. Notes when it began each time."""

    def __init__(self, *ends: BaseException | None) -> None:
        self.ends, self.begun = list(ends), list[float]()

    async def __call__(self) -> None:
        self.begun.append(asyncio.get_running_loop().time())
        if not self.ends:
            await asyncio.Event().wait()
        if error := self.ends.pop(0):
            raise error


def failures(part: str) -> float | None:
    return REGISTRY.get_sample_value("citygate_part_failures_total", {"part": part})


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PAUSE", 0.01)
    monkeypatch.setattr(parts, "LONGEST_PAUSE", 0.04)


@pytest.mark.usefixtures("_quick")
async def test_a_part_is_started_again_whatever_it_dies_of_and_the_pauses_grow(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.configure("tests", "json")
    part = Part(ValueError("broken"), None, asyncio.CancelledError(), ExceptionGroup("two", [OSError()]), None)
    running = asyncio.create_task(for_ever("dying", part))
    await eventually(lambda: len(part.begun) == 6)
    running.cancel()
    await asyncio.wait([running])

    pauses = [after - before for before, after in zip(part.begun, part.begun[1:], strict=False)]
    assert all(pause >= least for pause, least in zip(pauses, [0.01, 0.02, 0.04, 0.04, 0.04], strict=True))
    assert failures("dying") == 5
    assert capsys.readouterr().out.count("part.failed") == 3
    assert running.cancelled()


@pytest.mark.usefixtures("_quick")
async def test_a_part_that_may_end_is_done_when_it_ends_well_and_only_then() -> None:
    part = Part(KeyError("broken"), None)

    await for_ever("ending", part, may_end=True)

    assert len(part.begun) == 2
    assert failures("ending") == 1


@pytest.mark.servers
@pytest.mark.parametrize(("seconds", "said"), [(-3600, "3600 s"), (-3, ""), (0, ""), (3, ""), (86_400, "86400 s")])
async def test_a_host_whose_clock_differs_from_mongodbs_is_unready_and_says_by_how_much(
    servers: Servers, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int, said: str
) -> None:
    host = clock.host
    monkeypatch.setattr(clock, "host", lambda: host() + timedelta(seconds=seconds))
    async with running(columns.SERVICE, ColumnsSettings, servers, namespace, tmp_path) as program:
        wrong = await program.unready()

    assert said in wrong.get("clock", "")
    assert ("clock" in wrong) == bool(said)
