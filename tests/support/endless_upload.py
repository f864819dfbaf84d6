"""A process that uploads without end, to be killed: `python -m tests.support.endless_upload MONGO_URL DATABASE`."""

import asyncio
import sys
from collections.abc import AsyncIterator

from services.kernel.storage.files import Files
from services.kernel.storage.mongo import connect


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(100_000)


async def main(url: str, name: str) -> None:
    await Files(connect(url, name)).put(endless(), "video/mp4", most=10**12)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
