"""What a run of tests was refused, beside what the routes list."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from fastapi import Request, Response

from services.kernel.domain.decision import No, Words
from services.kernel.http import problem

Route = tuple[str, str]
"""A service, and `METHOD /path`."""

SEEN: dict[Route, set[str]] = defaultdict(set)


def route_of(request: Request) -> Route | None:
    """None where no route was found, or outside of a program."""
    route, app = request.scope.get("route"), request.scope.get("app")
    program = getattr(getattr(app, "state", None), "program", None)
    if route is None or program is None:
        return None
    return program.service.name, f"{request.method} {route.path_format}"


@contextmanager
def noted() -> Iterator[None]:
    """While it lasts, whatever any program in this process refuses is noted."""
    made = problem.refusal

    def noting(
        request: Request, error: No, errors: Iterable[tuple[str, Words]] = (), headers: Mapping[str, str] | None = None
    ) -> Response:
        if route := route_of(request):
            SEEN[route].add(error.code)
        return made(request, error, errors, headers)

    problem.refusal = noting
    try:
        yield
    finally:
        problem.refusal = made


def as_lines() -> list[Any]:
    """For another process, as JSON has them."""
    return sorted((service, route, sorted(codes)) for (service, route), codes in SEEN.items())


def add(lines: Iterable[Any]) -> None:
    """What another process has seen."""
    for service, route, codes in lines:
        SEEN[service, route].update(codes)
