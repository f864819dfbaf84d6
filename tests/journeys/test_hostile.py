"""Requests nobody meant, by the services' own descriptions: never a 500, always a problem with a stable code."""

import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from services.kernel.domain.person import Role
from tests.support.programs import Suite

pytestmark = pytest.mark.servers
EVERYBODY = tuple(Role)
EXAMPLES = 6  # for each operation


def operations(running: Suite, name: str) -> list[schemathesis.APIOperation[Any, Any, Any, Any]]:
    described = running.client(name).get("/openapi.json" if name != "gateway" else "/api/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    return [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]


@pytest.mark.parametrize("name", ["columns", "publishing", "mailbox", "scoring"])
def test_no_request_makes_a_service_fail(running: Suite, name: str) -> None:
    token = running.keys.mint(*EVERYBODY, department="finance", sub="fuzz")
    seen: set[int] = set()
    with httpx.Client(base_url=running.address(name), timeout=30) as client:
        for operation in operations(running, name):

            @settings(
                max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(
                case=operation.as_strategy()
                | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)
            )
            def attack(case: schemathesis.Case[Any]) -> None:
                asked = case.as_transport_kwargs(base_url=running.address(name))
                headers = {**(asked.get("headers") or {}), "Authorization": f"Bearer {token}"}
                answer = client.request(
                    asked["method"], asked["url"], params=asked.get("params"), headers=headers,
                    content=body_of(asked),
                )  # fmt: skip
                seen.add(answer.status_code)
                assert answer.status_code < 500, f"{asked['method']} {asked['url']} {asked}"
                if answer.status_code >= 400:
                    assert answer.json()["code"]

            attack()
    assert seen & set(range(400, 500))


def body_of(asked: dict[str, object]) -> bytes | None:
    if "json" in asked:
        return json.dumps(asked["json"]).encode("utf-8", "surrogatepass")
    data = asked.get("data")
    return data if isinstance(data, bytes) else None
