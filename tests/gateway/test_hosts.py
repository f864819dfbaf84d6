"""The portal answers under its own names only, each page under one address; a form's own token decides."""

from typing import Any

import httpx
import pytest

from gateway.hosts import Hosts
from gateway.settings import GatewaySettings
from tests.gateway.conftest import Portal
from tests.gateway.support import events as e
from tests.gateway.support.forms import FILLED, post, token
from tests.gateway.test_refusals import LETTER

SETTINGS: dict[str, Any] = {
    "public_url": "https://www.gdqy.gov.cn", "public_names": "gdqy.gov.cn, 清远.政务.cn", "local": False,
}  # fmt: skip


def hosts(**other: Any) -> Hosts:
    return Hosts(GatewaySettings.model_construct(**(SETTINGS | other)))


@pytest.mark.parametrize(
    "host", ["www.gdqy.gov.cn", "WWW.GDQY.GOV.CN", "www.gdqy.gov.cn:443", "gdqy.gov.cn:8443", "清远.政务.cn"]
)
def test_a_declared_name_is_ours_with_any_port_and_in_any_case(host: str) -> None:
    assert hosts().ours(host)
    assert hosts().origin_is_ours(f"https://{host}")


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "www.gdqy.gov.cn.evil.example", "evil.example/www.gdqy.gov.cn", "www.gdqy.gov.cn@evil.example",
     "evil.example#www.gdqy.gov.cn", "[", "www.gdqy.gov.cn:x", "localhost", "127.0.0.1", "evil@www.gdqy.gov.cn"],
)  # fmt: skip
def test_what_only_resembles_a_declared_name_is_not_ours(host: str) -> None:
    assert not hosts().ours(host)
    assert not hosts().origin_is_ours(f"https://{host}")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000"])
def test_a_portal_on_a_developers_machine_is_reached_by_its_loopback(host: str) -> None:
    assert hosts(local=True).ours(host)


@pytest.mark.servers
@pytest.mark.parametrize("path", ["/", "/columns", "/api/v1/home", "/letters/", "/nothing", "/static/portal.css"])
async def test_another_host_is_told_that_it_is_not_here_even_for_a_page_that_is_ready(
    open_portal: Portal, path: str
) -> None:
    await open_portal.get(path)
    answer = await open_portal.browser.get(path, headers={"host": "evil.example"})

    assert answer.status_code == 421
    assert "evil" not in answer.text
    assert "location" not in answer.headers
    assert (await open_portal.browser.get("/healthz", headers={"host": "10.0.0.7"})).status_code == 200


@pytest.mark.servers
@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/letters/", "/letters"), ("/columns/", "/columns"), ("/columns/news/", "/columns/news"),
        ("/items/i1/?revision=1", "/items/i1?revision=1"), ("/letters/new/", "/letters/new"),
        ("/api/v1/columns/", "/api/v1/columns"), ("//evil.example/", "/evil.example"), ("/%5Cevil/", "/%5Cevil"),
        ("///", "/"),
    ],
)  # fmt: skip
async def test_a_page_has_one_address_and_its_like_with_a_slash_leads_there(
    portal_at: Portal, path: str, to: str
) -> None:
    await portal_at.hears(e.department(), e.column(), e.published())
    for method in ("GET", "POST"):
        url = httpx.URL(portal_at.browser.base_url).copy_with(raw_path=path.encode())
        answer = await portal_at.browser.request(method, url)

        assert (answer.status_code, answer.headers["location"]) == (308, to)


@pytest.mark.servers
@pytest.mark.parametrize(
    "headers",
    [{"origin": "null"}, {"sec-fetch-site": "same-site"}, {"origin": "http://127.0.0.1:8443"},
     {"origin": "http://LOCALHOST", "sec-fetch-site": "cross-site"}, {}],
)  # fmt: skip
async def test_a_form_with_our_token_is_taken_whatever_else_the_browser_says_of_us(
    open_portal: Portal, headers: dict[str, str]
) -> None:
    assert (await post(open_portal, headers=headers, **FILLED, token=await token(open_portal))).status_code == 201


@pytest.mark.servers
@pytest.mark.parametrize("key", ["00000001", "0" * 40, "k" * 255, "a b" * 10, "\xe9" * 30, "", "x" * 256])
async def test_a_key_that_somebody_else_may_have_too_is_refused(open_portal: Portal, key: str) -> None:
    before = len(open_portal.mailbox.written)
    headers = [(b"idempotency-key", key.encode("latin-1"))]
    answer = await open_portal.browser.post("/api/v1/letters", json=LETTER, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "request.malformed")
    assert "UUID" in answer.text
    assert len(open_portal.mailbox.written) == before
