"""Whatever the programs ask of MongoDB has an index: nothing is scanned, and nothing is sorted in memory.

Each program stands over some thousands of documents while all that its store can be asked, and every page and list it
gives, is asked. What went over the wire is then explained. A new question that is not asked here fails the test too.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from deploy.local import tokens
from deploy.local.stack import Servers
from gateway import __main__ as gateway_main
from gateway import prober
from gateway.program import Gateway, portal
from gateway.settings import GatewaySettings
from services.columns import __main__ as columns_main
from services.columns.settings import ColumnsSettings
from services.columns.store import column as columns_store
from services.kernel.domain.decision import Unknown
from services.kernel.domain.person import Role
from services.kernel.running.program import Program, create_app
from services.kernel.storage.files import Files
from services.kernel.storage.mongo import Database
from services.kernel.stream.relay import Relay, send_once
from services.mailbox import __main__ as mailbox_main
from services.mailbox import store as mailbox_store
from services.mailbox.domain import LetterState, tries
from services.mailbox.domain import reception as mailbox_reception
from services.mailbox.settings import MailboxSettings
from services.publishing import __main__ as publishing_main
from services.publishing import store as publishing_store
from services.publishing.domain import ItemState
from services.publishing.settings import PublishingSettings
from services.scoring import __main__ as scoring_main
from services.scoring.domain.score import Inputs
from services.scoring.settings import ScoringSettings
from services.scoring.store import evidence
from services.scoring.store import month as scoring_months
from tests.contracts import crowds
from tests.contracts.crowds import NOW, OWNERS
from tests.support.pieces import pieces
from tests.support.questions import Recording, pages_of, questions_of, recorded, slow
from tests.support.services import Bearer, running
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers
SHA = "0" * 64


class Reader:
    """Fetches what is there; of a list three portions."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers

    async def get(self, path: str, **query: Any) -> httpx.Response:
        answer = await self.client.get(path, params=query or None, headers=self.headers)
        assert answer.status_code in (200, 301, 302, 410), f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer

    async def through(self, path: str, part: str = "", **query: Any) -> None:
        for _ in range(3):
            found = (await self.get(path, limit=5, **query)).json()
            listing = found[part] if part else found
            assert listing["items"], f"{path} {query} is empty"
            if listing["next"] is None:
                return
            query["cursor"] = listing["next"]


@asynccontextmanager
async def reading(app: Any, headers: dict[str, str]) -> AsyncIterator[Reader]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        yield Reader(client, headers)


async def expect_indexed(db: Database, found: Recording, store: str, *doors: str) -> None:
    """All that the store can be asked and that the doors give was asked for, and MongoDB looks it all up."""
    declared = questions_of(store) | pages_of(*doors)

    assert {name for name, code in declared.items() if code not in found.ran} == set()
    assert "\n".join(await slow(db, found.questions)) == ""


async def come_due(program: Program) -> None:
    """A round of each sweep; what it told is sent, a few at first, then by the relay until nothing is left."""
    for sweep in program.service.sweeps():
        assert await sweep.once(program.transact, NOW)

    async def send(_: object) -> None:
        """Kafka is no part of this."""

    assert await send_once(program.db, send, limit=20)
    relay = Relay(program.db, send, program.transact.unsent)
    working = asyncio.create_task(relay.run())
    await eventually(lambda: all_sent(program.db))
    working.cancel()
    await asyncio.wait([working])


async def all_sent(db: Database) -> bool:
    return await db["journal"].count_documents({"unsent": True}) == 0


async def test_columns_looks_up_whatever_it_is_asked(
    servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer
) -> None:
    async with running(columns_main.SERVICE, ColumnsSettings, servers, namespace, tmp_path) as program:
        await crowds.columns(program)
        with recorded(namespace) as found:
            async with reading(create_app(program), bearer(Role.IT_BUREAU)) as reader:
                await reader.through("/departments")
                await reader.get(f"/departments/{OWNERS[0]}")
                await reader.get("/columns")
                await reader.get("/columns")  # as it was kept
                await reader.get("/columns", state="retired")
                await reader.get("/columns/c-c1")
            await columns_store.referred(program.transact.reader(), "nowhere")

        await expect_indexed(program.db, found, "services.columns.store", "services.columns.api")


async def test_mailbox_looks_up_whatever_it_is_asked(
    servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer
) -> None:
    async with running(mailbox_main.SERVICE, MailboxSettings, servers, namespace, tmp_path) as program:
        await crowds.mailbox(program)
        with recorded(namespace) as found:
            async with reading(create_app(program), bearer(Role.OFFICE)) as reader:
                for department, state, due in product((None, OWNERS[0]), (None, LetterState.CLOSED), (None, NOW)):
                    asked = {"department": department, "state": state, "due_before": due and due.isoformat()}
                    await reader.through("/letters", **{name: value for name, value in asked.items() if value})
                await reader.through("/letters", state=[LetterState.RECEIVED, LetterState.CLOSED])
                await reader.get("/letters/20260302-000001")
                await reader.get("/letters/20260302-000001/clock")
                await reader.get("/calendars")
                await reader.get("/calendars/2026")
                await reader.get("/policies")
            await mailbox_store.provisional(program.transact.reader())
            async with reading(create_app(program), bearer(Role.SERVICE)) as reader:
                check = await Files(program.db).put(pieces(b"x"), "text/plain", most=1, referenced=True)
                await reader.get(f"/content/{check.sha256}")
            policy = (await mailbox_reception.current_rules(program.transact.reader())).policy(NOW)
            with pytest.raises(Unknown):  # nothing told of departments here
                await mailbox_store.AtHand()(program.transact.reader(), "finance", at=NOW)
            await mailbox_store.count_wrong_code(program.db, tries("20260302-000001", "-"), policy, at=NOW)
            await come_due(program)

        rooms = "services.mailbox.store", "services.mailbox.api", "services.kernel.http.owner"
        await expect_indexed(program.db, found, *rooms)


async def test_publishing_looks_up_whatever_it_is_asked(
    servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer
) -> None:
    async with running(publishing_main.SERVICE, PublishingSettings, servers, namespace, tmp_path) as program:
        await crowds.publishing(program)
        with recorded(namespace) as found:
            for role in (Role.OFFICE, Role.EDITOR):
                async with reading(create_app(program), bearer(role, department=OWNERS[0])) as reader:
                    await reader.through("/items")
                    await reader.through("/items", state=ItemState.PUBLISHED)
                    await reader.through("/items", state=[ItemState.PUBLISHED, ItemState.DRAFT])
                    await reader.through("/items", department=OWNERS[0])
                    await reader.through("/items", department=OWNERS[0], state=ItemState.DRAFT)
                    await reader.get("/items/i1")
                    await reader.get("/items/i1/revisions/1")
                    await reader.get(f"/ledger/{OWNERS[0]}/verification")
                    await reader.through("/duties")
                    await reader.through("/duties", state="stale")
                    await reader.through("/duties", owner=OWNERS[0])
                    await reader.through("/duties", owner=OWNERS[0], state="current")
            read = program.transact.reader()
            await publishing_store.items(read, departments=OWNERS[:5], states=(), limit=5, after=None)
            await publishing_store.versions(read)
            await publishing_store.referred(read, "nowhere")
            await publishing_store.know(read, OWNERS)
            await publishing_store.duties_passed(read, NOW, limit=100)
            await come_due(program)

        await expect_indexed(program.db, found, "services.publishing.store", "services.publishing.api")


async def test_scoring_looks_up_whatever_it_is_asked(
    servers: Servers, namespace: str, tmp_path: Path, bearer: Bearer
) -> None:
    async with running(scoring_main.SERVICE, ScoringSettings, servers, namespace, tmp_path) as program:
        with recorded(namespace) as found:
            await crowds.scoring(program)
            async with reading(create_app(program), bearer(Role.OFFICE)) as reader:
                for month in ("2026-09", "2026-10"):
                    await reader.get(f"/assessments/{month}")
                    await reader.get(f"/assessments/{month}/finance")
                    await reader.get(f"/assessments/{month}/finance/facts", indicator="quantity")
            read = program.transact.reader()
            await scoring_months.months(read)
            await scoring_months.month(read, "2026-09")
            later = Inputs(
                position=await evidence.reached(read), scheme="qingyuan-2008/1", calendar="", month="2026-10", as_of=NOW
            )
            await scoring_months.whole(read, later)
            await scoring_months.replayed(read, later)
            await evidence.forget(read, at=NOW)

        await expect_indexed(program.db, found, "services.scoring.store", "services.scoring.api")


async def test_the_gateway_looks_up_whatever_it_is_asked(
    servers: Servers, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "MOST", 100_000)  # nobody takes out of its hand what the walk puts there
    async with a_gateway(servers, namespace, tmp_path) as program:
        with recorded(namespace) as found:
            await crowds.gateway(program)
            async with reading(portal(program), {}) as reader:
                for path in PAGES:
                    await reader.get(path)
                for path in ("/ledger/d01", "/api/v1/ledger/d01/verification"):
                    assert (await reader.client.get(path)).status_code == 503  # publishing is away
                for path in ("/api/v1/columns/p1", "/api/v1/departments/d01"):
                    await reader.through(path, "items")
                await reader.through("/api/v1/letters", "letters")
            assert not await program.kept.has(SHA)
            await program.drops.once()
            await program.prober.walk()

        await expect_indexed(program.db, found, "gateway.store", "gateway.pages", "gateway.api")


MONTH = f"{NOW:%Y-%m}"
SHOWN = [
    "/columns", "/columns/p1", "/columns/p9/p149", "/items/i1", "/items/i50", "/departments", "/departments/d01",
    "/letters", "/letters/R1", "/scores", f"/scores/{MONTH}", f"/scores/{MONTH}/d01",
    f"/scores/{MONTH}/d01/facts?indicator=quantity", "/scores/schemes", "/scores/schemes/qingyuan-2008/2",
]  # fmt: skip
ABOUT = [
    "/sitemap", "/privacy", "/accessibility", "/robots.txt", "/.well-known/security.txt", "/sitemap.xml",
    "/sitemaps/pages.xml", "/sitemaps/letters.xml", "/sitemaps/d01/2026.xml",
]  # fmt: skip
PAGES = [
    "/", "/api/v1/home", *SHOWN, *(f"/api/v1{path}" for path in SHOWN), "/letters/new", "/letters/status",
    "/letters/R0", "/api", "/api/docs", "/api/openapi.json", *ABOUT,
]  # fmt: skip


@asynccontextmanager
async def a_gateway(servers: Servers, namespace: str, keys: Path) -> AsyncIterator[Gateway]:
    """Prepared, and hearing nothing but what a test tells it."""
    said = {
        "mongo_url": servers.mongo_url, "kafka": servers.kafka_address, "namespace": namespace, "local": True,
        "jwks": str(tokens.make_key(keys)), "encryption_keys": Fernet.generate_key().decode(),
        "service_token": "of-the-gateway", "public_url": "http://127.0.0.1:1", "mailbox_url": "http://127.0.0.1:1",
        "publishing_url": "http://127.0.0.1:1", "scoring_url": "http://127.0.0.1:1",
    }  # fmt: skip
    made = Gateway(gateway_main.SERVICE, GatewaySettings.model_validate(said))
    await made.prepare()
    yield made
    await made.bus.close()
    for name in [n for n in await made.db.client.list_database_names() if n.startswith(namespace)]:
        await made.db.client.drop_database(name)
    made.db.client.close()
