"""Public texts that an event only names: fetched from their owner once, and kept."""

import pytest
from pydantic import TypeAdapter

from services.kernel.contracts import mailbox as m
from services.kernel.contracts.scoring import FactCited
from services.kernel.domain.content import ClaimCheck
from tests.gateway.conftest import Portal
from tests.gateway.support import city
from tests.gateway.support import events as e
from tests.support.waiting import eventually

pytestmark = pytest.mark.servers


async def test_a_text_its_owner_took_back_leaves_no_trace_and_stops_nothing(portal_at: Portal) -> None:
    await portal_at.hears(
        e.received(),
        m.LetterDisclosed(
            at=e.AT, letter_id=e.RECEIPT, department="finance", extract=ClaimCheck.of(b"x", "application/json")
        ),
    )
    assert (await portal_at.get(f"/api/v1/letters/{e.RECEIPT}")).status_code == 404
    assert (await portal_at.get("/letters")).status_code == 200


@pytest.mark.parametrize("named", ["", "../letters?limit=9", "A" * 64, "a" * 9_000, "\n"])
async def test_what_is_no_hash_is_asked_of_nobody_and_stops_nothing(portal_at: Portal, named: str) -> None:
    check = ClaimCheck(sha256=named, size=1, media_type="application/json")
    told = m.LetterDisclosed(at=e.AT, letter_id="20260302-AAAAAA", department="finance", extract=check)
    await portal_at.teller.tell(told)
    await portal_at.hears(e.received())

    async def refused() -> bool:
        said = await portal_at.gateway.db["waiting"].distinct("failure.error")
        return list(said) == ["WrongContent: mailbox names content by something that is no hash"]

    await eventually(refused)
    assert portal_at.mailbox.authorizations == set()


async def test_a_public_text_is_fetched_once_and_waited_for_while_its_owner_is_away(portal_at: Portal) -> None:
    data = city.extract("路灯", "坏了", "修好了")
    check = ClaimCheck.of(data, "application/json")
    portal_at.mailbox.away, portal_at.mailbox.content = True, {check.sha256: data}
    told = m.LetterDisclosed(at=e.AT, letter_id=e.RECEIPT, department="finance", extract=check)
    await portal_at.teller.tell(e.received(), told)
    await eventually(lambda: portal_at.mailbox.authorizations)  # it was asked, and did not answer
    assert (await portal_at.get(f"/api/v1/letters/{e.RECEIPT}")).status_code == 404

    portal_at.mailbox.away = False

    async def public() -> bool:
        return (await portal_at.get(f"/api/v1/letters/{e.RECEIPT}")).status_code == 200

    await eventually(public)
    assert portal_at.mailbox.fetched == [check.sha256]
    assert "修好了" in (await portal_at.get(f"/letters/{e.RECEIPT}")).text


async def test_a_text_that_is_hidden_is_public_no_longer(portal_at: Portal) -> None:
    data = city.extract("路灯", "坏了", "修好了")
    check = ClaimCheck.of(data, "application/json")
    portal_at.mailbox.content = {check.sha256: data}
    told = m.LetterDisclosed(at=e.AT, letter_id=e.RECEIPT, department="finance", extract=check)
    await portal_at.hears(e.received(), told)
    assert "修好了" in (await portal_at.get("/letters")).text + (await portal_at.get(f"/letters/{e.RECEIPT}")).text

    await portal_at.hears(m.LetterHidden(at=e.AT, letter_id=e.RECEIPT, department="finance"))

    async def hidden() -> bool:
        return (await portal_at.get(f"/api/v1/letters/{e.RECEIPT}")).status_code == 404

    await eventually(hidden)
    assert "路灯" not in (await portal_at.get("/letters")).text


async def test_a_score_with_thousands_of_facts_shows_the_first_and_lists_all(portal_at: Portal) -> None:
    facts = [
        FactCited(position=n, type="item.published", subject=f"item/i{n}", at=e.AT, remark="发布 1 条")
        for n in range(1, 251)
    ]
    data = TypeAdapter(dict[str, list[FactCited]]).dump_json({"quantity": facts})
    check = ClaimCheck.of(data, "application/json")
    portal_at.mailbox.content = {check.sha256: data}
    told = e.assessed("2026-02", cited=check)
    await portal_at.hears(told.model_copy(update={"lines": (told.lines[0].model_copy(update={"facts": ()}),)}))

    shown = (await portal_at.get("/api/v1/scores/2026-02/finance")).json()["lines"][0]
    assert (shown["cited"], [fact["position"] for fact in shown["facts"]]) == (250, list(range(1, 101)))
    listed, address = [], "/api/v1/scores/2026-02/finance/facts?indicator=quantity&limit=120"
    while address:
        portion = (await portal_at.get(address)).json()["facts"]
        listed += [fact["position"] for fact in portion["items"]]
        address = f"{address.partition('&cursor')[0]}&cursor={portion['next']}" if portion["next"] else ""
    assert listed == list(range(1, 251))
    page = (await portal_at.get("/scores/2026-02/finance")).text
    assert "依据的事实（250 条）" in page
    assert "/scores/2026-02/finance/facts?indicator=quantity" in page
    first = (await portal_at.get("/scores/2026-02/finance/facts?indicator=quantity")).text
    assert first.count("item/i") == 100
    assert "更多事实" in first
    assert (await portal_at.get("/scores/2026-02/finance/facts?indicator=none")).status_code == 404
