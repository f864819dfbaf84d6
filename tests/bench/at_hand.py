"""The ceiling of a page being made: the gateway's own handlers, where what they read lies in memory."""

import uvicorn

from gateway.__main__ import SERVICE
from gateway.program import Gateway, portal
from gateway.settings import GatewaySettings
from services.kernel.domain.decision import R
from services.kernel.running.program import begin
from services.kernel.settings import load
from services.kernel.storage.mongo import MongoReader

READ: dict[str, object] = {}


async def look(reader: MongoReader, kind: type[R], id: str) -> R | None:
    """Read once."""
    if id not in READ:
        READ[id] = await read(reader, kind, id)
    found = READ[id]
    assert found is None or isinstance(found, kind)
    return found


read = MongoReader.look

if __name__ == "__main__":
    MongoReader.look = look  # type: ignore[method-assign, assignment]  # that is what this program is for
    settings = load(GatewaySettings)
    begin(SERVICE.name, settings)
    app = portal(Gateway(SERVICE, settings))
    uvicorn.run(
        app, port=settings.port, loop="uvloop", http="httptools", lifespan="off", log_config=None, access_log=False
    )
