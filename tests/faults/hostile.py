"""Messages as a stranger would write them: none of ours, nearly ours, and ours in all but the truth."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from services.kernel.contracts import TOPICS
from services.kernel.contracts.examples import EXAMPLES
from services.kernel.domain.event import EVENTS, Message
from services.kernel.stream.bus import encode
from tests.support.programs import Suite
from tests.support.proof import FORGED, NOBODY, topic

MOST = 1_000_000  # bytes of a whole record, what Kafka takes at most
Header = tuple[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Record:
    """What is written to Kafka as it stands. `partition` None: where its key belongs."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()
    partition: int | None = None

    @property
    def size(self) -> int:
        headers = sum(len(name.encode()) + len(value or b"") + 10 for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers


def forged(
    type_: str, *, id: str, sequence: int = 1, at: datetime | None = None, changed: Mapping[str, object] = {}
) -> Message:
    """An event of an aggregate that does not exist, as its speaker would tell it."""
    event = EXAMPLES[type_]
    at = at or datetime.now(UTC).replace(microsecond=0)
    own = {"path": id} if "path" in type(event).model_fields else {}
    value = {**event.model_dump(mode="json"), "at": at.isoformat(), event.KEY: id, **own, **changed}
    return Message(
        id=f"{id}-{sequence}", type=type_, source=event.SOURCE, subject=f"{event.speaks_of()}/{id}", sequence=sequence,
        time=at, correlation=FORGED, trace=None, value=json.dumps(value, ensure_ascii=False).encode(),
    )  # fmt: skip


def wrapped(message: Message) -> Record:
    return Record(message.source, message.subject.encode(), message.value, tuple(encode(message).headers.items()))


# All of one aggregate and event, so that what is true of one is true of its twin.
IDS = st.sampled_from([f"{NOBODY}{n}" for n in range(4)])
NUMBERS = st.sampled_from(
    ["0", "-1", "1e3", "1.5", "٣", "01", "9" * 400, str(2**31), str(2**53), str(2**53 + 1), str(2**63), str(2**64), ""]
)
TIMES = st.sampled_from(
    ["", "soon", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z",
     "2026-01-05T00:00:00", "2026-01-05T00:00:00+99:99", "1767571200", "0000-00-00T00:00:00Z"]
)  # fmt: skip
BYTES = st.binary(max_size=60) | st.text(max_size=40).map(str.encode) | (NUMBERS | TIMES).map(str.encode)
BIG = st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=8), st.integers(1, 120_000))
SURROGATE = st.sampled_from([rb'"\ud800"', rb'{"\udfff": 1}', b'"\xed\xa0\x80"', b'"\x00\x1b[2J\x07"', b'"\\u0000"'])
DEEP = st.builds(lambda piece, times: piece * times, st.sampled_from([b"[", b'{"a":', b"[[]", b'"\\']), st.just(90_000))
HUGE = st.sampled_from([b"9" * 5000, b"1e999999", b"-" + b"1" * 300_000, b"NaN", b"Infinity", b"0." + b"3" * 9000])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
).map(lambda found: json.dumps(found).encode())
VALUES = st.none() | BYTES | BIG | SURROGATE | DEEP | HUGE | JSON
NAMES = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    [
        "ce_id",
        "CE_ID",
        "ce_type",
        "ce_data",
        "content-type",
        "ce_",
        "ce_" + "x" * 500,
        "ce_sequence",
        "ce_datacontenttype",
    ]
)
HEADERS = st.lists(st.tuples(NAMES, st.none() | BYTES), max_size=12).map(tuple) | st.builds(
    lambda n: tuple((f"ce_x{i}", b"x") for i in range(n)), st.integers(30, 2000)
)
SPEAKERS = st.sampled_from(list(TOPICS))
STRANGE: dict[str, Any] = {
    "sequence": NUMBERS, "time": TIMES, "specversion": st.sampled_from(["", "0.3", "9", "1.0\n"]),
    "type": st.sampled_from([*EVENTS, "item.exploded", "", "item", ".", "letter." + "x" * 3000, "$where", "kind.\x00"]),
    "source": st.sampled_from([f"/services/{name}" for name in (*TOPICS, "nobody", "")] + ["//evil", "mailbox"]),
    "subject": st.sampled_from(["", "/", "item", "item/", "letter/$gt", "item/" + "长" * 800, "a/b/c", "item/\n"]),
    "id": st.sampled_from(["", "x" * 5000, "\x00", "$"]),
    "traceparent": st.sampled_from(["00-0-0-0", "\n", "x" * 9000]),
    "datacontenttype": st.sampled_from(["", "text/xml", "application/json; charset=utf-7"]),
}  # fmt: skip


@st.composite
def foreign(draw: st.DrawFn) -> Record:
    """None of ours."""
    return Record(draw(SPEAKERS), draw(st.none() | BYTES), draw(VALUES), draw(HEADERS))


FIELDS: dict[str, Any] = {
    "revision": st.sampled_from([0, -1, 10**12, 2**63, 2**70, 1.5, "1"]),
    "extract": st.builds(
        lambda hash, size: {"sha256": hash, "size": size, "media_type": "text/html"},
        st.sampled_from(["", "../letters", "x" * 64, "a" * 9000, "%00", "?a=b", "\n", "a" * 64]),
        st.integers(-1, 2**64),
    ),
    "stars": st.sampled_from([-5, 10**9, 2**64]), "level": st.just(2**64), "position": st.sampled_from([-1, 2**64]),
    "parent_id": IDS, "due_at": TIMES, "due_soon_at": TIMES, "published_at": TIMES, "month": st.sampled_from(["", "x"]),
    "path": st.sampled_from(["", "../..", "a" * 60_000, "news/\x00"]), "kind": st.sampled_from(["", "x" * 100_000]),
    "score": st.sampled_from(["1e9999", "NaN", "-Infinity", "9" * 4000]), "title": st.just("<script>" * 20_000),
    "body": st.just("<div>" * 100_000), "keywords": st.just(["词"] * 60_000), "made_on": st.just("0001-01-01"),
    "name": st.sampled_from(["\u202e\x00\x1b[31m", "名" * 100_000]), "rank": st.just(2**63),
}  # fmt: skip

SCORED, LATER = {"letter", "column", "duty", "department"}, [2126, 9998]
"""A month cannot be closed on what half a story says of these, an answer without a letter say; so not of this month."""


@st.composite
def told_by_nobody(draw: st.DrawFn) -> Record:
    """Well formed, of aggregates that do not exist: a first message, a next one, or one behind others that never come;
    perhaps with a field that no city would say.
    """
    type_ = draw(st.sampled_from(sorted(EXAMPLES)))
    names = sorted(set(type(EXAMPLES[type_]).model_fields) & FIELDS.keys() - {"at"})
    field = draw(st.none() | st.sampled_from(names)) if names else None
    changed = {field: draw(FIELDS[field])} if field and field != EXAMPLES[type_].KEY else {}
    sequence = draw(st.integers(1, 3) | st.sampled_from([7, 2**53]))
    years = st.sampled_from(LATER if EXAMPLES[type_].speaks_of() in SCORED else [2, 1900, 2026, *LATER])
    at = datetime(draw(years), 6, 1, tzinfo=UTC)
    message = forged(type_, id=draw(IDS), sequence=sequence, at=at, changed=changed)
    return wrapped(replace(message, id=draw(st.sampled_from([message.id, "another"]))))


@st.composite
def spoilt(draw: st.DrawFn) -> Record:
    """Well formed, but for one or two things."""
    record = draw(told_by_nobody())
    for _ in range(draw(st.integers(1, 2))):
        record = draw(st.sampled_from([header, without, twice, value, key, place]))(record, draw)
    return record


def header(record: Record, draw: st.DrawFn) -> Record:
    name = draw(st.sampled_from(sorted(STRANGE)))
    said = draw(STRANGE[name].map(str.encode) | st.binary(max_size=30) | st.none())
    return replace(record, headers=(*(h for h in record.headers if h[0] != f"ce_{name}"), (f"ce_{name}", said)))


def without(record: Record, draw: st.DrawFn) -> Record:
    gone = draw(st.sampled_from(sorted({name for name, _ in record.headers} - {"ce_correlationid"})))
    return replace(record, headers=tuple(h for h in record.headers if h[0] != gone))


def twice(record: Record, draw: st.DrawFn) -> Record:
    name, said = draw(st.sampled_from(record.headers))
    return replace(record, headers=(*record.headers, (draw(st.sampled_from([name, name.upper()])), said)))


def value(record: Record, draw: st.DrawFn) -> Record:
    return replace(record, value=draw(VALUES | st.just((record.value or b"")[:-1])))


def key(record: Record, draw: st.DrawFn) -> Record:
    return replace(record, key=draw(st.none() | BYTES))


def place(record: Record, draw: st.DrawFn) -> Record:
    """On another topic, or in another partition than its key's."""
    name = draw(SPEAKERS)
    return replace(record, topic=name, partition=draw(st.integers(0, TOPICS[name].partitions - 1)))


HOSTILE = (foreign() | told_by_nobody() | spoilt() | spoilt()).filter(
    lambda record: record.size < MOST and not (record.key is None and record.value is None)  # aiokafka sends no such
)


def drawn(count: int, *, number: int) -> list[Record]:
    """As many as asked; the same number gives the same again."""
    found: list[Record] = []

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(HOSTILE)
    def draw(record: Record) -> None:
        found.append(record)

    draw()
    return found


def under_other_ids(running: Suite, count: int) -> list[Record]:
    """What was told already, told again as if it were something else."""
    told = asyncio.run(topic(running))
    found = []
    for record in random.Random(count).sample(told, min(count, len(told))):
        headers = dict(record.headers) | {"ce_id": b"another", "ce_correlationid": FORGED.encode()}
        found.append(
            Record(record.topic.rpartition(".")[2], record.key, record.value, tuple(headers.items()), record.partition)
        )
    return found


def produce(running: Suite, records: Sequence[Record]) -> int:
    """Write them in their order. How many Kafka took."""

    async def send() -> int:
        servers = running.servers.kafka_address
        producer = AIOKafkaProducer(bootstrap_servers=servers, max_request_size=5_000_000, linger_ms=5)
        await producer.start()
        taken = [
            await producer.send(
                f"{running.namespace}.{each.topic}", each.value, each.key, headers=list(each.headers),
                partition=each.partition,
            )
            for each in records
        ]  # fmt: skip
        done = await asyncio.gather(*taken, return_exceptions=True)
        await producer.stop()
        assert all(not isinstance(answer, Exception) or isinstance(answer, KafkaError) for answer in done)
        return sum(not isinstance(answer, Exception) for answer in done)

    return asyncio.run(send())
