"""Whatever is killed: every accepted write is on the portal exactly once, in order, and nothing else is."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
import pytest

from deploy.local import kafka_server, mongo
from deploy.local.stack import STARTING
from services.kernel.person import Role
from tests.support.city import GROUNDS, draft, ok, published, release, write_letter
from tests.support.programs import Suite
from tests.support.proof import everything_was_sent, in_order, journal, shown_exactly, told
from tests.support.waiting import until

pytestmark = pytest.mark.servers


class Publisher(threading.Thread):
    """Publishes items one after another, each step tried again until it is answered; notes what was accepted."""

    def __init__(self, running: Suite, count: int) -> None:
        super().__init__(daemon=True)
        self.running, self.count = running, count
        self.titles: list[str] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for n in range(self.count):
                title = f"信息{n}"
                self.publish(title)
                self.titles.append(title)
        except BaseException as error:
            self.error = error

    def publish(self, title: str) -> None:
        editor = self.running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
        reviewer = self.running.client("publishing", Role.REVIEWER, department="finance", sub="reviewer-1")
        content = {
            "kind": "article", "column_id": self.running.columns["news"], "title": title, "summary": "", "body": "正文",
            "made_on": "2026-01-05", "keywords": [],
        }  # fmt: skip
        item = self.answered(editor, "/items", content)
        path = f"/items/{item['id']}"
        submitted = self.answered(editor, f"{path}/submission")
        review = {"decision": "release", "grounds": GROUNDS, "content_hash": submitted["content_hash"]}
        self.answered(reviewer, f"{path}/review", review)
        self.answered(editor, f"{path}/publication")

    def answered(self, client: httpx.Client, path: str, body: object = None) -> dict[str, str]:
        key = {"Idempotency-Key": uuid4().hex}

        def ask() -> dict[str, str]:
            try:
                answer = client.post(path, json=body, headers=key)
            except httpx.TransportError as error:
                raise AssertionError(f"not reachable: {error}") from error
            assert answer.status_code < 500
            found: dict[str, str] = ok(answer)
            return found

        return until(ask, seconds=120)


@contextmanager
def publishing_under(running: Suite, count: int) -> Iterator[list[str]]:
    """Items being published while the block does its worst; ends when all are accepted."""
    publisher = Publisher(running, count)
    publisher.start()
    yield publisher.titles
    publisher.join(240)
    assert publisher.error is None, publisher.error
    assert len(publisher.titles) == count


def test_a_publisher_killed_between_commit_and_send_loses_and_doubles_nothing(running: Suite) -> None:
    with publishing_under(running, 12) as done:
        for at in (2, 5, 8):
            until(lambda at=at: len(done) >= at)  # type: ignore[misc]  # the loop's number is bound
            running.restart("publishing")

    everything_was_sent(running, "publishing")
    shown_exactly(running, done)


@pytest.mark.all_faults
def test_a_gateway_killed_in_the_middle_of_a_projection_shows_everything_once(running: Suite) -> None:
    with publishing_under(running, 12) as done:
        for at in (3, 7):
            until(lambda at=at: len(done) >= at)  # type: ignore[misc]  # the loop's number is bound
            running.restart("gateway")

    shown_exactly(running, done)


@pytest.mark.all_faults
def test_a_relay_killed_while_it_holds_the_lease_is_followed_by_another(running: Suite) -> None:
    running.replica("publishing")
    with publishing_under(running, 10) as done:
        until(lambda: len(done) >= 4)
        running.restart("publishing")

    everything_was_sent(running, "publishing")
    shown_exactly(running, done)


@pytest.mark.all_faults
def test_events_sent_three_times_and_out_of_turn_change_nothing(running: Suite) -> None:
    titles = [f"重复{n}" for n in range(4)]
    for title in titles:
        published(running, running.columns["news"], title=title)
    shown_exactly(running, titles)
    for _ in range(2):
        resend(running, "publishing")
    everything_was_sent(running, "publishing")

    shown_exactly(running, titles)


def resend(running: Suite, service: str) -> None:
    env = os.environ | running.env(service)
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}", "resend"], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_every_overdue_letter_is_announced_exactly_once_though_replicas_are_killed(running: Suite) -> None:
    receipts = {write_letter(running)["receipt"] for _ in range(30)}
    later = {"CITYGATE_CLOCK_SHIFT": str(60 * 24 * 3600)}
    first, _ = running.replica("mailbox", env=later)
    first.kill()
    running.replica("mailbox", env=later)
    running.replica("mailbox", env=later)

    def announced() -> list[str]:
        return [r["subject"] for r in journal(running, "mailbox") if r["type"] == "letter.overdue"]

    until(lambda: set(announced()) >= {f"letter/{r}" for r in receipts}, seconds=60)
    everything_was_sent(running, "mailbox")
    sent = [(m.subject, m.sequence) for m in told(running, "mailbox") if m.type == "letter.overdue"]
    assert sorted(announced()) == sorted(f"letter/{r}" for r in receipts)
    assert len(set(sent)) == len(receipts)


@pytest.mark.all_faults
def test_kafka_killed_for_a_while_under_writes_delays_and_loses_nothing(killable: Suite) -> None:
    kafka = killable.servers.kafka
    assert kafka
    with publishing_under(killable, 15) as done:
        until(lambda: len(done) >= 4)
        kafka.kill()
        until(lambda: len(done) >= 12, seconds=60)  # an API is up without Kafka
        kafka.start()
        kafka.until(lambda: kafka_server.answers(killable.servers.kafka_port), STARTING)

    everything_was_sent(killable, "publishing")
    shown_exactly(killable, done)


@pytest.mark.all_faults
def test_mongodb_killed_and_started_again_under_writes_keeps_what_was_accepted(killable: Suite) -> None:
    server = killable.servers.mongo
    assert server
    with publishing_under(killable, 12) as done:
        until(lambda: len(done) >= 4)
        server.kill()
        server.start()
        server.until(lambda: mongo.initiate(killable.servers.mongo_port), STARTING)

    everything_was_sent(killable, "publishing")
    shown_exactly(killable, done)


@pytest.mark.all_faults
def test_a_program_that_stands_still_for_a_while_goes_on_without_harm(running: Suite) -> None:
    process = running.processes["publishing"].running
    assert process
    running.replica("publishing")
    item = release(running, draft(running, running.columns["news"], title="停顿"))
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    ok(editor.post(f"/items/{item['id']}/publication"))
    os.kill(process.pid, signal.SIGSTOP)
    try:
        shown_exactly(running, ["停顿"])  # the other replica takes the lease
    finally:
        os.kill(process.pid, signal.SIGCONT)
    everything_was_sent(running, "publishing")
    in_order(told(running, "publishing"))
