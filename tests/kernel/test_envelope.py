"""A message is compared with itself and bounded before anything is decided; nothing else ever comes of reading it."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from services.kernel.contracts import schemas
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.domain.event import EVENTS, LARGEST, Message
from services.kernel.stream.envelope import Unreadable, decode, encode, fitting
from tests.support.sample import AT, message

SAID = message("finance", 1, "财政局")
TOMORROW = replace(SAID, type="department.moved", value=b"\xff")
Headers = list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Written:
    """Stands where a record of Kafka's stands."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def written(said: Message = SAID, **headers: bytes | None) -> Written:
    """As its speaker writes it, with other headers than its own where they are given."""
    wire = encode(said)
    return Written("city.columns", said.subject.encode(), said.value, [*(dict(wire.headers) | headers).items()])


def why(record: Written) -> str:
    with pytest.raises(Unreadable) as raised:
        decode(record, "city")
    return str(raised.value)


def test_what_is_written_is_what_is_read() -> None:
    assert decode(written(), "city") == SAID


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_message_has_the_headers_that_the_documents_promise(name: str) -> None:
    event = EXAMPLES[name]
    wire = encode(replace(SAID, type=name, source=event.SOURCE, subject=event.subject), "https://city.example")
    promised = schemas.asyncapi()["components"]["messages"][name]

    validator = Draft202012Validator(promised["headers"], format_checker=FormatChecker())
    validator.validate({header: value.decode() for header, value in wire.headers.items()})
    validator.validate(promised["examples"][0]["headers"])


def test_a_type_of_tomorrow_is_read_without_its_value() -> None:
    assert decode(written(TOMORROW), "city") == TOMORROW
    assert TOMORROW.event() is None


def test_a_moment_in_any_zone_is_read_as_utc() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-11)))

    assert decode(written(ce_time=there.isoformat().encode()), "city").time.isoformat() == AT.isoformat()


def test_a_moment_may_be_kept_to_the_millisecond_only() -> None:
    exact = SAID.value.replace(b'"2026-03-02T01:00:00Z"', b'"2026-03-02T01:00:00.000999Z"')

    assert exact != SAID.value
    assert decode(written(replace(SAID, value=exact)), "city").time == AT


@pytest.mark.parametrize("value", [b"", b"{}", b"[" * 100_000, b'{"at": "soon"}', b"\xff", b'{"name": "\\ud800"}'])
def test_a_value_that_breaks_its_schema_is_told_to_whoever_handles_it(value: bytes) -> None:
    read = decode(written(replace(SAID, value=value)), "city")

    with pytest.raises(ValidationError):
        read.event()


OTHERS: dict[str, Written] = {
    "topic is not": replace(written(), topic="city.publishing"),
    "topic is not the": replace(written(), topic="columns"),
    "key is not": replace(written(), key=b"department/water"),
    "key is not ce_subject": replace(written(), key=None),
    "ce_source is none": written(ce_source=b"/services/treasury"),
    "none of the services": written(ce_source=b"columns"),
    "ce_source is none of": replace(written(ce_source=b"/services/dead-letters"), topic="city.dead-letters"),
    "told by another service": replace(written(ce_source=b"/services/mailbox"), topic="city.mailbox"),
    "first word": written(ce_type=b"letter.accepted"),
    "first word of ce_type": written(ce_type=b"bureau.merged"),
    "and an id": replace(written(ce_subject=b"department/"), key=b"department/"),
    "another subject": replace(written(ce_subject=b"department/water"), key=b"department/water"),
    "another time": written(ce_time=b"2026-03-02T01:00:00.001Z"),
    "bytes": replace(written(), value=b"\xff" * (LARGEST + 1)),
    "stands there twice": replace(written(), headers=[*written().headers, ("CE_ID", b"other")]),
    "more than": replace(written(), headers=[*written().headers, *((f"x{n}", b"") for n in range(40))]),
    "header is missing": written(ce_id=None),
    "too long": written(elsewhere=b"x" * 2_001),
    "cannot be read": written(ce_specversion=b"9"),
    "ce_id": written(ce_id=b"x" * 201),
    "ce_type": written(ce_type=b"department." + b"x" * 100),
    "ce_subject": written(ce_subject=b"department/" + b"x" * 500),
    "ce_correlationid": written(ce_correlationid=b"x" * 501),
    "ce_traceparent": written(ce_traceparent=b"x" * 101),
}


@pytest.mark.parametrize("reason", OTHERS)
def test_a_message_that_disagrees_with_itself_is_unreadable_with_its_reason(reason: str) -> None:
    assert reason in why(OTHERS[reason])


@pytest.mark.parametrize(
    "sequence",
    [
        "0" * 16,
        "1",
        "-000000000000001",
        "+000000000000001",
        "00000000000001.0",
        "000000000_000001",
        " 000000000000001",
        "00000000000000001",
        "000000000000000１",
        "9007199254740993",
        "9223372036854775808",
        "9" * 1000,
    ],
)
def test_a_sequence_counts_from_one_to_what_all_can_count(sequence: str) -> None:
    assert "ce_sequence" in why(written(ce_sequence=sequence.encode()))


@given(sequences=st.lists(st.integers(min_value=1, max_value=2**53)))
def test_sequences_sort_as_text_as_they_do_as_numbers(sequences: list[int]) -> None:
    texts = [dict(encode(replace(SAID, sequence=n)).headers)["ce_sequence"] for n in sequences]

    assert [int(text) for text in sorted(texts)] == sorted(sequences)


def test_the_highest_sequence_is_read() -> None:
    assert decode(written(ce_sequence=b"9007199254740992"), "city").sequence == 2**53


@pytest.mark.parametrize(
    "time", ["", "soon", "2026-03-02T01:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-11:00", "10000-01-01"]
)
def test_a_time_is_a_moment_that_can_be_kept(time: str) -> None:
    assert why(written(ce_time=time.encode()))


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time", "subject", "sequence"])
def test_what_must_be_said_is_not_made_up(name: str) -> None:
    whole = written(TOMORROW)

    assert f"ce_{name} must be said" in why(
        replace(whole, headers=[(n, value) for n, value in whole.headers if n != f"ce_{name}"])
    )


HOSTILE = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(str.encode),
    st.sampled_from(
        [b"\x00", b"\r\n", b"\x1b[31m", b"\xed\xa0\x80", "\u2028".encode(), "\u202e".encode(), b"\xff" * 3_000]
    ),
    st.integers().map(lambda n: str(n).encode()),
    st.datetimes(timezones=st.timezones()).map(lambda t: t.isoformat().encode()),
    st.sampled_from(sorted(value for _, value in written().headers if value)),
)
NAMES = st.one_of(
    st.sampled_from(sorted(name for name, _ in written().headers)), st.text(max_size=8), st.just("\ud800")
)
VALUES = st.one_of(st.none(), HOSTILE, st.just(SAID.value), st.builds(json.dumps, st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)).map(str.encode))  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> Written:
    """A good one with some of it otherwise, or nothing good at all."""
    good = written()
    headers: Headers = draw(st.lists(st.tuples(NAMES, st.one_of(st.none(), HOSTILE)), max_size=4))
    names = {name for name, _ in headers}
    if draw(st.booleans()):
        headers = [*((name, value) for name, value in good.headers if name not in names), *headers]
    return Written(
        draw(st.sampled_from([good.topic, good.topic, "city.mailbox", ""])),
        draw(st.one_of(st.none(), st.just(good.key), HOSTILE)),
        draw(VALUES),
        headers,
    )


@given(records())
def test_nothing_but_unreadable_comes_of_what_strangers_write(record: Written) -> None:
    try:
        read = decode(record, "city")
    except Unreadable as error:
        said = str(error)
        assert said.isprintable()
        assert len(said) <= 500
        return
    assert 1 <= read.sequence <= 2**53
    assert record.key == read.subject.encode()
    assert all(text.isprintable() for text in (read.id, read.type, read.subject, read.correlation, read.trace or ""))
    bson.encode(asdict(read))  # can be set aside


@given(hours=st.integers(-14, 14), time=st.datetimes())
def test_every_moment_that_is_read_can_be_stored_and_shown_in_any_zone(hours: int, time: datetime) -> None:
    zone = timezone(timedelta(hours=hours))
    try:
        read = decode(written(TOMORROW, ce_time=time.replace(tzinfo=zone).isoformat().encode()), "city")
    except Unreadable:
        assert time.year in (1, 9999)
        return
    assert read.time.tzinfo is UTC
    assert [read.time.astimezone(timezone(timedelta(hours=h))) for h in (-14, 14)] == [read.time] * 2
    codec = bson.CodecOptions[dict[str, datetime]](tz_aware=True)
    assert abs(bson.decode(bson.encode({"time": read.time}), codec)["time"] - read.time) < timedelta(milliseconds=1)


@pytest.mark.parametrize("given", ["\x00\r\n", "x" * 200, "\x85", "\ud800", ""])
def test_what_came_from_outside_cannot_make_our_own_message_unreadable(given: str) -> None:
    said = replace(SAID, correlation=given * 10, trace=given)

    read = decode(written(said), "city")

    assert read.trace is None
    assert read.event() == SAID.event()


def test_a_message_is_sent_as_it_was_written() -> None:
    assert encode(SAID).value == SAID.value


def test_what_kafka_takes_is_kept_whole() -> None:
    assert fitting(SAID) is SAID


def test_what_kafka_does_not_take_is_named_by_its_hash_size_and_place() -> None:
    large = replace(SAID, value=b"\xff" * (LARGEST + 1))

    named = fitting(large)

    assert json.loads(named.value) == {
        "sha256": sha256(large.value).hexdigest(), "size": 900_001, "place": "department/finance#1",
    }  # fmt: skip
    assert replace(named, value=large.value) == large
