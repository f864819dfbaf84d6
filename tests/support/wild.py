"""Records that no client library would write, and that Kafka takes."""

import struct

from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

CRC, FROM = 17, 21  # where a batch keeps its checksum, and from where that is reckoned
NAME = b"a-header"
NO_TEXT = b"\xff\xfe\xfd" + NAME[3:]


async def send_header_of_no_text(servers: str, topic: str, partition: int = 0) -> None:
    """A record with a header whose name is no UTF-8."""
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    batch = producer.create_batch()
    batch.append(key=b"key", value=b"{}", timestamp=None, headers=[(NAME.decode(), b"x")])
    batch.close()
    made = bytearray(batch._build().replace(NAME, NO_TEXT))
    struct.pack_into(">I", made, CRC, calc_crc32c(bytes(made[FROM:])))
    batch._buffer = bytes(made)
    await (await producer.send_batch(batch, topic, partition=partition))
    await producer.stop()


async def send_bomb(servers: str, topic: str, size: int) -> None:
    """Zeros, packed so well that they would pass for a small record."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, compression_type="gzip", max_request_size=2 * size)
    await producer.start()
    try:
        await producer.send_and_wait(topic, bytes(size), b"key", partition=0)
    finally:
        await producer.stop()
