"""Contracts grow and never break; what is documented is what is said."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.kernel.contracts import TOPICS, schemas
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.domain.event import EVENTS, OpenEnum

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


OPEN = [
    (name, field)
    for name, event in sorted(EVENTS.items())
    for field, declared in event.model_fields.items()
    if isinstance(declared.annotation, type) and issubclass(declared.annotation, OpenEnum)
]


@pytest.mark.parametrize(("name", "field"), OPEN)
def test_a_word_of_tomorrow_is_read_by_todays_readers_and_kept_as_it_was(name: str, field: str) -> None:
    value: dict[str, Any] = json.loads(EXAMPLES[name].model_dump_json()) | {field: "of_tomorrow"}
    told = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    read = EVENTS[name].model_validate_json(told)

    assert getattr(read, field).name == "OTHER"
    assert read.model_dump_json().encode() == told
    released = json.loads((schemas.DIRECTORY / "released" / f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(released).validate(value)


def test_what_may_grow_is_open_and_what_the_law_closes_is_not() -> None:
    assert {f"{name.partition('.')[0]}.{field}" for name, field in OPEN} == {
        "item.kind", "duty.because", "duty.cadence", "letter.kind", "column.kind", "column.cadence", "department.kind",
    }  # fmt: skip


def test_every_speaker_has_a_topic_and_every_subject_begins_with_its_types_first_word() -> None:
    for name, event in EVENTS.items():
        assert event.SOURCE in TOPICS
        assert EXAMPLES[name].subject.startswith(name.partition(".")[0] + "/")
