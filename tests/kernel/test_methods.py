"""HEAD, OPTIONS and Allow, for every route of every program."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse

from services.kernel.http import problem
from services.kernel.http.methods import Methods

router = APIRouter(prefix="/cups")


@router.get("")
async def cups() -> dict[str, int]:
    return {"cups": 3}


@router.post("")
async def more() -> dict[str, int]:
    return {"cups": 4}


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"a" * 10
        yield b"b" * 10

    return StreamingResponse(parts())


@router.put("/{id}")
async def put(id: int) -> int:
    return id


app = FastAPI()
app.include_router(router)
problem.install(app)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Methods(app)), base_url="http://x") as made:
        yield made


@pytest.mark.parametrize("path", ["/cups", "/cups/stream", "/nowhere", "/openapi.json"])
async def test_head_is_get_without_its_body(client: httpx.AsyncClient, path: str) -> None:
    got, head = await client.get(path), await client.head(path)

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {**head.headers} == {**got.headers}


@pytest.mark.parametrize(
    ("path", "taken"), [("/cups", "GET, POST, HEAD, OPTIONS"), ("/cups/3", "PUT, OPTIONS"), ("/cups/x", "PUT, OPTIONS")]
)
async def test_options_and_405_say_what_an_address_takes(client: httpx.AsyncClient, path: str, taken: str) -> None:
    options, refused = await client.options(path), await client.delete(path)

    assert (options.status_code, options.headers["allow"], options.content) == (204, taken, b"")
    assert (refused.status_code, refused.headers["allow"]) == (405, taken)


async def test_what_is_not_there_has_no_options(client: httpx.AsyncClient) -> None:
    assert (await client.options("/nowhere")).status_code == 404
    assert (await client.head("/cups/3")).status_code == 405
