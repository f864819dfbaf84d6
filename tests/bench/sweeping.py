"""A round of the letters' sweep over 100,000 open clocks, of which one batch is due."""

from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter

from cryptography.fernet import Fernet
from pymongo import InsertOne

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause
from services.kernel.running.timer import BATCH
from services.kernel.storage import journal
from services.kernel.storage.crypto import Vault
from services.kernel.storage.mongo import connect, make_indexes
from services.kernel.storage.transaction import Transactor
from services.mailbox import store, timers
from tests.bench.table import Row
from tests.mailbox.letters import AT, LETTER
from tests.support.sample import stored

COUNT = 100_000


async def measure(servers: Servers) -> Row:
    db = connect(servers.mongo_url, "bench_sweep")
    await db.client.drop_database(db.name)
    await make_indexes(db, store.INDEXES, {})
    await journal.make_indexes(db)
    vault = Vault(Fernet.generate_key().decode())
    for start in range(0, COUNT, 10_000):
        some = (stored(replace(LETTER, id=f"l{n}", wakes_at=due(n)), vault) for n in range(start, start + 10_000))
        await db["letter"].bulk_write([InsertOne(letter) for letter in some], ordered=False)
    sweep, _ = timers.sweeps()
    transact = Transactor(db, Cause(who="bench", request="-"), vault=vault)
    began = perf_counter()
    assert await sweep.once(transact, AT) == BATCH
    took = perf_counter() - began
    await db.client.drop_database(db.name)
    db.client.close()
    return Row.within("A sweep over 100,000 open clocks, 200 due", took, "s", 1)


def due(n: int) -> datetime:
    """Every 500th is due."""
    return AT - timedelta(hours=1) if n % 500 == 0 else AT + timedelta(days=n % 30 + 1)
