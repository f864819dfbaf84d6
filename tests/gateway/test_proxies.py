"""Whom the portal believes where a request comes from, and which places may ask more."""

from typing import Any

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from gateway.limits import Allowance, place_of
from gateway.proxies import Proxied, lies_in, networks
from gateway.settings import GatewaySettings
from services.kernel.domain.decision import TooMany


def settings(**other: str) -> GatewaySettings:
    limits = ("writing_limit", "asking_limit", "trusted_writing_limit", "trusted_asking_limit", "trusted_places")
    defaults = {name: GatewaySettings.model_fields[name].default for name in limits}
    return GatewaySettings.model_construct(encryption_keys=SecretStr("key"), **defaults | other)


async def place(trusted: str, peer: str, *said: str) -> tuple[str, list[str]]:
    """From where a request counts as coming, and which addresses were warned of."""
    found: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(place_of(Request(scope)))

    async def never(*_: object) -> Any:
        raise AssertionError("nothing is read or sent")

    proxied = Proxied(app, networks(trusted))
    headers = [(b"x-forwarded-for", each.encode()) for each in said]
    with capture_logs() as logged:
        for _ in range(3):
            await proxied(
                {"type": "http", "client": (peer, 50_000), "headers": headers, "scheme": "http"}, never, never
            )
    [once] = set(found)
    return once, [entry["address"] for entry in logged if entry["event"] == "proxy.undeclared"]


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "expected"),
    [
        ("127.0.0.1,::1", "127.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.0/24", "10.0.0.9", ["203.0.113.7"], "203.0.113.7"),
        ("2001:db8::/32", "2001:db8::5", ["2001:db9:1:2::3"], "2001:db9:1:2::/64"),
        ("10.0.0.0/24", "10.0.0.9", ["6.6.6.6, 203.0.113.7, 10.0.0.3"], "203.0.113.7"),  # what the last of ours saw
    ],
)
async def test_a_declared_proxy_is_believed(trusted: str, peer: str, said: list[str], expected: str) -> None:
    assert await place(trusted, peer, *said) == (expected, [])


@pytest.mark.parametrize(
    ("trusted", "peer"), [("", "127.0.0.1"), ("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "2001:db8::1")]
)
async def test_an_undeclared_one_is_not_believed_and_named_once(trusted: str, peer: str) -> None:
    where, warned = await place(trusted, peer, "203.0.113.7")

    assert where == place_of(Request({"type": "http", "client": (peer, 1)}))
    assert warned == [peer]


async def test_without_a_word_of_a_proxy_nothing_is_said() -> None:
    assert await place("", "198.51.100.4") == ("198.51.100.4", [])


@pytest.mark.parametrize("value", ["10.0.0.1/24", "example.org", "10.0.0.256", "*", "10.0.0.1 10.0.0.2"])
def test_what_is_no_network_is_refused_at_start(value: str) -> None:
    with pytest.raises(ValueError, match=value.split()[0].replace("*", r"\*")):
        networks(value)


@pytest.mark.parametrize(
    ("here", "known", "lies"),
    [
        ("203.0.113.7", "203.0.113.7", True), ("203.0.113.8", "203.0.113.7", False),
        ("203.0.113.8", "203.0.113.0/24", True),
        ("2001:db8:1:2::/64", "2001:db8:1:2::9", True), ("2001:db8:1:3::/64", "2001:db8:1:2::9", False),
        ("testclient", "203.0.113.7", False), ("203.0.113.7", "", False),
    ],
)  # fmt: skip
def test_a_place_is_trusted_by_its_address_or_its_network(here: str, known: str, lies: bool) -> None:
    assert lies_in(here, networks(known)) is lies


def test_a_trusted_place_may_write_and_ask_more_than_another() -> None:
    allowance = Allowance(
        settings(
            trusted_places="203.0.113.7", writing_limit="2/hour", trusted_writing_limit="5/hour", asking_limit="1/hour",
            trusted_asking_limit="4/hour",
        )
    )  # fmt: skip

    def taken(place: str, may: str) -> int:
        for n in range(100):
            try:
                getattr(allowance, may)(place)
            except TooMany:
                return n
        return 100

    assert (taken("203.0.113.7", "may_write"), taken("203.0.113.7", "may_ask")) == (5, 4)
    assert (taken("203.0.113.8", "may_write"), taken("203.0.113.8", "may_ask")) == (2, 1)
