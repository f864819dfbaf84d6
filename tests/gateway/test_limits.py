"""How often one place may ask: only what was taken counts, many at once cannot pass, all are told until when."""

import asyncio
from typing import Any

import pytest
from fastapi import Request

from gateway.limits import place_of
from tests.gateway.conftest import Portal
from tests.gateway.support.forms import FILLED, post, token
from tests.gateway.test_refusals import LETTER


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("203.0.113.7", "203.0.113.7"), ("::ffff:203.0.113.7", "203.0.113.7"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"), ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"), ("::1", "::/64"), ("testclient", "testclient"),
    ],
)  # fmt: skip
def test_a_household_is_one_place_whichever_of_its_addresses_it_uses(said: str, place: str) -> None:
    assert place_of(Request({"type": "http", "client": (said, 50_000)})) == place


@pytest.mark.servers
async def test_letters_that_were_not_taken_use_up_nothing(portal_at: Portal) -> None:
    bad: dict[str, Any] = LETTER | {"mailbox": "nobody"}
    for _ in range(8):
        assert (await portal_at.browser.post("/api/v1/letters", json=bad)).status_code == 409
    portal_at.mailbox.away = True
    once = await token(portal_at)
    for _ in range(8):
        assert (await post(portal_at, **FILLED, token=once)).status_code == 503
    portal_at.mailbox.away = False

    assert (await post(portal_at, **FILLED, token=once)).status_code == 201
    for _ in range(8):
        assert (await post(portal_at, **FILLED, token=once)).status_code == 201  # the same letter, sent again
    assert len(portal_at.mailbox.written) == 1


@pytest.mark.servers
async def test_many_at_once_pass_no_limit_and_the_rest_is_told_when_to_come_back(portal_at: Portal) -> None:
    answers = await asyncio.gather(*(portal_at.browser.post("/api/v1/letters", json=LETTER) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [429] * 15
    for late in (answer for answer in answers if answer.status_code == 429):
        assert 0 < int(late.headers["retry-after"]) <= 3600
        assert late.headers["retry-after"] in late.json()["detail"]
    page = await post(portal_at, **FILLED, token=await token(portal_at))
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) <= 3600
    assert "分钟后再试" in page.text
