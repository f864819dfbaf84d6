"""A message as it travels: a CloudEvent in Kafka's binary mode. Its parts must agree before it is handled."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from services.kernel.contracts import DEAD_LETTERS, TOPICS
from services.kernel.domain.event import EVENTS, LARGEST, Message

SOURCE_PREFIX = "/services/"
REQUIRED = {f"ce_{name}" for name in ("specversion", "id", "source", "type", "time", "subject", "sequence")}
HEADERS, HEADER_NAME, HEADER = 40, 100, 2_000  # how many, and the longest name and value in bytes
ID, TYPE, SUBJECT, CORRELATION, TRACE = 200, 100, 500, 500, 100  # characters
DIGITS = re.compile("[0-9]{16}")  # sequences then sort as text as they do as numbers (CloudEvents, `sequence`)
HIGHEST = 2**53  # up to here every reader of JSON counts exactly
DAY, MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC) + DAY, datetime.max.replace(tzinfo=UTC) - DAY  # exist in any zone


class Unreadable(Exception):
    """A message that is none of ours. The text is one short sentence that repeats nothing of the content."""


class Record(Protocol):
    """What is read of one of Kafka's records."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class AsSent(JSONFormat):
    """Leaves the JSON as it is: made when the fact is written, never parsed or dumped on the way."""

    def write_data(self, data: Any, datacontenttype: str | None) -> bytes:
        assert isinstance(data, bytes)
        return data

    def read_data(self, body: Any, datacontenttype: str | None) -> Any:
        return body


AS_SENT = AsSent()


def encode(m: Message, portal: str = "") -> KafkaMessage:
    """The message for Kafka. `portal`: the address of the gateway, which serves the schemas.

    Correlation and trace came from outside: what a reader would refuse is left out.
    """
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": m.id,
        "source": SOURCE_PREFIX + m.source,
        "type": m.type,
        "time": m.time,
        "subject": m.subject,
        "datacontenttype": "application/json",
        "dataschema": f"{portal}/events/{m.type}.json",
        "sequence": f"{m.sequence:016}",
        "correlationid": "".join(c if c.isprintable() else " " for c in m.correlation[:CORRELATION]) or "-",
    }
    if m.trace and is_word(m.trace, TRACE):
        attributes["traceparent"] = m.trace
    return to_binary(CloudEvent(attributes, m.value), AS_SENT, key_mapper=lambda event: event.get_subject())


def decode(record: Record, namespace: str) -> Message:
    """The message, if its parts agree. Raises `Unreadable` and nothing else, whatever a stranger wrote.

    A value that breaks its schema is let through here: `event()` raises when the message is handled.
    """
    try:
        message = read(record)
        compare(message, record, namespace)
        compare_value(message)
        return message
    except Unreadable:
        raise
    except Exception as error:  # no error may stop the partition
        raise Unreadable(f"It cannot be read as an event ({type(error).__name__}).") from None


def read(record: Record) -> Message:
    value = record.value or b""
    if len(value) > LARGEST:
        raise Unreadable(f"The value has more than {LARGEST} bytes.")
    event = event_of(bounded(record.headers), value)
    return Message(
        id=word(event.get_id(), "ce_id", ID),
        type=word(event.get_type(), "ce_type", TYPE),
        source=speaker(event.get_source()),
        subject=word(event.get_subject(), "ce_subject", SUBJECT),
        sequence=number(event.get_extension("sequence")),
        time=moment(event.get_time()),
        correlation=word(event.get_extension("correlationid") or "-", "ce_correlationid", CORRELATION),
        trace=word(trace, "ce_traceparent", TRACE) if (trace := event.get_extension("traceparent")) else None,
        value=value,
    )


def event_of(headers: Mapping[str, bytes], value: bytes) -> BaseCloudEvent:
    return from_binary(KafkaMessage(dict(headers), None, value), AS_SENT, CloudEvent)


def bounded(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, bytes]:
    if len(headers) > HEADERS:
        raise Unreadable(f"It has more than {HEADERS} headers.")
    found: dict[str, bytes] = {}
    for name, value in headers:
        if value is None or len(name) > HEADER_NAME or len(value) > HEADER or not (name + value.decode()).isprintable():
            raise Unreadable("A header is missing its value, too long, or not printable.")
        if name.lower() in found:
            raise Unreadable("A header stands there twice.")
        found[name.lower()] = value
    if missing := REQUIRED - found.keys():  # the library would make up an id and a time
        raise Unreadable(f"{', '.join(sorted(missing))} must be said.")
    return found


def is_word(text: object, longest: int) -> bool:
    """Whether it is a line of printable characters: no controls, no lone surrogates."""
    return isinstance(text, str) and 0 < len(text) <= longest and text.isprintable()


def word(text: str | None, name: str, longest: int) -> str:
    if text is None or not is_word(text, longest):
        raise Unreadable(f"{name} is missing, longer than {longest} characters, or not printable.")
    return text


def speaker(source: str) -> str:
    prefix, name = source[: len(SOURCE_PREFIX)], source[len(SOURCE_PREFIX) :]
    if prefix != SOURCE_PREFIX or name not in TOPICS or name == DEAD_LETTERS:
        raise Unreadable("ce_source is none of the services that speak.")
    return name


def number(text: str | None) -> int:
    if text is None or not DIGITS.fullmatch(text) or not 1 <= int(text) <= HIGHEST:
        raise Unreadable(f"ce_sequence is no number of 16 digits from 1 to {HIGHEST}.")
    return int(text)


def moment(time: datetime | None) -> datetime:
    if time is None or not EARLIEST <= time <= LATEST:
        raise Unreadable("ce_time is missing, or a moment that cannot be kept.")
    return time.astimezone(UTC)


def compare(message: Message, record: Record, namespace: str) -> None:
    """Compare envelope, record and declared events with each other. Raises `Unreadable` if two disagree."""
    known = EVENTS.get(message.type)
    if record.topic != f"{namespace}.{message.source}":
        raise Unreadable("The topic is not the one of ce_source.")
    if record.key != message.subject.encode():
        raise Unreadable("The key is not ce_subject.")
    if not message.key or message.kind != message.type.partition(".")[0]:
        raise Unreadable("ce_subject is not the first word of ce_type and an id.")
    if known and message.source != known.SOURCE:
        raise Unreadable("An event of this ce_type is told by another service than ce_source.")


def compare_value(message: Message) -> None:
    """Compare the value with the envelope. Times may differ by less than a millisecond, as no more is kept."""
    try:
        event = message.event()
    except ValidationError:
        return
    if event and event.subject != message.subject:
        raise Unreadable("The value speaks of another subject than ce_subject.")
    if event and abs(event.at - message.time) >= MILLISECOND:
        raise Unreadable("The value speaks of another time than ce_time.")


def fitting(message: Message) -> Message:
    """The message, if it is small enough for Kafka. Otherwise hash, size and place of its value replace the value."""
    if len(message.value) <= LARGEST:
        return message
    place = f"{message.subject}#{message.sequence}"
    named = {"sha256": sha256(message.value).hexdigest(), "size": len(message.value), "place": place}
    return replace(message, value=json.dumps(named).encode())
