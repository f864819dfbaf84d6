"""Reading past a record that aiokafka cannot take apart: one with a header whose name is no text."""

from services.kernel.domain.clock import host
from services.kernel.stream.bus import Consumer, Partition, Wire

NEXT = 200  # milliseconds to wait for one record that was fetched already, or will be


async def one_by_one(consumer: Consumer, most: int) -> dict[Partition, list[Wire]]:
    """What each partition has behind what is committed, at most so many; the record at fault without any content."""
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
