"""A round of the letters' sweep over 100,000 open clocks, of which one batch is due."""

from datetime import timedelta
from time import perf_counter

from pymongo import InsertOne

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause
from services.kernel.running.timer import BATCH
from services.kernel.storage import journal
from services.kernel.storage.mongo import connect, document, make_indexes
from services.kernel.storage.transaction import Transactor
from services.mailbox import store, timers
from tests.bench.table import Row
from tests.mailbox.letters import AT, LETTER

COUNT = 100_000


async def measure(servers: Servers) -> Row:
    db = connect(servers.mongo_url, "bench_sweep")
    await db.client.drop_database(db.name)
    await make_indexes(db, store.INDEXES, {})
    await journal.make_indexes(db)
    stored = document(LETTER) | {"version": 1, "sequence": 1}
    for start in range(0, COUNT, 10_000):
        letters = (stored | {"_id": f"l{n}", "wakes_at": due(n)} for n in range(start, start + 10_000))
        await db["letter"].bulk_write([InsertOne(letter) for letter in letters], ordered=False)
    [sweep] = timers.sweeps()
    transact = Transactor(db, Cause(who="bench", request="-"))
    began = perf_counter()
    assert await sweep.once(transact, AT) == BATCH
    took = perf_counter() - began
    await db.client.drop_database(db.name)
    db.client.close()
    return Row.within("A sweep over 100,000 open clocks, 200 due", took, "s", 1)


def due(n: int) -> object:
    """Every 500th is due."""
    return AT - timedelta(hours=1) if n % 500 == 0 else AT + timedelta(days=n % 30 + 1)
