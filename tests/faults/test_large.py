"""An item that is revised and revised, and withdrawals that must be public whatever is stuck."""

import time
from typing import Any

import httpx
import pytest

from services.kernel.domain.person import Role
from tests.faults.commands import places
from tests.faults.hostile import forged, produce, wrapped
from tests.faults.inside import megabytes, unharmed
from tests.faults.promises import everything_holds
from tests.faults.writing import writing
from tests.support.city import ok, published, release
from tests.support.programs import Suite
from tests.support.proof import documents
from tests.support.waiting import until

pytestmark = [pytest.mark.servers, pytest.mark.all_faults]
REVISIONS, BODY = 86, "预算公开" * 16_250  # 195 kB each
SECONDS, MEMORY = 5.0, 250.0  # until a withdrawal is public; megabytes of the gateway


def editor(running: Suite) -> httpx.Client:
    return running.client("publishing", Role.EDITOR, department="finance", sub="editor-1")


def revise(running: Suite, item: Any, n: int) -> None:
    """Another revision, by an editor and a reviewer."""
    edited = {**item["content"], "body": f"{n} {BODY}", "change_note": f"更正{n}"}
    ok(editor(running).put(f"/items/{item['id']}", json=edited))
    release(running, item)
    ok(editor(running).post(f"/items/{item['id']}/publication"))


def shown(running: Suite, item: Any, revision: int | None = None) -> Any:
    asked = {"revision": revision} if revision else {}
    answer = running.client("gateway").get(f"/api/v1/items/{item['id']}", params=asked)
    assert answer.status_code in (200, 410), answer.text
    return answer.json()


def withdraw_and_measure(running: Suite, item: Any) -> float:
    """Seconds from the answer to the withdrawal until the portal says so."""
    ok(editor(running).post(f"/items/{item['id']}/withdrawal", json={"reason": "内容有误"}))
    begun = time.monotonic()
    until(lambda: shown(running, item).get("withdrawn_at"))
    return time.monotonic() - begun


def test_an_item_of_195_kb_revised_86_times_is_readable_in_each_and_withdrawn_within_seconds(running: Suite) -> None:
    with writing(running, 3) as written:
        item = published(running, running.columns["notices"], body=BODY)
        for n in range(2, REVISIONS + 1):
            revise(running, item, n)
        until(lambda: shown(running, item)["revision"] == REVISIONS)
        assert all(f"{n} 预算" in shown(running, item, n)["body"] for n in range(2, REVISIONS + 1))
        assert withdraw_and_measure(running, item) < SECONDS

    assert documents(running, "gateway", "revision", {"item_id": item["id"]}) == []
    assert megabytes(running, "gateway") < MEMORY
    unharmed(running, "publishing", "gateway", "scoring")
    everything_holds(running, written)


def test_a_withdrawal_behind_a_guilty_message_of_its_item_is_public_within_seconds(running: Suite) -> None:
    item = published(running, running.columns["notices"])
    until(lambda: shown(running, item)["revision"] == 1)
    [last] = documents(running, "gateway", "item", {"_id": item["id"]})
    produce(
        running,
        [wrapped(forged("item.revised", id=item["id"], sequence=last["sequence"] + 1, changed={"made_on": "soon"}))],
    )
    until(lambda: places(running, "gateway"))

    # what the item says next contradicts the forged one; what it says then waits behind it
    revise(running, item, 2)
    assert withdraw_and_measure(running, item) < SECONDS
    assert places(running, "gateway")[0].endswith(f"#{last['sequence'] + 1}")
