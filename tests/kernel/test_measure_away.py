"""While servers are gone or hang, gauges and /readyz go on telling the truth."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.processes import Process, free_ports
from deploy.local.stack import Servers
from services.kernel.domain.clock import host
from services.kernel.running.program import Program
from services.kernel.storage.mongo import connect
from services.kernel.stream.bus import Bus
from tests.kernel.measuring import gauge, late, measured, well, working
from tests.support.sample import found_bureau
from tests.support.waiting import eventually

pytestmark = [pytest.mark.servers, pytest.mark.alone]
Fault = Callable[[Servers], None]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers that may be killed and frozen."""
    mongo, kafka, controller = free_ports(3)
    home = tmp_path_factory.mktemp("own")
    made = Servers(home, mongo, kafka, controller, given_mongo=None, given_kafka=None)
    try:
        made.start()
        yield made
    finally:
        for server in (made.mongo, made.kafka):
            if server and server.alive:
                send(server, signal.SIGCONT)
        made.end()


def send(server: Process | None, number: signal.Signals) -> None:
    assert server
    assert server.running
    os.kill(server.running.pid, number)


def since(sentence: str, begins: str) -> datetime:
    assert sentence.startswith(begins)
    return datetime.fromisoformat(sentence.removeprefix(begins).split("Z")[0] + "+00:00")


def freeze(servers: Servers) -> None:
    send(servers.kafka, signal.SIGSTOP)


def thaw(servers: Servers) -> None:
    send(servers.kafka, signal.SIGCONT)


def kill(servers: Servers) -> None:
    assert servers.kafka
    servers.kafka.kill()


def restart(servers: Servers) -> None:
    servers.restart(servers.kafka)


@pytest.mark.usefixtures("measured_soon")
@pytest.mark.parametrize(("take", "give"), [(freeze, thaw), (kill, restart)], ids=["frozen", "killed"])
async def test_while_kafka_is_away_readyz_says_since_when_and_ages_grow_and_then_all_is_well(
    own: Servers, namespace: str, tmp_path: Path, take: Fault, give: Fault
) -> None:
    async with working(own, namespace, tmp_path) as program:
        await eventually(lambda: well(program))
        taken = host()
        take(own)
        await program.transact(found_bureau, "finance")
        await eventually(lambda: both_late(program))

        said = await late(program)
        assert since(said["kafka"], "does not answer since ") >= taken - timedelta(seconds=1)
        assert since(said["relay"], "unsent since ") >= taken - timedelta(seconds=1)
        ages = [gauge("relay_lag_seconds"), gauge("measured_age_seconds", what="kafka")]
        await eventually(lambda: gauge("relay_lag_seconds") > ages[0] + 1)
        assert gauge("measured_age_seconds", what="kafka") > ages[1]
        assert gauge("measured_age_seconds", what="mongodb") < 1
        assert gauge("relay_unsent_facts") == 1
        assert await late(program) == said

        give(own)
        await eventually(lambda: well(program), seconds=90)
        assert gauge("relay_unsent_facts") == 0
        assert gauge("relay_lag_seconds") == 0
        assert gauge("measured_age_seconds", what="kafka") < 1.5


async def both_late(program: Program) -> bool:
    return (await late(program)).keys() == {"kafka", "relay"}


@pytest.mark.usefixtures("measured_soon")
async def test_while_mongodb_hangs_ages_grow_and_say_how_old_they_are(own: Servers, namespace: str) -> None:
    db, bus = connect(own.mongo_url, f"{namespace}_sample"), Bus(own.kafka_address, namespace)
    await db["journal"].insert_one({"unsent": True, "written": host()})
    async with measured(db, bus):
        await eventually(lambda: gauge("relay_unsent_facts") == 1)
        send(own.mongo, signal.SIGSTOP)
        await eventually(lambda: gauge("relay_lag_seconds") > 2)
        assert gauge("measured_age_seconds", what="mongodb") > 1
        assert gauge("measured_age_seconds", what="kafka") < 1
        send(own.mongo, signal.SIGCONT)
        await db["journal"].delete_many({})
        await eventually(lambda: gauge("relay_lag_seconds") == 0)
        assert gauge("measured_age_seconds", what="mongodb") < 1
