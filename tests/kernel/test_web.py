"""The edges every API shares, seen from outside."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import APIRouter
from pydantic import Field

from deploy.local import tokens
from deploy.local.stack import Servers
from services.kernel.domain.person import Role
from services.kernel.http.listing import Listing, Wanted
from services.kernel.http.web import Answer, Body, Caller, Door, IfMatch, Read, Table, View
from services.kernel.running.program import Program, Service, create_app
from services.kernel.settings import Settings
from services.kernel.storage.mongo import Index
from tests.support.sample import Bureau, found_bureau, rename_bureau

pytestmark = pytest.mark.servers
router = APIRouter(route_class=Door)
MAY = Table(
    {
        "POST /bureaus": {Role.IT_BUREAU},
        "PATCH /bureaus/{code}": {Role.IT_BUREAU},
        "GET /bureaus": {Role.IT_BUREAU, Role.EDITOR},
        "GET /bureaus/slow": {Role.IT_BUREAU},
        "GET /bureaus/broken": {Role.IT_BUREAU},
    }
)


class NewBureau(Body):
    code: str = Field(min_length=1, max_length=20)
    name: str = Field(min_length=1, max_length=100_000)


class NewName(Body):
    name: str = Field(max_length=40)


class BureauView(View):
    id: str
    name: str


@router.post("/bureaus", status_code=201, summary="Found a bureau")
async def found(body: NewBureau, answer: Answer) -> BureauView:
    return await answer(BureauView.of, found_bureau, body.code, name=body.name)


@router.patch("/bureaus/{code}", summary="Rename a bureau")
async def renamed(code: str, body: NewName, answer: Answer, by: Caller, expected: IfMatch = None) -> BureauView:
    return await answer(BureauView.of, rename_bureau, code, body.name, expected=expected)


@router.get("/bureaus", summary="All bureaus")
async def listed(read: Read, portion: Wanted) -> Listing[BureauView]:
    bureaus = await read.find(Bureau, {}, sort="name", limit=portion.reach, after=portion.after)
    return portion.listing(bureaus, sort="name", view=BureauView.of)


@router.get("/bureaus/slow", summary="Takes too long")
async def slow() -> None:
    await asyncio.Event().wait()


@router.get("/bureaus/broken", summary="Has a defect")
async def broken() -> None:
    raise ZeroDivisionError("secret detail")


SERVICE = Service(name="sample", title="Sample", router=router, may=MAY, indexes=[Index(of=Bureau, keys=("name",))])


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    tokens.make_key(tmp_path)
    return tmp_path


@pytest.fixture
def settings(servers: Servers, namespace: str, keys: Path) -> Settings:
    return Settings(
        mongo_url=servers.mongo_url, kafka=servers.kafka_address, port=1, namespace=namespace, local=True,
        jwks=str(keys / "jwks.json"), encryption_keys=Fernet.generate_key().decode(),
        public_url="https://city.example", request_seconds=2, request_bytes=200_000,
    )  # fmt: skip


def bearer(keys: Path, *roles: Role) -> dict[str, str]:
    minted = tokens.mint(keys, sub="li", name="李", roles=roles, department="finance", at=datetime.now(UTC), days=1)
    return {"Authorization": f"Bearer {minted}"}


@pytest.fixture
async def program(settings: Settings) -> AsyncIterator[Program]:
    made = Program(SERVICE, settings)
    await made.prepare()
    yield made
    await made.db.client.drop_database(made.db.name)
    made.db.client.close()


@pytest.fixture
async def client(program: Program, keys: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(program), raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://sample", headers=bearer(keys, Role.IT_BUREAU)
    ) as made:
        yield made


def expect_problem(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, object] = answer.json()
    assert (answer.status_code, found["status"], found["code"]) == (status, status, code), answer.text
    assert found["title"]
    assert found["detail"]
    assert found["request"] == answer.headers["x-request-id"]
    return found


NEW = {"code": "finance", "name": "财政局"}


async def test_an_answer_carries_the_version_as_its_etag(client: httpx.AsyncClient) -> None:
    answer = await client.post("/bureaus", json=NEW)

    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.json() == {"version": 1, "id": "finance", "name": "财政局"}


async def test_a_caller_without_a_token_is_told_so_before_the_body_is_looked_at(client: httpx.AsyncClient) -> None:
    answer = await client.post("/bureaus", content=b"{not json", headers={"Authorization": ""})

    expect_problem(answer, 401, "token.missing")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_role_that_may_not_is_told_which_may(client: httpx.AsyncClient, keys: Path) -> None:
    answer = await client.post("/bureaus", json=NEW, headers=bearer(keys, Role.EDITOR))

    assert "it_bureau" in str(expect_problem(answer, 403, "role.not_allowed")["detail"])


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{not json", "body"),
        (b"", "body"),
        (b"[]", "body"),
        (b'{"code": "x"}', "body.name"),
        (b'{"code": "x", "name": 5}', "body.name"),
        (b'{"code": "x", "name": "y", "more": 1}', "body.more"),
        (b'{"code": "", "name": "y"}', "body.code"),
        (b'{"code": "\xff", "name": "y"}', "body"),
    ],
)
async def test_a_malformed_body_is_named_field_by_field(client: httpx.AsyncClient, body: bytes, where: str) -> None:
    answer = await client.post("/bureaus", content=body, headers={"Content-Type": "application/json"})

    if answer.status_code == 400:
        expect_problem(answer, 400, "request.malformed")
    else:
        errors = expect_problem(answer, 422, "request.malformed")["errors"]
        assert isinstance(errors, list)
        assert errors[0]["where"].startswith(where)
    assert (await client.get("/bureaus")).json()["items"] == []


async def test_a_body_larger_than_allowed_is_refused_by_its_announced_and_by_its_real_length(
    client: httpx.AsyncClient,
) -> None:
    async def drip() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 10_000

    expect_problem(await client.post("/bureaus", content=b"x" * 300_000), 413, "request.too_large")
    expect_problem(await client.post("/bureaus", content=drip()), 413, "request.too_large")


async def test_an_older_version_in_if_match_is_412_and_nonsense_is_422(client: httpx.AsyncClient) -> None:
    await client.post("/bureaus", json=NEW)
    fresh = await client.patch("/bureaus/finance", json={"name": "a"}, headers={"If-Match": '"1"'})
    stale = await client.patch("/bureaus/finance", json={"name": "b"}, headers={"If-Match": '"1"'})
    nonsense = await client.patch("/bureaus/finance", json={"name": "b"}, headers={"If-Match": "soon"})

    assert fresh.headers["etag"] == '"2"'
    expect_problem(stale, 412, "department.stale")
    expect_problem(nonsense, 422, "if_match.malformed")


async def test_the_same_key_and_body_get_the_same_answer_and_do_nothing_twice(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "7f3c"}
    first, *others = await asyncio.gather(*(client.post("/bureaus", json=NEW, headers=key) for _ in range(4)))

    assert {a.status_code for a in (first, *others)} == {201}
    assert {a.content for a in others} == {first.content}
    assert {a.headers["etag"] for a in others} == {'"1"'}


async def test_the_same_key_with_another_body_is_malformed(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "7f3c"}
    await client.post("/bureaus", json=NEW, headers=key)

    expect_problem(await client.post("/bureaus", json=NEW | {"name": "x"}, headers=key), 422, "idempotency_key.reused")


async def test_what_exists_already_is_refused(client: httpx.AsyncClient) -> None:
    await client.post("/bureaus", json=NEW)

    expect_problem(await client.post("/bureaus", json=NEW), 409, "exists")


async def test_what_is_not_there_is_missing_and_so_is_a_route(client: httpx.AsyncClient) -> None:
    expect_problem(await client.patch("/bureaus/nobody", json={"name": "x"}), 404, "department.missing")
    expect_problem(await client.get("/nowhere"), 404, "route.missing")
    expect_problem(await client.put("/bureaus"), 405, "method.not_allowed")


async def test_a_list_is_read_to_its_end_page_by_page_without_gap_or_repetition(client: httpx.AsyncClient) -> None:
    for n in range(7):
        await client.post("/bureaus", json={"code": f"b{n}", "name": f"名{n // 3}"})
    seen, cursor = [], None
    while True:
        page = (await client.get("/bureaus", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        seen += [item["id"] for item in page["items"]]
        if (cursor := page["next"]) is None:
            break

    assert seen == [f"b{n}" for n in range(7)]


@pytest.mark.parametrize("cursor", ["x", "e30=", "eyJpZCI6IHsiJGd0IjogIiJ9fQ==", "��", "A" * 500])
async def test_a_made_up_cursor_is_malformed(client: httpx.AsyncClient, cursor: str) -> None:
    expect_problem(await client.get("/bureaus", params={"cursor": cursor}), 422, "cursor.malformed")


async def test_a_request_that_takes_too_long_ends_as_unavailable(client: httpx.AsyncClient) -> None:
    answer = await client.get("/bureaus/slow")

    expect_problem(answer, 503, "request.timeout")
    assert answer.headers["retry-after"] == "1"


async def test_a_body_that_does_not_arrive_in_time_is_its_senders_to_send_again(
    client: httpx.AsyncClient, keys: Path
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b'{"code":'
        await asyncio.Event().wait()

    headers = bearer(keys, Role.IT_BUREAU) | {"Content-Type": "application/json"}

    expect_problem(await client.post("/bureaus", content=half(), headers=headers), 408, "request.incomplete")


async def test_a_defect_tells_nothing_of_itself(client: httpx.AsyncClient) -> None:
    answer = await client.get("/bureaus/broken")

    expect_problem(answer, 500, "internal")
    assert "secret" not in answer.text


async def test_a_request_id_is_taken_when_plain_and_made_when_not(client: httpx.AsyncClient) -> None:
    plain = await client.get("/healthz", headers={"X-Request-ID": "abcd-1234"})
    hostile = await client.get("/healthz", headers={"X-Request-ID": "a b;<script>"})

    assert plain.headers["x-request-id"] == "abcd-1234"
    assert hostile.headers["x-request-id"] != "a b;<script>"


async def test_metrics_name_routes_and_never_ids(client: httpx.AsyncClient, inner: httpx.AsyncClient) -> None:
    await client.patch("/bureaus/very-secret-id", json={"name": "x"})
    await client.get("/some/stranger/path")

    text = (await inner.get("/metrics")).text

    assert 'route="/bureaus/{code}"' in text
    assert "very-secret-id" not in text
    assert "stranger" not in text


async def test_the_documentation_needs_nothing_from_strangers(client: httpx.AsyncClient) -> None:
    wanted = re.findall(r'(?:src|href)="([^"]+)"', (await client.get("/docs")).text)

    assert wanted
    assert [address for address in wanted if not address.startswith("/")] == []
    assert {(await client.get(address)).status_code for address in wanted} == {200}


async def test_the_openapi_document_says_which_problems_a_route_answers(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    answers = document["paths"]["/bureaus"]["post"]["responses"]

    for status, code in (("401", "token.missing"), ("403", "role.not_allowed"), ("422", "request.malformed")):
        shape = answers[status]["content"]["application/problem+json"]["schema"]["allOf"]
        assert shape[0] == {"$ref": "#/components/schemas/Problem"}
        assert code in shape[1]["properties"]["code"]["enum"]
        assert code in answers[status]["content"]["application/problem+json"]["examples"]
    assert "errors" in document["components"]["schemas"]["Problem"]["properties"]
