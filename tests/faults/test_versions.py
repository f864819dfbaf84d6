"""Two versions of all programs run side by side on one MongoDB and one Kafka, whichever came first."""

import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.places import ROOT
from deploy.local.stack import Servers
from services.kernel.domain.person import Role
from services.kernel.storage.mongo import Document
from tests.faults import newer
from tests.faults.promises import all_told, facts
from tests.faults.writing import Written, writing
from tests.support import city
from tests.support.city import draft, ok, release
from tests.support.programs import Suite
from tests.support.proof import SPEAKERS, documents, everything_was_sent, shown_exactly, told
from tests.support.waiting import until

pytestmark = pytest.mark.servers


@contextmanager
def two(servers: Servers, home: Path, *, older_first: bool) -> Iterator[tuple[Suite, Suite]]:
    """The first with a small city, both with the same keys and names. The other is not started yet."""
    roots = [ROOT, newer.tree(home / "tree")]
    first_root, second_root = roots if older_first else reversed(roots)
    first = Suite(servers, home / "first", root=first_root)
    second = Suite(servers, home / "second", namespace=first.namespace, root=second_root)
    try:
        first.start()
        second.columns = first.columns = city.found(first)
        shutil.copytree(first.keys.directory, second.keys.directory)
        yield first, second
    finally:
        second.end()
        first.end()


@contextmanager
def never_dark(running: Suite, item: str) -> Iterator[None]:
    """Somebody reads all the while, and is always answered."""
    answers, over = Counter[int](), threading.Event()

    def read() -> None:
        with running.client("gateway") as gateway:
            while not over.wait(0.05):
                try:
                    answers[gateway.get(f"/items/{item}?n={sum(answers.values())}").status_code] += 1
                except httpx.TransportError:
                    answers[0] += 1

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    try:
        yield
    finally:
        over.set()
        reading.join()
    assert set(answers) == {200}


def publish(running: Suite, item: Any) -> Any:
    editor = running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")
    return ok(editor.post(f"/items/{item['id']}/publication"))


def one_after_the_other(first: Suite, second: Suite, title: str) -> str:
    """An item drafted by one version, reviewed by the other, published by the first again."""
    item = publish(first, release(second, draft(first, first.columns["news"], title=title)))
    return str(item["id"])


def both_hold(older: Suite, later: Suite, written: Written, marked: set[str]) -> None:
    for speaker in SPEAKERS:
        everything_was_sent(older, speaker)
    for running in (older, later):
        shown_exactly(running, written.titles)
    until(lambda: facts(older) == Counter(set(all_told(older))))
    for program in ("publishing", "mailbox", "scoring", "gateway"):
        until(lambda program=program: not documents(older, program, "waiting"))  # type: ignore[misc]  # bound
    the_field_survived(older, marked)
    each_read_model_has_heard_everything(older, written)
    the_new_handler_ran_once_for_each(older)


def the_field_survived(running: Suite, marked: set[str]) -> None:
    """In what the newer version drafted, whoever wrote it later."""
    items = documents(running, "publishing", "item")
    kept = {item["_id"] for item in items if item.get("mark") == item["content"]["title"]}
    assert kept >= marked
    assert kept == {item["_id"] for item in items if "mark" in item}


def each_read_model_has_heard_everything(running: Suite, written: Written) -> None:
    """Each version's copy of items, the older passing what it does not know; and that of letters, which they share."""
    last = Counter[str]()
    for message in told(running, "publishing", "mailbox"):
        last[message.subject] = max(last[message.subject], message.sequence)
    items = {subject.partition("/")[2]: n for subject, n in last.items() if subject.startswith("item/")}
    of_older, of_newer = read_models(running)

    def all_heard() -> bool:
        for collection in (of_older["item"], of_newer["item"]):
            found = {item["_id"]: item["sequence"] for item in documents(running, "gateway", collection)}
            assert found == items
        return True

    until(all_heard)
    noted = [
        message.subject.partition("/")[2] for message in told(running, "publishing") if message.type == "item.noted"
    ]
    shown = {item["_id"]: item["notes"] for item in documents(running, "gateway", of_newer["item"])}
    assert {id: len(notes) for id, notes in shown.items() if notes} == Counter(set(noted))
    assert of_older["letter"] == of_newer["letter"]
    sums: list[Document] = documents(running, "gateway", f"{of_older['letter']}.tally")
    letters = len(written.left_open) + len(written.answered)
    assert (sum(s["of"]["received"] for s in sums), sum(s["of"].get("answered", 0) for s in sums)) == (
        letters,
        len(written.answered),
    )


def read_models(running: Suite) -> tuple[dict[str, str], dict[str, str]]:
    """Which collections the gateways of the older and of the newer version read."""
    found = documents(running, "gateway", "generation")
    assert [generation["live"] for generation in found] == [True, True]
    first, second = (documents(running, "gateway", generation["copies"]["item"]) for generation in found)
    older_first = not any("notes" in item for item in first)
    assert older_first == any("notes" in item for item in second)
    copies = [generation["copies"] for generation in found]
    return (copies[0], copies[1]) if older_first else (copies[1], copies[0])


def the_new_handler_ran_once_for_each(running: Suite) -> None:
    heard_of = {m.subject for m in told(running, "columns") if m.type in ("column.opened", "department.registered")}
    assert {n["_id"]: n["times"] for n in documents(running, "publishing", "notice")} == dict.fromkeys(heard_of, 1)


def side_by_side(servers: Servers, home: Path, *, older_first: bool) -> None:
    with two(servers, home, older_first=older_first) as (first, second):
        older, later = (first, second) if older_first else (second, first)
        with writing(first, 2, title="先") as written:
            pass
        item = one_after_the_other(first, first, "一")
        marked = set() if older_first else {item}
        with never_dark(first, item):
            second.start()
            with writing(first, 3, title="甲") as here, writing(second, 3, title="乙") as there:
                marked.add(one_after_the_other(later, older, "新旧"))
                one_after_the_other(older, later, "旧新")
            for also in (here, there):
                written.titles += also.titles
                written.left_open += also.left_open
                written.answered += also.answered
            written.titles += ["一", "新旧", "旧新"]
            both_hold(older, later, written, marked)


def test_a_newer_version_beside_the_one_that_runs_loses_and_doubles_nothing(servers: Servers, tmp_path: Path) -> None:
    side_by_side(servers, tmp_path, older_first=True)


@pytest.mark.all_faults
def test_an_older_version_beside_the_one_that_runs_loses_and_doubles_nothing(servers: Servers, tmp_path: Path) -> None:
    side_by_side(servers, tmp_path, older_first=False)
