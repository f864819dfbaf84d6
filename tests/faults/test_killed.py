"""A program is killed at the worst moment, or stands still, while people write."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.kernel.domain.person import Role
from services.kernel.storage.mongo import Document
from tests.faults.promises import LETTERS_LATE, everything_holds
from tests.faults.writing import writing
from tests.support.city import draft, ok, release
from tests.support.programs import Suite
from tests.support.proof import documents, unsent
from tests.support.waiting import until

pytestmark = pytest.mark.servers


@contextmanager
def nobody_sends(running: Suite, service: str) -> Iterator[None]:
    """The relay's lease is in other hands, as between two replicas: what is committed stays unsent."""
    with MongoClient[Document](running.servers.mongo_url) as client:
        leases = client[f"{running.namespace}_{service}"]["leases"]
        leases.update_one({"_id": "relay"}, [{"$set": {"holder": "nobody", "until": {"$add": ["$$NOW", 600_000]}}}])
        try:
            yield
        finally:
            leases.delete_one({"_id": "relay"})


def test_a_publisher_killed_between_commit_and_send_loses_and_doubles_nothing(running: Suite) -> None:
    with writing(running, 6) as written:
        with nobody_sends(running, "publishing"), nobody_sends(running, "mailbox"):
            until(lambda: len(unsent(running, "publishing")) >= 4 and len(unsent(running, "mailbox")) >= 2)
            running.processes["publishing"].kill()
            running.processes["mailbox"].kill()
            committed = len(unsent(running, "publishing"))
        running.start("publishing", "mailbox")

    assert committed >= 4
    everything_holds(running, written)


@contextmanager
def in_the_way(running: Suite, id: str) -> Iterator[MongoClient[Document]]:
    """A transaction of ours holds the place of an item in the read model, so that the gateway's cannot end."""
    with MongoClient[Document](running.servers.mongo_url) as client, client.start_session() as session:
        items = client[f"{running.namespace}_gateway"]["item"]

        def held() -> bool:
            """Others write there too, and one of us has to begin again."""
            session.start_transaction()
            try:
                items.update_one({"_id": id}, {"$set": {"ours": True}}, upsert=True, session=session)
            except OperationFailure as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
                session.abort_transaction()
                return False
            return True

        until(held)
        try:
            yield client
        finally:
            session.abort_transaction()


def aborted(client: MongoClient[Document]) -> int:
    found: int = client.admin.command("serverStatus")["transactions"]["totalAborted"]
    return found


@pytest.mark.all_faults
def test_a_gateway_killed_in_the_middle_of_a_projection_shows_everything_once(running: Suite) -> None:
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    with writing(running, 4) as written:
        item = release(running, draft(running, running.columns["news"], title="半途"))
        with in_the_way(running, item["id"]) as client:
            before = aborted(client)
            ok(editor.post(f"/items/{item['id']}/publication"))
            written.titles.append("半途")
            until(lambda: aborted(client) > before + 3)  # it has read the event, and tries to write
            running.processes["gateway"].kill()
        running.start("gateway")

    everything_holds(running, written)


@pytest.mark.all_faults
def test_a_relay_killed_while_it_holds_the_lease_is_followed_by_another(running: Suite) -> None:
    running.replica("publishing")
    with writing(running, 8) as written:
        until(lambda: len(written.titles) >= 3)
        [lease] = documents(running, "publishing", "leases", {"_id": "relay"})
        running.restart("publishing")

    assert lease["holder"]
    everything_holds(running, written)


@pytest.mark.all_faults
def test_a_program_that_stands_still_for_a_while_goes_on_without_harm(running: Suite) -> None:
    process = running.processes["publishing"].running
    assert process
    running.replica("publishing")
    with writing(running, 6) as written:
        until(lambda: len(written.titles) >= 2)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            until(lambda: not unsent(running, "publishing"), seconds=30)  # the other replica takes the lease
        finally:
            os.kill(process.pid, signal.SIGCONT)

    everything_holds(running, written)


@pytest.mark.all_faults
def test_mailbox_killed_while_it_announces_what_is_overdue_announces_the_rest_once(running: Suite) -> None:
    with writing(running, 30) as written:
        pass
    running.restart("mailbox", env={"CITYGATE_CLOCK_SHIFT": str(LETTERS_LATE)})
    running.processes["mailbox"].kill()

    assert len(written.left_open) >= 15
    everything_holds(running, written)


@pytest.mark.all_faults
def test_all_programs_killed_at_once_go_on_where_they_were(running: Suite) -> None:
    with writing(running, 6) as written:
        until(lambda: len(written.titles) >= 2)
        for process in running.processes.values():
            process.kill()
        running.start()

    assert len(written.titles) >= 6
    everything_holds(running, written)


@pytest.mark.all_faults
def test_who_dies_inside_a_transaction_holds_others_up_for_seconds_and_not_for_a_minute(running: Suite) -> None:
    with writing(running, 1) as written:
        until(lambda: written.titles)
    die_holding(running, "publishing", "ledger")
    began = time.monotonic()
    with writing(running, 1, title="其后") as after:
        pass

    assert time.monotonic() - began < 40
    written.titles += after.titles
    written.left_open += after.left_open
    written.answered += after.answered
    everything_holds(running, written)


def die_holding(running: Suite, service: str, collection: str) -> None:
    """A process writes a document in a transaction, and is killed before it commits."""
    script = (
        "import os, sys; from pymongo import MongoClient; c = MongoClient(sys.argv[1]); s = c.start_session(); "
        "s.start_transaction(); n = c[sys.argv[2]][sys.argv[3]].update_many({}, {'$set': {'held': 1}}, session=s); "
        "assert n.modified_count; os.kill(os.getpid(), 9)"
    )
    database = f"{running.namespace}_{service}"
    died = subprocess.run([sys.executable, "-c", script, running.servers.mongo_url, database, collection])
    assert died.returncode == -signal.SIGKILL
