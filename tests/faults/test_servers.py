"""Kafka or MongoDB dies while people write."""

import time

import pytest

from deploy.local import kafka_server, mongo
from deploy.local.stack import STARTING
from tests.faults.promises import everything_holds
from tests.faults.writing import writing
from tests.support.programs import Suite
from tests.support.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.all_faults]
AWAY = 20.0  # seconds


def test_kafka_killed_for_twenty_seconds_under_writes_delays_and_loses_nothing(killable: Suite) -> None:
    kafka = killable.servers.kafka
    assert kafka
    with writing(killable, 8) as written:
        until(lambda: len(written.titles) >= 2)
        kafka.kill()
        back, before = time.monotonic() + AWAY, len(written.titles)
        until(lambda: time.monotonic() > back, seconds=2 * AWAY)
        accepted = len(written.titles) - before
        kafka.start()
        kafka.until(lambda: kafka_server.answers(killable.servers.kafka_port), STARTING)

    assert accepted > 5  # an API is up without Kafka
    everything_holds(killable, written)


def test_mongodb_killed_and_started_again_under_writes_keeps_what_was_accepted(killable: Suite) -> None:
    server = killable.servers.mongo
    assert server
    with writing(killable, 8) as written:
        until(lambda: len(written.titles) >= 3)
        server.kill()
        server.start()
        server.until(lambda: mongo.initiate(killable.servers.mongo_port), STARTING)

    everything_holds(killable, written)
