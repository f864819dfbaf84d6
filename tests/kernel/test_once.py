"""JSON that says a thing twice, or as something else than it is, is refused."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, StrictBool, StrictInt

from services.kernel.contracts.fields import Stars
from services.kernel.http import problem
from services.kernel.http.middleware import Edge
from services.kernel.http.once import Route


class Said(BaseModel):
    """Of each kind that Python takes for another."""

    stars: Stars = 1
    whole: StrictInt = 1
    yes: StrictBool = True
    more: list[dict[str, Any]] = []


app = FastAPI()
app.router.route_class = Route
problem.install(app)


@app.post("/said")
async def said(body: Said) -> Said:
    return body


@app.get("/several")
async def several(state: Annotated[list[str], Query()], overdue: bool = False) -> list[str]:
    return [*state, str(overdue)]


@app.get("/queue")
async def queue(state: str | None = None, overdue: bool = False) -> list[str]:
    return [str(state), str(overdue)]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    edge = Edge(app, seconds=5, bytes=100_000, public_url="https://city.example")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://x") as made:
        yield made


async def sent(client: httpx.AsyncClient, body: str) -> httpx.Response:
    return await client.post("/said", content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ('{"stars": 1, "stars": 5}', "body.stars"), ('{"stars": 1, "stars": 1}', "body.stars"),
        ('{"more": [{"a": 1, "b": 2, "a": 3}]}', "body.a"), ('{"\\u0073tars": 1, "stars": 2}', "body.stars"),
    ],
)  # fmt: skip
async def test_a_key_that_stands_twice_is_named(client: httpx.AsyncClient, body: str, where: str) -> None:
    answer = await sent(client, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")
    assert [error["where"] for error in answer.json()["errors"]] == [where]
    assert "两次" in answer.json()["detail"]


@pytest.mark.parametrize("field", ["stars", "whole", "yes"])
@pytest.mark.parametrize("value", [True, False, 1, 0, 1.0, "1", "true", "yes", None, [1]])
async def test_numbers_and_truth_are_never_taken_for_one_another(
    client: httpx.AsyncClient, field: str, value: Any
) -> None:
    right = isinstance(value, bool) if field == "yes" else type(value) is int and (field == "whole" or value >= 1)

    assert (await sent(client, json.dumps({field: value}))).status_code == (200 if right else 422)


@pytest.mark.parametrize("body", ['{"whole": NaN}', '{"whole": Infinity}', '{"whole": -Infinity}', "[" * 50_000])
async def test_what_no_json_has_is_refused(client: httpx.AsyncClient, body: str) -> None:
    answer = await sent(client, body)

    assert answer.status_code == 422
    assert answer.json()["code"] == "request.malformed"


@pytest.mark.parametrize(
    ("query", "where", "word"),
    [
        ("sort=", "query.sort", "可用：state、overdue"), ("State=x", "query.State", "可用"), ("=1", "query.", "可用"),
        ("state=received&state=accepted", "query.state", "两次"), ("state=a&utm=1", "query.utm", "可用"),
    ],
)  # fmt: skip
async def test_what_is_asked_and_not_known_is_named(
    client: httpx.AsyncClient, query: str, where: str, word: str
) -> None:
    answer = await client.get(f"/queue?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")
    assert [error["where"] for error in answer.json()["errors"]] == [where]
    assert word in answer.json()["detail"]


async def test_what_is_known_is_understood(client: httpx.AsyncClient) -> None:
    assert (await client.get("/queue?state=received&overdue=true")).json() == ["received", "True"]


async def test_a_list_in_a_query_repeats_its_name_and_what_is_no_list_does_not(client: httpx.AsyncClient) -> None:
    assert (await client.get("/several?state=received&state=accepted")).json() == ["received", "accepted", "False"]
    twice = (await client.get("/several?state=received&state=accepted&overdue=true&overdue=false")).json()
    assert [error["where"] for error in twice["errors"]] == ["query.overdue"]
