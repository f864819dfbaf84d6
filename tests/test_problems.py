"""What programs refused in this run, beside what their routes list: neither says more than the other.

Runs last; where several processes share a run, as in `make test`, in the run after it.
"""

import pytest

from deploy import problems as documents
from deploy.local.places import PROGRAMS
from gateway import __main__ as gateway
from services.columns import __main__ as columns
from services.kernel.domain import refusals
from services.kernel.domain.decision import Refusal
from services.kernel.http import owner, tasks
from services.kernel.running.program import Service
from services.mailbox import __main__ as mailbox
from services.publishing import __main__ as publishing
from services.scoring import __main__ as scoring
from tests.support import problems
from tests.support.problems import Route

pytestmark = [pytest.mark.last, pytest.mark.servers]
SERVICES = [columns.SERVICE, publishing.SERVICE, mailbox.SERVICE, scoring.SERVICE, gateway.SERVICE]
ANYWHERE = {each.code for each in (*refusals.EVERYWHERE, *refusals.GUARDED, *refusals.WRITING)}
FETCHED = ("GET /content/{sha256}", "GET /tasks/{task_id}")  # met in the kernel's own tests and in some services


def listed(service: Service) -> dict[str, set[str]]:
    says: dict[str, tuple[Refusal, ...]] = {name: tuple(found) for name, found in service.says.items()}
    if service.may is not None:
        says |= {name: tuple(found) for name, found in {**owner.SAYS, **tasks.SAYS}.items()}
    return {route: {each.code for each in found} for route, found in says.items()}


def others(service: Service) -> set[str]:
    """What is said by the program behind it, and met in the tests of that one."""
    said = documents.passed_on().values() if service is gateway.SERVICE else ()
    return {each["code"] for says in said for each in says}


def seen() -> dict[Route, set[str]]:
    """By the programs' APIs; the portal's pages are for people, and show problems as pages."""
    found = {route: codes - ANYWHERE for route, codes in problems.SEEN.items() if route[0] in PROGRAMS}
    return {(name, route): codes for (name, route), codes in found.items() if name != "gateway" or "/api/" in route}


def test_no_route_refuses_in_a_way_that_it_does_not_list() -> None:
    everything = {(each.name, route): codes for each in SERVICES for route, codes in listed(each).items()}

    more = {route: sorted(codes - everything.get(route, set())) for route, codes in seen().items()}
    assert {route: codes for route, codes in more.items() if codes} == {}


@pytest.mark.whole
def test_every_refusal_that_a_route_lists_was_met_by_some_test() -> None:
    found = seen()

    less = {
        (each.name, route): sorted(codes - ANYWHERE - others(each) - found.get((each.name, route), set()))
        for each in SERVICES
        for route, codes in listed(each).items()
        if route not in FETCHED
    }
    assert {route: codes for route, codes in less.items() if codes} == {}
