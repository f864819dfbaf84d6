"""Whom a token speaks for, and which tokens speak for nobody."""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey, OKPKey

from services.kernel.domain import clock
from services.kernel.domain.decision import No, Unauthorized
from services.kernel.domain.person import Person, Role
from services.kernel.http import auth
from services.kernel.http.auth import Keys
from services.kernel.storage.crypto import key_set
from tests.kernel.issuer import AT, CLAIMS, EC, FOREIGN, RSA, World, part, token


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES256"), (RSA, "RS256")])
def test_a_token_of_the_issuer_names_its_bearer(key: Any, alg: str, world: World) -> None:
    assert world.person(token(key, alg)) == Person(
        sub="zhang", name="张", roles=frozenset({Role.EDITOR}), departments=frozenset({"fgw"}), own=frozenset({"fgw"})
    )


@pytest.mark.parametrize("header", [None, "", "  "])
def test_without_a_token_it_is_said_how_to_send_one(header: str | None, world: World) -> None:
    with pytest.raises(Unauthorized, match=r"token\.missing.*Bearer"):
        asyncio.run(world.keys.person(header))


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic emhhbmc6eA==", "Bearer ä"])
def test_what_is_no_bearer_token_is_malformed(header: str, world: World) -> None:
    with pytest.raises(Unauthorized, match=r"token\.malformed"):
        asyncio.run(world.keys.person(header))


def test_the_scheme_may_be_written_in_any_case(world: World) -> None:
    assert asyncio.run(world.keys.person(f"bearer {token()}")).sub == "zhang"


@given(st.text(max_size=60) | st.lists(st.text("abcABC019-_=", max_size=20), max_size=5).map(".".join))
def test_no_header_whatever_is_in_it_does_worse_than_a_refusal(text: str) -> None:
    keys = Keys("/no/such/file", issuer="idp", audience="citygate")
    keys._keys = key_set({"keys": [EC.as_dict(private=False)]})
    with pytest.raises(Unauthorized):
        asyncio.run(keys.person(f"Bearer {text}"))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": "ES256"},
        {"alg": None},
        {"alg": ["ES256"]},
        {"alg": "ES256", "kid": ["one"]},
        {"alg": "ES256", "kid": {"a": 1}},
        {"alg": "ES256", "kid": "one", "crit": ["exp"]},
        {"alg": "ES256", "kid": "one", "b64": False, "crit": ["b64"]},
        ["alg"],
        "alg",
        7,
    ],
)
@pytest.mark.parametrize("body", [CLAIMS, [], "x", None])
def test_a_forged_header_is_refused(header: object, body: object, world: World) -> None:
    assert world.refusal(f"{part(header)}.{part(body)}.{part('x')}") in {"token.malformed", "token.untrusted"}


def test_a_header_nested_without_end_is_refused(world: World) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 6000).decode()

    assert world.refusal(f"{deep}.{part(CLAIMS)}.{part('x')}") in {"token.malformed", "token.untrusted"}


def test_a_token_too_long_to_remember_is_refused(world: World) -> None:
    assert world.person(token(name="x" * 4000)).sub == "zhang"
    assert world.refusal(token(name="x" * 8000)) == "token.malformed"


def test_a_changed_claim_breaks_the_signature(world: World) -> None:
    head, _, signature = token().split(".")

    assert world.refusal(f"{head}.{part(CLAIMS | {'roles': ['office']})}.{signature}") == "token.untrusted"


def test_a_cut_signature_is_refused(world: World) -> None:
    head, body, signature = token().split(".")

    for rest in ("", signature[:-4], signature[:1]):
        assert world.refusal(f"{head}.{body}.{rest}") in {"token.malformed", "token.untrusted"}


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE"])
def test_a_token_that_is_not_signed_is_refused(alg: str, world: World) -> None:
    for head in ({"alg": alg}, {"alg": alg, "kid": "one"}):
        assert world.refusal(f"{part(head)}.{part(CLAIMS)}.") == "token.untrusted"


def test_the_public_key_is_not_taken_for_a_shared_secret(world: World) -> None:
    for public in (RSA.as_pem(private=False), json.dumps(EC.as_dict(private=False)).encode()):
        signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(CLAIMS)}"
        mac = hmac.new(public, signed.encode(), hashlib.sha256).digest()
        forged = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        assert world.refusal(forged) == "token.untrusted"


def test_a_shared_secret_in_the_key_set_signs_nothing(world: World) -> None:
    secret = OctKey.generate_key(256, {"kid": "shared"})
    world.publish(EC.as_dict(private=False), secret.as_dict(private=True))

    assert world.refusal(token(secret, "HS256")) == "token.untrusted"
    for alg in ("ES256", "RS256"):
        forged = f"{part({'alg': alg, 'kid': 'shared'})}.{part(CLAIMS)}.{'A' * 86}"
        assert world.refusal(forged) in {"token.malformed", "token.untrusted"}
    assert world.person(token()).sub == "zhang"


def test_a_key_that_came_with_the_token_is_not_believed(world: World) -> None:
    own = FOREIGN.as_dict(private=False)

    assert world.refusal(token(FOREIGN, header={"jwk": own})) == "token.untrusted"
    assert world.refusal(token(FOREIGN, header={"jku": "http://127.0.0.1:9/jwks"})) == "token.untrusted"


def test_a_foreign_key_under_a_known_name_is_refused(world: World) -> None:
    assert world.refusal(token(FOREIGN)) == "token.untrusted"


def test_a_key_is_used_only_for_what_it_is_meant_for(world: World) -> None:
    public = EC.as_dict(private=False)
    for meant in ({"use": "enc"}, {"alg": "ES384"}):
        world.publish(public | meant)
        world.keys = world.start()
        with pytest.raises(No):
            world.person(token())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_keys_of_other_kinds_do_not_spoil_the_set(world: World) -> None:
    other = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    world.publish({"kty": "AKP", "kid": "pq"}, {"kty": "EC", "crv": "P-256"}, {}, other, EC)

    assert world.person(token()).sub == "zhang"
    assert world.refusal(token(other, "EdDSA")) == "token.untrusted"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another"},
        {"iss": "idp "},
        {"aud": "another"},
        {"aud": ["another", "more"]},
        {"aud": []},
        {"aud": "citygate2"},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_a_token_for_another_place_or_nobody_is_refused(claims: dict[str, Any], world: World) -> None:
    assert world.refusal(token(**claims)) == "token.untrusted"


@pytest.mark.parametrize("name", ["nbf", "iat", "exp"])
@pytest.mark.parametrize("wrong", ["tomorrow", True, [1], {}, "1789000000"])
def test_a_time_that_is_none_is_told_from_a_forgery(name: str, wrong: object, world: World) -> None:
    claims: dict[str, Any] = {name: wrong}

    assert world.refusal(token(**claims)) == "token.times"


@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_a_token_ahead_of_the_clock_here_names_the_clocks(name: str, world: World) -> None:
    claims: dict[str, Any] = {name: int(AT.timestamp()) + 120}

    assert world.refusal(token(**claims)) == "token.times"


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "sub"])
def test_a_token_without_a_claim_we_need_is_malformed(claim: str, world: World) -> None:
    lacking: dict[str, Any] = {claim: None}
    assert world.refusal(token(**lacking)) == "token.malformed"


def test_one_of_several_audiences_is_enough(world: World) -> None:
    assert world.person(token(aud=["another", "citygate"])).sub == "zhang"


def test_an_issuer_s_clock_may_be_a_little_ahead(world: World) -> None:
    soon = int(AT.timestamp()) + 20

    assert world.person(token(nbf=soon, iat=soon)).sub == "zhang"


def test_a_token_expires_to_the_second_even_one_that_was_accepted_before(world: World) -> None:
    mine = token()
    world.at = AT + timedelta(seconds=599, milliseconds=999)
    assert world.person(mine).sub == "zhang"

    world.at = AT + timedelta(seconds=600)
    assert world.refusal(mine) == "token.expired"
    assert world.refusal(token(name="another")) == "token.expired"


def test_tokens_are_judged_by_the_host_s_clock_whatever_a_local_run_shifts(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [EC.as_dict(private=False)]}))
    keys = Keys(str(tmp_path / "jwks.json"), issuer="idp", audience="citygate")
    mine = token(exp=int(datetime.now(UTC).timestamp()) + 600)
    clock.shift(timedelta(days=365))
    try:
        assert asyncio.run(keys.person(f"Bearer {mine}")).sub == "zhang"
    finally:
        clock.shift(timedelta())


def test_an_accepted_token_is_not_verified_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = token()
    first = world.person(mine)
    monkeypatch.setattr(Keys, "_verify", lambda *_: pytest.fail("verified again"))

    assert world.person(mine) is first


def test_only_so_many_tokens_are_remembered_the_longest_unused_goes_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    one, two, three = (token(sub=sub) for sub in ("one", "two", "three"))
    for each in (one, two, one, three):
        world.person(each)

    assert list(world.keys._verified) == [one, three]


def test_a_refused_token_is_not_remembered(world: World) -> None:
    world.refusal(token(iss="another"))
    world.refusal(token(FOREIGN))
    world.refusal(token(exp=1))

    assert not world.keys._verified


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        (["editor", "mayor", "office"], {Role.EDITOR, Role.OFFICE}),
        ("handler", {Role.HANDLER}),
        (["EDITOR", "editor "], set()),
        ([["editor"], 7, None, {}], set()),
        ({"editor": True}, set()),
        (None, set()),
    ],
)
def test_roles_that_are_not_known_are_passed_over(claim: object, roles: set[Role], world: World) -> None:
    assert world.person(token(roles=claim)).roles == roles


@pytest.mark.parametrize(
    ("claim", "departments"),
    [("", set()), (None, set()), ("fgw", {"fgw"}), (["fgw", "", "mzj"], {"fgw", "mzj"}), (7, set())],
)
def test_an_empty_department_is_none(claim: object, departments: set[str], world: World) -> None:
    assert world.person(token(department=claim)).departments == departments


def test_a_bearer_without_a_name_goes_by_its_subject(world: World) -> None:
    assert world.person(token(name=None)).name == "zhang"
