"""The contracts as documents: a JSON schema for each event, an AsyncAPI 3 document, and what was released."""

import inspect
import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from services.kernel.contracts import TOPICS
from services.kernel.contracts.describing import described
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.contracts.growth import Schema, broken
from services.kernel.domain.event import EVENTS, Event

DIRECTORY = Path("docs/events")


def schema(event: type[Event]) -> Schema:
    """JSON Schema 2020-12 of an event's value, with the service that tells it and the field of its aggregate's id."""
    made = described(event.model_json_schema(mode="serialization"))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"/events/{event.TYPE}.json"}
    return head | {"x-source": event.SOURCE, "x-key": event.KEY} | made


def asyncapi() -> Schema:
    """One channel per topic, one message per event."""
    speakers = sorted({event.SOURCE for event in EVENTS.values()})
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Citygate events",
            "version": "1",
            "description": "CloudEvents 1.0, binary mode, on Kafka.",
            "contact": {"name": "IT bureau", "url": "https://portal.example", "email": "it-bureau@portal.example"},
            "tags": [{"name": speaker, "description": f"What {speaker} tells."} for speaker in speakers],
        },
        "servers": {
            "kafka": {"host": "kafka.example:9092", "protocol": "kafka", "description": "the city's own, by its name"}
        },
        "defaultContentType": "application/json",
        "channels": {speaker: channel(speaker) for speaker in speakers},
        "operations": {
            f"{speaker}.tells": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{speaker}"},
                "description": f"{speaker.capitalize()} tells what happened to what is its own.",
            }
            for speaker in speakers
        },
        "components": {"messages": {name: message(event) for name, event in sorted(EVENTS.items())}},
    }


def channel(speaker: str) -> Schema:
    said = sorted(name for name, event in EVENTS.items() if speaker == event.SOURCE)
    return {
        "address": f"citygate.{speaker}",
        "description": f"What {speaker} tells, kept for ever and in order for each subject, which is the key.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in said},
        "bindings": {"kafka": {"partitions": TOPICS[speaker].partitions}},
    }


def message(event: type[Event]) -> Schema:
    return {
        "name": event.TYPE,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "description": inspect.getdoc(event),
        "headers": headers(event),
        "payload": {"$ref": f"./{event.TYPE}.json"},
        "bindings": {"kafka": {"key": {"type": "string", "description": "the subject: kind/id of the aggregate"}}},
        "examples": [example(EXAMPLES[event.TYPE])],
    }


def headers(event: type[Event]) -> Schema:
    """JSON Schema of the Kafka headers: CloudEvents attributes in binary mode, each a text."""
    said: Schema = {
        "content-type": {"const": "application/json", "description": "of the value"},
        "ce_specversion": {"const": "1.0", "description": "the version of CloudEvents"},
        "ce_type": {"const": event.TYPE, "description": "what happened"},
        "ce_source": {"const": f"/services/{event.SOURCE}", "description": "the service that tells it"},
        "ce_subject": {"pattern": f"^{event.speaks_of()}/.+$", "description": "kind and id of the aggregate it is of"},
        "ce_id": {"description": "the same whenever the event is sent again"},
        "ce_time": {"format": "date-time", "description": "when it happened; for a deadline the due moment; UTC"},
        "ce_sequence": {"pattern": "^[0-9]{16}$", "description": "1, 2, 3 … without gaps within a subject"},
        "ce_dataschema": {
            "format": "uri", "pattern": f"/events/{re.escape(event.TYPE)}[.]json$", "description": "of the value",
        },
        "ce_correlationid": {"description": "the request that led to it"},
        "ce_traceparent": {"description": "W3C Trace Context, where the request brought one"},
    }  # fmt: skip
    texts = {name: {"type": "string"} | schema for name, schema in said.items()}
    return {"type": "object", "properties": texts, "required": [*list(texts)[:-1]]}


def example(event: Event) -> Schema:
    """A message as it travels, of a portal at an address that nobody has (RFC 2606)."""
    said = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_type": event.TYPE,
        "ce_source": f"/services/{event.SOURCE}",
        "ce_subject": event.subject,
        "ce_id": "665f1d0c9a1b2c3d4e5f6a7b",
        "ce_time": event.at.isoformat(),
        "ce_sequence": "0000000000000001",
        "ce_dataschema": f"https://portal.example/events/{event.TYPE}.json",
        "ce_correlationid": "0f8fad5bd9cb469fa16570867728950e",
    }
    return {"headers": said, "payload": event.model_dump(mode="json")}


def documents() -> dict[str, str]:
    """File names and texts of all that is generated."""
    made = {f"{name}.json": schema(event) for name, event in EVENTS.items()} | {"asyncapi.json": asyncapi()}
    return {name: json.dumps(document, ensure_ascii=False, indent=2) + "\n" for name, document in made.items()}


def drift(directory: Path) -> list[str]:
    """Names of documents that are not what the code says."""
    made = documents()
    there = {path.name: path.read_text("utf-8") for path in directory.glob("*.json")}
    return sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))


def incompatible(directory: Path) -> list[str]:
    """What breaks the events as they stand in `released/`, each line beginning with the type."""
    found = []
    for path in sorted((directory / "released").glob("*.json")):
        name = path.stem
        if name not in EVENTS:
            found.append(f"{name}: a released event is gone")
        else:
            old = json.loads(path.read_text("utf-8"))
            found += broken(old, schema(EVENTS[name]), at=name)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(
        prog="python -m services.kernel.contracts.schemas", description="Write the events' documents."
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where documents or releases disagree")
    parser.add_argument("--release", action="store_true", help="also make the present schemas the released ones")
    asked = parser.parse_args(arguments)
    if asked.check:
        refuse([f"{name} is not what the code says" for name in drift(DIRECTORY)] + incompatible(DIRECTORY))
    elif asked.release:
        refuse(incompatible(DIRECTORY))
        write(DIRECTORY, documents())
        write(DIRECTORY / "released", {name: text for name, text in documents().items() if name != "asyncapi.json"})
    else:
        write(DIRECTORY, documents())


def refuse(wrong: Sequence[str]) -> None:
    """If anything is wrong, print it and raise `SystemExit(1)`."""
    if wrong:
        look = "Run `python -m services.kernel.contracts.schemas` and look at the difference."
        print(*wrong, look, sep="\n", file=sys.stderr)
        raise SystemExit(1)


def write(directory: Path, texts: dict[str, str]) -> None:
    """Write these files. Remove all other JSON files of the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in directory.glob("*.json"):
        path.unlink()
    for name, text in texts.items():
        (directory / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
