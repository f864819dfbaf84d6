"""A listener without Kafka, whose handlers a test chooses, and what can be seen of its queues."""

from services.kernel.contracts.columns import DepartmentChanged, DepartmentEvent, DepartmentRegistered
from services.kernel.storage.mongo import Database, MongoReader
from services.kernel.storage.transaction import Transactor
from services.kernel.stream.bus import Bus
from services.kernel.stream.consumer import Copy, Handler, Hearing
from services.kernel.stream.listener import Fetch, Listener
from services.kernel.stream.queue import Place, PlaceState
from tests.support.sample import Known

NOWHERE = Bus("127.0.0.1:1", "nowhere")


def listening(transact: Transactor, *handlers: Handler, bus: Bus = NOWHERE, fetch: Fetch | None = None) -> Listener:
    return Listener("sample", Hearing(handlers=handlers), transact, bus, fetch=fetch)


async def names(db: Database, code: str) -> tuple[str, ...]:
    known = await MongoReader(db).look(Known, code)
    return known.names if known else ()


async def places(db: Database) -> dict[str, PlaceState]:
    """What waits or failed, by aggregate and sequence."""
    found = await MongoReader(db).find(Place, {}, sort="_id", limit=0)
    return {place.id.partition("|")[2]: place.state for place in found}


def mended() -> Copy[Known]:
    made = Copy(Known)

    @made.on(DepartmentRegistered, DepartmentChanged)
    def named(state: Known | None, event: DepartmentEvent) -> Known:
        return Known(id=event.code, names=(*(state.names if state else ()), event.name))

    return made
