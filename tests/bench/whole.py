"""The ceiling of a list that is kept: a file's bytes from memory, nothing else."""

import os
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))]


async def app(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(os.environ["BENCH_PORT"]), loop="uvloop", http="httptools", lifespan="off", access_log=False
    )
