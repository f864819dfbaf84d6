"""Sealed text is plain for the rules, and shown by nothing."""

import json
from copy import deepcopy
from dataclasses import asdict
from typing import ClassVar

import bson
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from services.kernel.domain.event import EVENTS, Event
from services.kernel.domain.sealed import Sealed
from services.kernel.telemetry import configure, log
from tests.kernel.diary import AT, Diary, Page, Written, diary, page

SECRET = "路灯坏了三天"
SEALED = Sealed(SECRET)


def test_it_reads_as_what_was_written_and_equals_the_same_text_only() -> None:
    assert SEALED.text == SECRET
    assert SEALED == Sealed(SECRET) != Sealed("x")
    assert SEALED != SECRET
    assert {SEALED, Sealed(SECRET), deepcopy(SEALED)} == {SEALED}


@pytest.mark.parametrize("shown", [str, repr, "{}".format, "%s".__mod__, "{0!r:>90}".format])
def test_no_way_of_printing_shows_it(shown: object) -> None:
    assert callable(shown)
    for holder in (SEALED, [SEALED], page(SECRET), diary("x", page(SECRET)), Written(at=AT, remark=SEALED)):
        assert SECRET not in shown(holder)


def test_no_json_is_made_of_it() -> None:
    with pytest.raises(TypeError):
        json.dumps({"text": SEALED})
    for fails in (lambda: Written(at=AT, remark=SEALED).model_dump_json(), lambda: to_json(page(SECRET))):
        with pytest.raises(PydanticSerializationError) as failed:
            fails()
        assert SECRET not in str(failed.value)


def test_the_driver_does_not_store_it_as_it_is() -> None:
    with pytest.raises(bson.errors.InvalidDocument) as failed:
        bson.encode({"text": SEALED})

    assert SECRET not in str(failed.value)
    assert asdict(page(SECRET))["text"] == SEALED


def test_the_log_does_not_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    configure("tests", "json")  # to the stdout that is captured here
    log.info("sealed", text=SEALED, page=page(SECRET))
    try:
        raise ValueError(SEALED, page(SECRET))
    except ValueError as error:
        log.error("failed", exc_info=error)

    said = capsys.readouterr().out
    assert '"failed"' in said
    assert SECRET not in said
    assert json.dumps(SECRET)[1:-1] not in said


def test_plain_text_is_not_taken_for_sealed_text() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Page).validate_python({"day": 1, "text": SECRET, "marks": {}})


def test_what_was_erased_equals_itself_and_nothing_else() -> None:
    gone, other = (Sealed.stored(token, lambda _: None) for token in (b"1", b"2"))

    assert gone.text is None
    assert gone == Sealed.stored(b"1", lambda _: None)
    assert gone not in (other, Sealed(""))


class Inner(BaseModel):
    texts: list[Sealed | None]


def test_an_event_with_sealed_fields_cannot_be_declared_at_any_depth() -> None:
    with pytest.raises(TypeError, match="carries no sealed text"):

        class Told(Event):
            TYPE: ClassVar[str] = "diary.told"
            SOURCE: ClassVar[str] = "diaries"
            KEY: ClassVar[str] = "id"
            id: str
            inner: Inner | None = None

    assert "diary.told" not in EVENTS
    assert Diary.KIND == "diary"
