"""Public texts that an event only names: fetched from their owner once, and kept."""

import pytest

from services.kernel.contracts import mailbox as m
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
