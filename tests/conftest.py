"""Real servers for the whole run, started once; a database and topics of its own for each test."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import Browser

from deploy.local.stack import Servers
from services.kernel import telemetry
from services.kernel.domain.decision import Cause
from services.kernel.running.program import Program, create_app
from services.kernel.running.serving import inside
from services.kernel.storage import journal
from services.kernel.storage.mongo import Database, connect
from services.kernel.storage.transaction import Transactor
from services.kernel.stream import queue
from services.kernel.stream.bus import Bus
from tests.support import problems
from tests.support.browser import browsing
from tests.support.servers import running
from tests.support.services import Bearer, bearer_with
from tests.support.topics import forget

SEEN = "citygate/refused"  # among what pytest keeps between two runs


@pytest.fixture(scope="session", autouse=True)
def problems_noted(pytestconfig: pytest.Config) -> Iterator[None]:
    """What any program refuses in this run, and in the shared one before it."""
    if pytestconfig.getoption("--rest"):
        problems.add(pytestconfig.cache.get(SEEN, []))
    with problems.noted():
        yield


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that shares a run hands on what it has seen; the one that leads it keeps all that."""
    if hasattr(session.config, "workerinput"):
        session.config.workeroutput["refused"] = problems.as_lines()  # type: ignore[attr-defined]  # of xdist
    elif not session.config.getoption("--rest"):
        session.config.cache.set(SEEN, problems.as_lines())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    problems.add(node.workeroutput.get("refused", []))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """One mongod and one Kafka."""
    with running() as found:
        yield found


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as made:
        yield made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-faults", action="store_true", help="also the faults that take long (make faults)")
    parser.addoption("--rest", action="store_true", help="only what the shared run before this one left out")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What this run leaves out, it names: long faults unless asked for, browser tests without a browser, and what is
    true of a whole run only. What looks back on the run comes last.

    Where several processes share a run, what measures time or takes all there is of the machine is left to a run after
    it (`--rest`), and so is what looks back on both.
    """
    out = set()
    if not config.getoption("--all-faults"):
        out |= {item for item in items if item.get_closest_marker("all_faults")}
    if not shutil.which("chromium"):
        out |= {item for item in items if item.get_closest_marker("browser")}
    everything = [Path(each).resolve() for each in config.args] == [Path(__file__).parent]
    rest, shared = config.getoption("--rest"), hasattr(config, "workerinput")
    if rest or shared:
        out |= {item for item in items if left_to_the_rest(item) is shared}
    if not everything or config.getoption("-k") or config.getoption("-m"):
        out |= {item for item in items if item.get_closest_marker("whole")}
    config.hook.pytest_deselected(items=list(out))
    left = [item for item in items if item not in out]
    items[:] = sorted(left, key=lambda item: item.get_closest_marker("last") is not None)


def left_to_the_rest(item: pytest.Item) -> bool:
    marks = {mark.name for mark in item.iter_markers()}
    return bool(marks & {"alone", "last"}) or "faults" in item.path.parts


@pytest.fixture(autouse=True)
def logging() -> None:
    """As in production: plain tracebacks, no local variables; anew for each test, as some configure it themselves."""
    telemetry.configure("tests", "json")


@pytest.fixture
def namespace() -> str:
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
async def db(servers: Servers, namespace: str) -> AsyncIterator[Database]:
    """A fresh database with the kernel's own indexes."""
    made = connect(servers.mongo_url, f"{namespace}_sample")
    await journal.make_indexes(made)
    await queue.make_indexes(made)
    yield made
    await made.client.drop_database(made.name)
    made.client.close()


@pytest.fixture
def bearer(tmp_path: Path) -> Bearer:
    """Headers for a `program` with its keys in this test's folder."""
    return bearer_with(tmp_path)


@pytest.fixture
async def client(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    """To the `program` of the folder's own conftest."""
    transport = httpx.ASGITransport(create_app(program), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{program.service.name}") as made:
        yield made


@pytest.fixture
async def inner(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    """To the inside port of the same."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(inside(program)), base_url="http://inside") as made:
        yield made


@pytest.fixture
def transact(db: Database) -> Transactor:
    return Transactor(db, Cause(who="tester", request="request-1"))


@pytest.fixture
async def bus(servers: Servers, namespace: str) -> AsyncIterator[Bus]:
    """Topics of its own."""
    made = Bus(servers.kafka_address, namespace)
    assert await made.prepare() == []
    yield made
    await made.close()
    await forget(made)
