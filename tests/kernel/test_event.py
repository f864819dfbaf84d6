"""What an event may say, and how a message remembers it."""

from copy import deepcopy
from dataclasses import asdict, replace
from typing import ClassVar

import bson
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.kernel.contracts.columns import DepartmentEvent
from services.kernel.domain.event import EVENTS, Event, Known, OpenEnum
from tests.support.sample import message


class Season(OpenEnum):
    """When something ripens."""

    SPRING = "spring", "from March on"
    AUTUMN = "autumn", "from September on"


class Harvest(BaseModel):
    season: Season
    others: tuple[Season, ...] = ()


class Wanted(BaseModel):
    season: Known[Season]


def test_a_word_of_tomorrow_reads_as_other_and_is_written_as_it_was() -> None:
    said = b'{"season":"monsoon","others":["spring","monsoon"]}'

    read = Harvest.model_validate_json(said)

    assert read.season.name == "OTHER"
    assert not read.season.is_known
    assert read.season == read.season.value == str(read.season) == "monsoon"
    assert read.others[0] is Season.SPRING
    assert read.model_dump_json().encode() == said


def test_a_word_of_today_is_known() -> None:
    assert Season("spring") is Season.SPRING
    assert Season.SPRING.is_known


def test_a_word_of_tomorrow_can_be_compared_counted_and_stored() -> None:
    other = Season("monsoon")

    assert {other: 1}[Season("monsoon")] == 1
    assert deepcopy(other) == other != Season.SPRING
    assert list(Season) == [Season.SPRING, Season.AUTUMN]
    stored = bson.decode(bson.encode({"season": other}))["season"]
    assert stored == "monsoon"
    assert TypeAdapter(Season).validate_python(stored) == other


@pytest.mark.parametrize("value", [1, None, ["spring"], {}])
def test_what_is_no_word_is_no_word_of_tomorrow(value: object) -> None:
    with pytest.raises(ValidationError):
        Harvest.model_validate({"season": value})


SEASONS = "When something ripens.\n\n- `spring`: from March on\n- `autumn`: from September on"
"""As a schema says what each word means."""


def test_an_open_set_lists_what_is_known_and_forbids_nothing() -> None:
    described = Harvest.model_json_schema()["$defs"]["Season"]

    assert described == {
        "title": "Season", "description": SEASONS, "type": "string", "x-known-values": ["spring", "autumn"],
    }  # fmt: skip


def test_what_people_hand_in_is_one_of_the_known_words() -> None:
    assert Wanted.model_validate_json('{"season": "autumn"}').season is Season.AUTUMN
    assert Wanted(season=Season.AUTUMN).model_dump_json() == '{"season":"autumn"}'
    assert Wanted.model_json_schema()["properties"]["season"] == {
        "title": "Season", "description": SEASONS, "type": "string", "enum": ["spring", "autumn"],
    }  # fmt: skip
    with pytest.raises(ValidationError, match="'spring' or 'autumn'"):
        Wanted.model_validate({"season": "monsoon"})


def test_a_message_parses_its_event_once_and_is_no_other_for_it() -> None:
    read, unread = message("finance", 1, "财政局"), message("finance", 1, "财政局")

    assert read.event() is read.event()
    assert read == unread
    assert asdict(read) == asdict(unread)
    assert replace(read, value=b"{}") == replace(unread, value=b"{}")
    with pytest.raises(ValidationError):
        replace(read, value=b"{}").event()


def test_an_event_whose_key_is_no_field_cannot_be_declared() -> None:
    with pytest.raises(TypeError, match="no field letter_id"):
        type("Torn", (Event,), {"TYPE": "letter.torn", "SOURCE": "mailbox", "KEY": "letter_id", "__module__": __name__})


def test_a_type_cannot_be_declared_twice() -> None:
    with pytest.raises(TypeError, match="declared twice"):
        type("Again", (EVENTS["letter.closed"],), {"TYPE": "letter.closed", "__module__": __name__})


def test_an_event_speaks_of_the_same_kind_as_those_beside_it() -> None:
    with pytest.raises(TypeError, match=r"bureau\.moved speaks of another kind"):

        class Moved(DepartmentEvent):
            TYPE: ClassVar[str] = "bureau.moved"

    assert "bureau.moved" not in EVENTS
