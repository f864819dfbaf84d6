"""Bytes that come piece by piece."""

from collections.abc import AsyncIterator


async def pieces(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
