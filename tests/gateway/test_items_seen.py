"""An item on the portal from its publication to its tombstone: seen, proven to be seen, gone everywhere."""

from datetime import datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY

from gateway import prober
from services.kernel.contracts import publishing as p
from services.kernel.domain.clock import now
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.telling import message
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


async def test_what_changed_is_seen_at_the_next_request(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published(title="第一版"))
    paths = ["/", "/columns/news", "/items/i1", "/departments/finance", "/api/v1/items/i1"]
    for path in paths:
        assert "第一版" in (await portal_at.get(path)).text

    await portal_at.hears(e.revised(title="第二版"))
    for path in paths:
        answer = await portal_at.get(path)
        assert "第二版" in answer.text
        assert "第一版" not in answer.text
    old = await portal_at.get("/items/i1?revision=1")
    assert "第一版" in old.text
    assert 'data-revision="1"' in old.text


async def test_a_page_falls_by_itself_soon_after_the_event(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published(title="第一版"))
    await portal_at.get("/items/i1")
    await portal_at.teller.tell(e.revised(title="第二版"))

    async def second() -> bool:
        return "第二版" in (await portal_at.get("/items/i1")).text

    await eventually(second, seconds=5)


async def test_a_withdrawn_item_is_gone_everywhere_and_leaves_a_tombstone(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published(title="机密的标题", body="<p>机密</p>"))
    await portal_at.get("/")
    await portal_at.hears(e.withdrawn(reason="涉及个人隐私", ground=p.Ground.PRIVACY_OR_COMMERCIAL_SECRET))

    tomb = await portal_at.get("/items/i1")
    assert tomb.status_code == 410
    assert "涉及个人隐私" in tomb.text
    for path in ("/", "/columns/news", "/departments/finance", "/items/i1", "/items/i1?revision=1", "/api/v1/items/i1"):
        assert "机密" not in (await portal_at.get(path)).text, path
    assert (await portal_at.get("/api/v1/items/i1")).json()["reason"] == "涉及个人隐私"
    assert "机密" not in repr(await portal_at.gateway.db["item"].find_one({"_id": "i1"}))


async def test_a_withdrawal_that_overtakes_its_publication_keeps_the_item_hidden(portal_at: Portal) -> None:
    publication, withdrawal = message(e.published(title="机密"), 1), message(e.withdrawn(), 2)
    await portal_at.teller.bus.send([withdrawal])

    async def gone() -> bool:
        return (await portal_at.get("/items/i1")).status_code == 410

    await eventually(gone)
    await portal_at.teller.bus.send([publication, withdrawal, publication])
    await eventually(lambda: portal_at.projected("item/i1", 2))
    await portal_at.gateway.drops.once()
    answer = await portal_at.get("/items/i1")
    assert (answer.status_code, "机密" in answer.text) == (410, False)


async def test_a_published_item_is_proven_to_be_seen(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published(at=now()))

    async def seen() -> bool:
        return bool((await portal_at.get("/api/v1/items/i1")).json()["seen_at"])

    await eventually(seen, seconds=10)
    await portal_at.hears(e.withdrawn())

    async def gone() -> bool:
        return bool((await portal_at.get("/api/v1/items/i1")).json()["gone_at"])

    await eventually(gone, seconds=10)


async def test_more_items_than_are_looked_for_at_once_are_all_found_in_the_end(
    portal_at: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "MOST", 2)
    monkeypatch.setattr(prober, "BATCH", 1)
    await portal_at.hears(e.department(), e.column())
    await portal_at.hears(*(e.published(f"i{n}") for n in range(6)))

    async def all_found() -> bool:
        return not await portal_at.gateway.kept.unseen(f"i{n}/1" for n in range(6))

    await eventually(all_found, seconds=10)


async def test_a_page_says_when_the_item_was_first_seen_here_and_that_it_was_loaded(portal_at: Portal) -> None:
    entry = p.LedgerEntry(position=3, previous="0" * 64, hash="a" * 64, loaded=True)
    said: dict[str, Any] = {"published_at": e.AT, "hash_version": 2, "ledger": entry.model_dump()}
    begun = now()
    await portal_at.hears(e.department(), e.column(), e.published("old", **said), e.published("new"))
    await portal_at.seen("/items/old")
    view = (await portal_at.get("/api/v1/items/old")).json()
    assert datetime.fromisoformat(view["first_seen_at"]) >= begun
    assert (view["ledger"], view["hash_version"], view["content_hash"]) == (entry.model_dump(), 2, e.SHA)
    assert "补录" in (await portal_at.get("/items/old")).text
    told_by_an_earlier_version = (await portal_at.get("/api/v1/items/new")).json()
    assert (told_by_an_earlier_version["ledger"], told_by_an_earlier_version["hash_version"]) == (None, 1)
    assert "补录" not in (await portal_at.get("/items/new")).text

    first = view["first_seen_at"]
    await portal_at.hears(e.revised("old", **said))
    again = (await portal_at.get("/api/v1/items/old")).json()
    assert (again["revision"], again["first_seen_at"]) == (2, first)


async def test_of_html_that_publishing_never_made_nothing_active_comes_through(portal_at: Portal) -> None:
    body = (
        '<p onclick="x()">甲<script>y()</script><img src="//e.example"><a href="javascript:z()">乙</a>m<sup>2</sup></p>'
    )
    await portal_at.hears(e.department(), e.column(), e.published(body=body))

    shown = (await portal_at.get("/api/v1/items/i1")).json()["body"]

    assert shown == '<p>甲<a rel="noopener noreferrer">乙</a>m<sup>2</sup></p>'


def test_probes_that_found_nothing_are_counted_from_zero() -> None:
    for outcome in ("found", "missing", "failed"):
        assert REGISTRY.get_sample_value("citygate_gateway_probes_total", {"outcome": outcome}) is not None
