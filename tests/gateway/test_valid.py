"""Valid: the Nu validator finds nothing on any kind of page, in any state, nor in the stylesheet."""

import asyncio
import re
from pathlib import Path

import pytest

from deploy.local.places import ROOT
from tests.gateway.conftest import Portal
from tests.gateway.support.forms import FILLED, post, token
from tests.gateway.support.mailbox import CODE, RECEIPT
from tests.gateway.support.pages import OF_AN_EMPTY_CITY, PAGES
from tests.support.validator import complaints

pytestmark = pytest.mark.servers


async def of_forms(portal: Portal) -> dict[str, str]:
    """What is answered to a form: filled in wrongly and rightly, and while mailbox is away."""
    mark = await token(portal)
    answers = {
        "a letter with errors": await post(portal, token=mark),
        "a letter from elsewhere": await post(portal, **FILLED, token="x"),
        "a letter sent": await post(portal, **FILLED, token=mark),
        "a wrong code": await post(portal, "/letters/status", receipt=RECEIPT, code="1" * 10),
        "an answer": await post(portal, "/letters/status", receipt=RECEIPT, code=CODE),
        "a wrong rating": await post(portal, f"/letters/{RECEIPT}/rating", code=CODE, stars="9", token=mark),
    }
    portal.mailbox.away = True
    answers["mailbox away"] = await post(portal, "/letters/status", receipt=RECEIPT, code=CODE)
    portal.mailbox.away = False
    return {name: answer.text for name, answer in answers.items()}


async def test_every_page_in_every_state_and_the_stylesheet_are_valid(
    whole_portal: Portal, open_portal: Portal, tmp_path: Path
) -> None:
    paths = [path for state in PAGES.values() for path in state]
    pages = {path: (await whole_portal.get(path)).text for path in paths} | await of_forms(whole_portal)
    pages |= {f"{path} of an empty city": (await open_portal.get(path)).text for path in OF_AN_EMPTY_CITY}
    pages["portal.css"] = (ROOT / "gateway" / "static" / "portal.css").read_text("utf-8")

    assert await asyncio.to_thread(complaints, pages, tmp_path) == []


async def test_every_kind_of_page_describes_itself_in_words_of_its_own(whole_portal: Portal) -> None:
    said = {}
    for path in PAGES["many of everything"]:
        [said[path]] = re.findall(r'<meta name="description" content="([^"]+)">', (await whole_portal.get(path)).text)

    assert len(set(said.values())) == len(said), said


def test_what_is_invalid_is_found(tmp_path: Path) -> None:
    page = "<!doctype html><html lang=zh-CN><title>首页</title><p><img src=x>"

    found = complaints({"page": page, "portal.css": "p { colour: red }"}, tmp_path)

    assert {each.partition(":")[0] for each in found} == {"page", "portal.css"}
