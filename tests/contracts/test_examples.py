"""The examples of each API work on the demonstration city: what is shown is done, or refused as the document says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.local.stack import Servers
from services.columns import city
from services.kernel.contracts.columns import ColumnOpened, DepartmentRegistered
from services.kernel.domain.event import Event
from services.kernel.domain.person import Role
from services.kernel.running.city import read
from services.kernel.running.program import Program, create_app
from tests.publishing.examples import message
from tests.support.documents import document, service, settings_of
from tests.support.examples import Examples
from tests.support.hearing import heard
from tests.support.services import Bearer, running

pytestmark = pytest.mark.servers
CITY = city.City.model_validate(read(city.__file__))
AT = datetime(2026, 1, 1, tzinfo=UTC)


def told() -> list[Event]:
    """The city's departments and columns, as columns tells them."""
    places = {column.path: column for column in CITY.columns}
    return [
        *(DepartmentRegistered(at=AT, code=each.code, **dict(each.profile)) for each in CITY.departments),
        *(
            ColumnOpened(
                at=AT, column_id=column.id, path=path, tree_version=number, level=column.level, position=number,
                parent_id=places[path.rpartition("/")[0]].id if "/" in path else None, name=column.name,
                kind=column.kind, cadence=column.cadence, owner=column.owner, publishers=column.publishers,
                classes=column.classes,
            )
            for number, (path, column) in enumerate(places.items(), 1)
        ),
    ]  # fmt: skip


@asynccontextmanager
async def asked(name: str, servers: Servers, namespace: str, keys: Path) -> AsyncIterator[tuple[Program, Examples]]:
    async with running(service(name), settings_of(name), servers, namespace, keys) as program:
        transport = httpx.ASGITransport(create_app(program))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{name}") as client:
            yield program, Examples(client, document(name))


async def test_the_examples_of_columns_work(servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer) -> None:
    async with asked("columns", servers, namespace, tmp_path) as (program, examples):
        bureau, leaders = bearer(Role.IT_BUREAU), bearer(Role.LEADING_GROUP)
        await city.load(program)

        assert await examples.send("POST /departments", bureau)
        assert await examples.send("PATCH /departments/{code}", bureau)
        for route in ("GET /departments", "GET /departments/{code}", "GET /columns", "GET /columns/{column_id}"):
            assert await examples.send(route, bureau), route
        [column] = await examples.send("POST /columns", bureau)
        assert await examples.send("POST /columns/{column_id}/decision", leaders, column_id=column["id"])
        [retired] = await examples.send("POST /columns/{column_id}/retirement", leaders, column_id=column["id"])

        assert retired["successor_id"] == "c-disclosure--notices"
        assert examples.left == set()


async def test_the_examples_of_publishing_work(
    servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer
) -> None:
    async with asked("publishing", servers, namespace, tmp_path) as (program, examples):
        editor, reviewer = bearer(Role.EDITOR), bearer(Role.REVIEWER)
        await heard(program.listener, [message(event) for event in told()])

        [item] = await examples.send("POST /items", editor)
        id = {"item_id": item["id"]}
        assert item["content"]["column_id"] == "c-disclosure--notices"
        assert await examples.send("PUT /items/{item_id}", editor, **id)
        assert await examples.send("POST /items/{item_id}/submission", editor, **id)
        [returned] = await examples.send("POST /items/{item_id}/review", reviewer, **id)
        assert returned["state"] == "returned"
        await examples.send("POST /items/{item_id}/withdrawal", editor, **id)
        for route in ("GET /items", "GET /duties", "GET /ledger/{department}/verification"):
            assert await examples.send(route, editor), route

        assert examples.left == set()


async def test_the_examples_of_mailbox_work(servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer) -> None:
    async with asked("mailbox", servers, namespace, tmp_path) as (program, examples):
        gateway, office = bearer(Role.SERVICE), bearer(Role.OFFICE)
        await heard(program.listener, [message(each) for each in told() if isinstance(each, DepartmentRegistered)])

        [written] = await examples.send("POST /letters", gateway)
        id = {"id": written["receipt"]}
        for step in ("transfer", "acceptance", "answer", "disclosure", "closing", "contact"):
            assert await examples.send(f"POST /letters/{{id}}/{step}", office, **id), step
        for step in ("status", "rating"):
            await examples.send(f"POST /letters/{{id}}/{step}", gateway, **id)
        assert await examples.send("PUT /calendars/{year}", office)
        await examples.send("PUT /policies/{policy}", office)
        for route in ("GET /letters", "GET /calendars", "GET /calendars/{year}", "GET /policies"):
            assert await examples.send(route, office), route

        assert examples.left == set()


async def test_the_examples_of_scoring_work(servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer) -> None:
    async with asked("scoring", servers, namespace, tmp_path) as (_, examples):
        office = bearer(Role.OFFICE)
        await examples.send("POST /replays", office)
        for route in ("", "/{department}", "/{department}/facts"):
            await examples.send(f"GET /assessments/{{month}}{route}", office)

        assert examples.left == set()
