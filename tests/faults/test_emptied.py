"""Kafka loses all it had while the programs run and people write; the journals fill it again."""

import asyncio
import shutil

import pytest

from deploy.local import kafka_server
from deploy.local.stack import STARTING
from services.kernel.contracts import TOPICS
from tests.faults.commands import command
from tests.faults.inside import late, unharmed
from tests.faults.promises import everything_holds
from tests.faults.writing import Written, writing
from tests.support.programs import Suite
from tests.support.proof import SPEAKERS, caught_up, documents, unsent
from tests.support.topics import admin
from tests.support.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.all_faults]
PROGRAMS = (*SPEAKERS, "gateway")


def test_topics_deleted_under_writes_are_made_again_and_refilled_from_the_journals(running: Suite) -> None:
    with writing(running, 6) as written:
        until(lambda: len(written.titles) >= 3)
        asyncio.run(delete_topics(running))
        until(lambda: set(topics(running)) == set(TOPICS), seconds=90)

    refilled(running, written)


async def delete_topics(running: Suite) -> None:
    async with admin(running.servers.kafka_address) as there:
        await there.delete_topics([f"{running.namespace}.{name}" for name in TOPICS])


def topics(running: Suite) -> list[str]:
    """Those of the suite that Kafka has now, without the namespace."""

    async def names() -> list[str]:
        async with admin(running.servers.kafka_address) as there:
            return list(await there.list_topics())

    own = f"{running.namespace}."
    return [name.removeprefix(own) for name in asyncio.run(names()) if name.startswith(own)]


def test_a_kafka_that_comes_back_with_an_empty_disk_is_refilled_from_the_journals(killable: Suite) -> None:
    servers = killable.servers
    assert servers.kafka
    with writing(killable, 6) as written:
        until(lambda: len(written.titles) >= 3)
        servers.kafka.kill()
        shutil.rmtree(servers.home / "kafka" / "data")
        kafka_server.command(servers.home / "kafka", servers.kafka_port, servers.controller_port)  # formats it anew
        servers.kafka.start()
        servers.kafka.until(lambda: kafka_server.answers(servers.kafka_port), STARTING)

    refilled(killable, written)


def refilled(running: Suite, written: Written) -> None:
    """Each service sends its journal again; what readers knew they pass, what they lacked they hear."""
    for service in SPEAKERS:
        until(lambda service=service: not unsent(running, service), seconds=90)  # type: ignore[misc]  # bound
        command(running, service, "resend")
        until(lambda service=service: not unsent(running, service), seconds=90)  # type: ignore[misc]  # bound
    for reader in ("gateway", "scoring"):
        until(lambda reader=reader: caught_up(running, reader), seconds=90)  # type: ignore[misc]  # bound
        until(lambda reader=reader: not documents(running, reader, "waiting"))  # type: ignore[misc]  # bound
    until(lambda: all(late(running, program) == {} for program in PROGRAMS), seconds=60)
    unharmed(running, *PROGRAMS)
    everything_holds(running, written, ordered=False)  # what was said meanwhile came before what was said long ago
