"""Contracts grow and never break; what is documented is what is said."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.kernel.contracts import TOPICS, schemas
from services.kernel.domain.event import EVENTS
from tests.contracts.examples import EXAMPLES

RELEASED = sorted((schemas.DIRECTORY / "released").glob("*.json"))


def test_the_documents_are_what_the_code_says() -> None:
    assert schemas.drift(schemas.DIRECTORY) == []


def test_no_released_event_is_broken() -> None:
    assert RELEASED
    assert schemas.incompatible(schemas.DIRECTORY) == []


def test_every_event_has_a_curated_example() -> None:
    assert set(EXAMPLES) == set(EVENTS)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_new_bytes_are_read_by_the_released_schema(name: str) -> None:
    path = schemas.DIRECTORY / "released" / f"{name}.json"
    value = json.loads(EXAMPLES[name].model_dump_json())

    schema = json.loads(path.read_text("utf-8"))
    wrong = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(value)

    assert [error.message for error in wrong] == []


@pytest.mark.parametrize("path", sorted(Path("tests/contracts/released").glob("*.json")), ids=lambda path: path.stem)
def test_old_bytes_are_read_by_the_code_of_today(path: Path) -> None:
    event = EVENTS[path.stem].model_validate_json(path.read_bytes())

    assert event.subject.partition("/")[0] == path.stem.partition(".")[0]


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_survives_the_wire(name: str) -> None:
    example = EXAMPLES[name]

    assert EVENTS[name].model_validate_json(example.model_dump_json()) == example


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_reader_ignores_fields_it_does_not_know(name: str) -> None:
    value: dict[str, Any] = json.loads(EXAMPLES[name].model_dump_json()) | {"a_field_of_tomorrow": 1}

    assert EVENTS[name].model_validate(value) == EXAMPLES[name]


def test_every_speaker_has_a_topic_and_every_subject_begins_with_its_types_first_word() -> None:
    for name, event in EVENTS.items():
        assert event.SOURCE in TOPICS
        assert EXAMPLES[name].subject.startswith(name.partition(".")[0] + "/")


class TestWhatBreaks:
    OLD = schemas.schema(EVENTS["letter.received"])

    def test_a_field_that_is_gone(self) -> None:
        new = deepcopy(self.OLD)
        del new["properties"]["due_at"]
        new["required"].remove("due_at")
        assert "due_at: is gone" in schemas.broken(self.OLD, new)

    def test_a_field_that_is_newly_required(self) -> None:
        new = deepcopy(self.OLD)
        new["properties"]["channel"] = {"type": "string"}
        new["required"].append("channel")
        assert schemas.broken(self.OLD, new) == ["channel: became required or optional"]

    def test_a_field_that_changed_its_type(self) -> None:
        new = deepcopy(self.OLD)
        new["properties"]["mailbox"] = {"type": "integer"}
        assert schemas.broken(self.OLD, new) == ["mailbox: changed"]

    def test_a_word_that_was_taken_from_a_closed_set(self) -> None:
        new = deepcopy(self.OLD)
        new["$defs"]["LetterKind"]["enum"].remove("help")
        assert schemas.broken(self.OLD, new) == ["LetterKind: lost a value"]

    def test_not_a_new_optional_field(self) -> None:
        new = deepcopy(self.OLD)
        new["properties"]["channel"] = {"type": "string", "default": "web"}
        assert schemas.broken(self.OLD, new) == []
