"""Records that are no messages: those that nobody can read, and those that aiokafka cannot even take apart."""

import hashlib
from datetime import UTC, datetime

from services.kernel.domain.clock import host
from services.kernel.domain.event import LARGEST, Message
from services.kernel.stream.bus import Consumer, Partition, Wire

NEXT = 200  # milliseconds to wait for one record that was fetched already, or will be


async def one_by_one(consumer: Consumer, most: int) -> dict[Partition, list[Wire]]:
    """Read past a record with a header whose name is no text, which aiokafka cannot take apart.

    Gives what each partition has behind what is committed, at most so many; the record at fault without any content.
    """
    committed = await consumer.seek_to_committed()
    if fresh := [part for part, offset in committed.items() if not offset]:
        await consumer.seek_to_beginning(*fresh)
    found: dict[Partition, list[Wire]] = {}
    for part in consumer.assignment() - consumer.paused():
        records = found.setdefault(part, [])
        try:
            while len(records) < most and (got := await consumer.getmany(part, timeout_ms=NEXT, max_records=1)):
                records += got[part]
        except UnicodeDecodeError:
            offset = await consumer.position(part)
            consumer.seek(part, offset + 1)
            at = int(host().timestamp() * 1000)
            records.append(Wire(part.topic, part.partition, offset, at, 0, None, None, None, -1, -1, ()))
    return {part: records for part, records in found.items() if records}


def foreign(record: Wire) -> Message:
    """A message of its own for what cannot be read: by its place in Kafka and its hash, with no more than fits."""
    value = record.value or b""
    sha256 = hashlib.sha256(value).hexdigest()
    subject = f"unreadable/{record.topic}-{record.partition}-{record.offset}-{sha256[:12]}"
    return Message(
        id=sha256, type="unreadable", source="unknown", subject=subject, sequence=1, time=_time(record),
        correlation="-", trace=None, value=value if len(value) <= LARGEST else b"",
    )  # fmt: skip


def _time(record: Wire) -> datetime:
    """When Kafka took it, as far as that is a moment at all."""
    try:
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return host()
