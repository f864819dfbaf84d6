"""The events as others read them: with the official CloudEvents library, and the schema that each one names."""

import asyncio

import httpx
import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from services.kernel.domain.event import EVENTS
from tests.support.programs import Suite
from tests.support.proof import topic

pytestmark = pytest.mark.servers


def test_every_event_told_is_read_by_the_official_library_and_fits_the_schema_it_leads_to(running: Suite) -> None:
    records = asyncio.run(topic(running))
    assert records
    for record in records:
        event = from_binary_event(KafkaMessage(dict(record.headers), record.key, record.value))
        schema = httpx.get(event.get_dataschema() or "")

        assert schema.headers["content-type"] == "application/schema+json"
        jsonschema.Draft202012Validator(schema.json(), format_checker=jsonschema.FormatChecker()).validate(
            event.get_data()
        )


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_portal_explains_each_event(running: Suite, name: str) -> None:
    with running.client("gateway") as public:
        schema = public.get(f"/events/{name}.json").json()
        document = public.get("/events/asyncapi.json").json()

    said = document["components"]["messages"][name]
    assert said["payload"]["$ref"] == f"./{name}.json"
    jsonschema.Draft202012Validator(schema).validate(said["examples"][0]["payload"])


def test_an_event_that_there_is_not_is_not_explained(running: Suite) -> None:
    with running.client("gateway") as public:
        assert public.get("/events/item.unheard_of.json").status_code == 404
