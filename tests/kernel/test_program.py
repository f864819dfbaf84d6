"""A program is put together from its parts, or says why it cannot be."""

import inspect

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.columns import __main__ as columns
from services.kernel.domain.person import Role
from services.kernel.http.web import Table
from services.kernel.running.program import Service, must_agree
from services.mailbox import __main__ as mailbox
from services.publishing import __main__ as publishing
from services.scoring import __main__ as scoring

SERVICES = [columns.SERVICE, publishing.SERVICE, mailbox.SERVICE, scoring.SERVICE]


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_nothing_a_route_depends_on_runs_in_a_thread(service: Service) -> None:
    def called(dependant: Dependant) -> set[object]:
        below = {call for inner in dependant.dependencies for call in called(inner)}
        return below | {inner.call for inner in dependant.dependencies}

    routes = [route for route in service.router.routes if isinstance(route, APIRoute)]
    calls = {call for route in routes for call in called(route.dependant)}
    assert calls
    assert [call for call in calls if not inspect.iscoroutinefunction(call)] == []


def test_a_table_of_rights_that_differs_from_the_routes_keeps_the_program_from_starting() -> None:
    router = APIRouter()

    @router.patch("/bureaus/{code}")
    async def renamed(code: str) -> str:
        return code

    with pytest.raises(ValueError, match="PATCH /bureaus"):
        must_agree(router, Table({"GET /bureaus": {Role.OFFICE}}))
