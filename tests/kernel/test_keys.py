"""The key set that tokens are verified with: read, read again, away."""

import asyncio
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from joserfc.jwk import OctKey

from services.kernel.domain.decision import Away
from services.kernel.domain.person import Person
from services.kernel.http.auth import Keys
from tests.kernel.issuer import AT, EC, NEXT, World, token


def test_a_new_key_is_found_without_a_restart(world: World) -> None:
    world.person(token())
    world.publish(EC, NEXT)
    world.tick += 10

    assert world.person(token(NEXT)).sub == "zhang"
    assert world.person(token()).sub == "zhang"
    assert world.reads == 2


def test_unknown_keys_make_the_set_be_read_at_most_every_ten_seconds(world: World) -> None:
    world.person(token())
    for _ in range(20):
        assert world.refusal(token(NEXT)) == "token.untrusted"
    assert world.reads == 1

    world.tick += 10
    for _ in range(20):
        assert world.refusal(token(NEXT)) == "token.untrusted"
    assert world.reads == 2


def test_a_key_withdrawn_by_the_issuer_is_refused_within_five_minutes_remembered_or_not(world: World) -> None:
    mine = token()
    world.person(mine)
    world.publish(NEXT)
    world.tick += 300

    assert world.refusal(mine) == "token.untrusted"


def test_while_the_key_set_cannot_be_read_the_last_one_holds(world: World) -> None:
    world.person(token())
    for broken in (None, "", "{", "[]", '{"keys": []}', '{"keys": 7}', '{"keys": [7]}', "null"):
        world.path.unlink(missing_ok=True)
        if broken is not None:
            world.path.write_text(broken)
        world.tick += 300
        assert world.person(token()).sub == "zhang"


@pytest.mark.parametrize(
    "useless", [OctKey.generate_key(256).as_dict(), EC.as_dict(private=False) | {"use": "enc"}, {"kty": "EC"}]
)
def test_keys_that_cannot_verify_are_as_none(useless: dict[str, Any], world: World) -> None:
    world.publish(useless)
    with pytest.raises(Away):
        world.person(token())
    assert "holds no key to verify with" in world.keys.wrong

    world.publish(useless, EC)
    world.tick += 10
    assert world.person(token()).sub == "zhang"
    assert world.keys.wrong == ""


def test_a_set_that_is_away_is_wrong_only_while_there_is_no_other(world: World) -> None:
    world.path.unlink()
    with pytest.raises(Away):
        world.person(token())
    assert world.keys.wrong == "the key set cannot be read"

    world.publish(EC)
    world.tick += 10
    world.person(token())
    world.path.unlink()
    world.tick += 300
    world.person(token())
    assert world.keys.wrong == ""


def test_before_any_key_set_was_read_it_is_not_the_caller_s_fault(world: World) -> None:
    world.path.unlink()
    with pytest.raises(Away) as caught:
        world.person(token())
    assert caught.value.status == 503

    world.publish(EC)
    world.tick += 10
    assert world.person(token()).sub == "zhang"


def test_callers_who_come_at_once_make_one_read_and_all_are_served(world: World) -> None:
    async def crowd() -> list[Person]:
        return await asyncio.gather(*(world.keys.person(f"Bearer {token(sub=f'p{n}')}") for n in range(20)))

    assert [person.sub for person in asyncio.run(crowd())] == [f"p{n}" for n in range(20)]
    assert world.reads == 1


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, bytes], str]]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers: list[HTTPServer] = []

    def start(status: int, body: bytes) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        servers.append(HTTPServer(("127.0.0.1", 0), Answer))
        Thread(target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/jwks"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_key_set_may_come_over_http(serve: Callable[[int, bytes], str]) -> None:
    url = serve(200, json.dumps({"keys": [EC.as_dict(private=False)]}).encode())
    keys = Keys(url, issuer="idp", audience="citygate", at=lambda: AT)

    assert asyncio.run(keys.person(f"Bearer {token()}")).sub == "zhang"


@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (302, b""), (200, b"<html>"), (200, b"\xff")])
def test_an_issuer_that_answers_something_else_is_away(
    status: int, body: bytes, serve: Callable[[int, bytes], str]
) -> None:
    keys = Keys(serve(status, body), issuer="idp", audience="citygate", at=lambda: AT)

    with pytest.raises(Away):
        asyncio.run(keys.person(f"Bearer {token()}"))
