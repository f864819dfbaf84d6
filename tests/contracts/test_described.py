"""APIs and events explain themselves: nothing is named in their documents that is not described there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.places import PROGRAMS
from services.kernel.contracts import schemas
from services.kernel.contracts.describing import UNSAID, operations
from services.kernel.contracts.fields import CLASSES
from tests.support.documents import PORTAL, document, service

Json = dict[str, Any]
FROM_AN_ANSWER = {"cursor"}
"""Parameters of which nobody can give an example: their values come from an answer."""


def undescribed(name: str, schema: Json) -> Iterator[str]:
    """Of a schema: itself, its fields, and the words of closed and open sets."""
    if not schema.get("description"):
        yield name
    for field, said in schema.get("properties", {}).items():
        if not said.get("description"):
            yield f"{name}.{field}"
        yield from unexplained(f"{name}.{field}", said)
    yield from unexplained(name, schema)


def unexplained(name: str, schema: Json) -> Iterator[str]:
    for word in (*schema.get("enum", []), *schema.get("x-known-values", [])):
        if f"- `{word}`: " not in schema["description"]:
            yield f"{name}: {word}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_schema_field_and_word_of_an_api_is_described(name: str) -> None:
    found = document(name)["components"]["schemas"]

    assert [each for title, schema in found.items() for each in undescribed(title, schema)] == []


@pytest.mark.parametrize("path", sorted(schemas.DIRECTORY.glob("*.*.json")), ids=lambda path: path.stem)
def test_every_field_and_word_of_an_event_is_described(path: Path) -> None:
    found: Json = json.loads(path.read_text("utf-8"))

    named = {path.stem: found, **found.get("$defs", {})}
    assert [each for title, schema in named.items() for each in undescribed(title, schema)] == []


def test_every_channel_message_and_header_of_the_events_is_described() -> None:
    found = schemas.asyncapi()
    messages = found["components"]["messages"]
    headers = {
        f"{name}.{h}": said for name, each in messages.items() for h, said in each["headers"]["properties"].items()
    }

    everything = {**found["channels"], **messages, **headers}
    assert [name for name, said in everything.items() if not said.get("description")] == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_route_its_parameters_and_its_answers_are_described(name: str) -> None:
    wrong = []
    for route, said in operations(document(name)):
        wrong += [
            f"{route}: {word}" for word in ("summary", "description", "tags", "operationId") if not said.get(word)
        ]
        for parameter in said.get("parameters", []):
            at = f"{route} {parameter['name']}"
            wrong += [at] if not parameter["description"] else []
            shown = "example" in parameter or parameter["in"] == "header" or parameter["name"] in FROM_AN_ANSWER
            wrong += [] if shown else [f"{at}: no example"]
            wrong += list(unexplained(at, parameter["schema"]))
        wrong += [f"{route} {s}" for s, a in said["responses"].items() if a["description"] in ("", UNSAID)]

    assert wrong == []


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_api_says_what_it_is_for_who_runs_it_and_where_it_is_reached(name: str) -> None:
    found = document(name)

    assert found["info"]["description"]
    assert found["info"]["contact"]["url"].startswith(PORTAL)
    [server] = found["servers"]
    assert server["description"]
    assert server["url"] == PORTAL if name == "gateway" else server["url"].startswith("http://127.0.0.1:")
    used = {tag for _, said in operations(found) for tag in said["tags"]}
    assert used == {tag["name"] for tag in found["tags"] if tag["description"]}


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "gateway"])
def test_every_route_says_which_roles_may_call_it(name: str) -> None:
    found = {route: said["x-roles"] for route, said in operations(document(name))}

    may = service(name).may
    assert may is not None
    assert {route: found[route] for route in may.roles} == {route: sorted(roles) for route, roles in may.roles.items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_two_routes_of_a_program_are_called_alike(name: str) -> None:
    ids = [said["operationId"] for _, said in operations(document(name))]

    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", ["columns", "publishing"])
def test_the_classes_of_art_8_that_count_are_described(name: str) -> None:
    found = json.loads(Path(f"services/{name}/data/disclosure.json").read_text("utf-8"))["classes"]

    assert {each if isinstance(each, str) else each["code"] for each in found} == CLASSES.keys()
