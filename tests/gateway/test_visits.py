"""What the portal observes of itself: every visit once, every hour once, whatever happens to its read model."""

import asyncio
from datetime import timedelta

import pytest

from gateway.visits import GRACE, HOUR, Observed, hour, observing, renewed, since
from services.kernel.contracts.gateway import PortalObserved
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Away
from services.kernel.running.program import Program
from services.kernel.storage.mongo import MongoReader
from services.kernel.stream.bus import decode
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.support.refusals import refusal
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


async def counted(portal: Portal) -> dict[str, int]:
    await portal.gateway.visits.add()
    found = await portal.gateway.kept.database["visits"].find().to_list(None)
    return {name: sum(each[name] for each in found) for name in ("visits", "slow", "failed")}


async def tell(portal: Portal) -> None:
    """As if the hour were over."""
    assert await observing(portal.gateway.model).once(portal.gateway.voice, now() + HOUR + 2 * GRACE)


async def hours(portal: Portal) -> list[Observed]:
    return await MongoReader(portal.gateway.kept.database).find(Observed, {}, sort="_id", limit=0)


def test_an_hour_is_named_by_its_beginning_in_utc() -> None:
    at = now()

    assert since(hour(at)) <= at < since(hour(at)) + HOUR
    assert hour(since("2026-11-26T15Z")) == "2026-11-26T15Z"


async def test_every_visit_is_counted_once_from_memory_or_made_as_page_or_as_json(portal_at: Portal) -> None:
    before = await counted(portal_at)
    for path in ("/", "/", "/", "/api/v1/columns", "/nothing"):
        await portal_at.get(path)
    await portal_at.browser.get("/healthz")
    await portal_at.get("/departments", user_agent="citygate-prober")

    after = await counted(portal_at)

    assert after["visits"] - before["visits"] == 5
    assert (after["slow"], after["failed"]) == (0, 0)


async def test_an_error_of_ours_and_a_slow_answer_are_counted(portal_at: Portal) -> None:
    portal_at.mailbox.away = True
    portal_at.gateway.visits.seconds = 0.0

    await portal_at.browser.post(f"/api/v1/letters/{e.RECEIPT}/status", json={"code": "0123456789"})

    found = await counted(portal_at)
    assert (found["failed"], found["slow"] > 0) == (1, True)


async def test_what_the_database_does_not_take_is_added_later(
    portal_at: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = portal_at.gateway.visits
    before = await counted(portal_at)
    visits.visits += 3

    class Broken:
        def __getitem__(self, _: str) -> object:
            raise refusal(Away, "database.away", "Not now.")

    with monkeypatch.context() as patch:
        patch.setattr(visits, "db", Broken())
        with pytest.raises(Away):
            await visits.add()

    assert (await counted(portal_at))["visits"] - before["visits"] == 3


async def test_an_hour_is_told_once_by_many_replicas_and_what_comes_late_counts_in_the_next(portal_at: Portal) -> None:
    portal_at.gateway.visits.visits += 7
    await portal_at.gateway.visits.add()
    [told] = await portal_at.gateway.kept.database["visits"].distinct("_id")
    sweeps = [observing(portal_at.gateway.model) for _ in range(3)]

    await asyncio.gather(*(s.once(portal_at.gateway.voice, now() + HOUR + 2 * GRACE) for s in sweeps))
    first = await hours(portal_at)
    await portal_at.gateway.kept.database["visits"].insert_one({"_id": told, "visits": 2, "slow": 0, "failed": 0})
    await tell(portal_at)

    assert [each.id for each in first] == [told] == [each.id for each in await hours(portal_at)]
    assert first[0].visits >= 7
    [left] = await portal_at.gateway.kept.database["visits"].find().to_list(None)
    assert (left["_id"] > told, left["visits"] >= 2) == (True, True)


async def test_an_hour_that_is_not_over_or_only_just_is_not_told(portal_at: Portal) -> None:
    await portal_at.gateway.visits.add()
    end = since(hour(now())) + HOUR
    sweep = observing(portal_at.gateway.model)

    assert await sweep.once(portal_at.gateway.voice, end - timedelta(seconds=1)) == 0
    assert await sweep.once(portal_at.gateway.voice, end + GRACE - timedelta(seconds=1)) == 0
    assert await sweep.once(portal_at.gateway.voice, end + GRACE) == 1


async def test_what_was_observed_is_sent_and_names_the_latest_item_of_the_home_page(portal_at: Portal) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    await portal_at.gateway.visits.add()
    newest = await renewed(portal_at.gateway.model)
    await tell(portal_at)

    bus = portal_at.gateway.bus
    consumer = bus.consumer("tests")
    consumer.subscribe([bus.topic("gateway")])
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            while not (records := [r for part in (await consumer.getmany(timeout_ms=500)).values() for r in part]):
                pass
    finally:
        await consumer.stop()

    event = decode(records[0], bus.namespace).event()
    assert isinstance(event, PortalObserved)
    assert event.renewed_at == newest is not None


async def test_its_journal_survives_the_read_model(portal_at: Portal) -> None:
    gateway: Program = portal_at.gateway
    await portal_at.gateway.visits.add()
    await tell(portal_at)
    journal = portal_at.gateway.kept.database["journal"]

    async def sent() -> bool:
        return await journal.count_documents({"unsent": True}) == 0

    await eventually(sent)
    await gateway.db.client.drop_database(gateway.db.name)

    assert await journal.count_documents({"type": "portal.observed"}) == 1
    assert gateway.db.name != portal_at.gateway.kept.database.name


async def test_the_public_gets_no_documentation_of_programs_and_needs_no_token(portal_at: Portal) -> None:
    for path in ("/docs", "/redoc"):
        assert (await portal_at.get(path)).status_code in (308, 404), path
    assert (await portal_at.get("/")).status_code == 200
