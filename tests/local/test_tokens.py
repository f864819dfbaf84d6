import asyncio
import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.tokens import main, make_key, mint
from services.kernel.domain.clock import host
from services.kernel.domain.decision import Unauthorized
from services.kernel.domain.person import Person, Role
from services.kernel.http.auth import Keys
from services.kernel.settings import AUDIENCE, ISSUER


def bearer(directory: Path, token: str, at: datetime) -> Person:
    keys = Keys(str(directory / "jwks.json"), issuer=ISSUER, audience=AUDIENCE, at=lambda: at)
    return asyncio.run(keys.person(f"Bearer {token}"))


def test_a_minted_token_is_accepted_with_everything_it_says(tmp_path: Path) -> None:
    make_key(tmp_path)
    at = datetime(2026, 11, 2, tzinfo=UTC)
    token = mint(tmp_path, sub="zhang", roles=[Role.EDITOR, Role.HANDLER], department="fgw", name="张", at=at)

    assert bearer(tmp_path, token, at) == Person(
        sub="zhang",
        name="张",
        roles=frozenset({Role.EDITOR, Role.HANDLER}),
        departments=frozenset({"fgw"}),
        own=frozenset({"fgw"}),
    )


def test_a_minted_token_ends_after_its_days(tmp_path: Path) -> None:
    make_key(tmp_path)
    token = mint(tmp_path, sub="zhang", roles=[Role.OFFICE], at=datetime(2026, 11, 2, tzinfo=UTC), days=2)

    assert bearer(tmp_path, token, datetime(2026, 11, 3, 23, 59, 59, tzinfo=UTC)).sub == "zhang"
    with pytest.raises(Unauthorized, match=r"token\.expired"):
        bearer(tmp_path, token, datetime(2026, 11, 4, tzinfo=UTC))


def test_the_private_key_is_the_owner_s_alone_and_no_part_of_the_key_set(tmp_path: Path) -> None:
    jwks = make_key(tmp_path / "new" / "folder")
    private = jwks.with_name("private.json")

    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert json.loads(private.read_text())["d"] not in jwks.read_text()
    assert [set(key) & {"d", "k"} for key in json.loads(jwks.read_text())["keys"]] == [set()]
    assert sorted(path.name for path in jwks.parent.iterdir()) == ["jwks.json", "private.json"]


def test_a_key_that_is_there_is_kept(tmp_path: Path) -> None:
    jwks = make_key(tmp_path)
    before = jwks.read_text(), (tmp_path / "private.json").read_text()
    make_key(tmp_path)

    assert (jwks.read_text(), (tmp_path / "private.json").read_text()) == before


def test_a_lost_key_set_is_made_again_from_the_same_key(tmp_path: Path) -> None:
    jwks = make_key(tmp_path)
    before = jwks.read_text()
    jwks.unlink()

    assert make_key(tmp_path).read_text() == before


def test_the_command_makes_a_key_and_prints_one_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["key", "--directory", str(tmp_path)])
    assert capsys.readouterr().out == f"{tmp_path / 'jwks.json'}\n"

    who = ["--role", "handler", "--role", "reviewer", "--department", "mzj", "--sub", "li", "--name", "李"]
    main(["mint", "--directory", str(tmp_path), *who, "--days", "1"])
    (token,) = capsys.readouterr().out.splitlines()
    person = bearer(tmp_path, token, host())
    assert (person.sub, person.name, person.departments) == ("li", "李", frozenset({"mzj"}))
    assert person.roles == {Role.HANDLER, Role.REVIEWER}


def test_without_a_key_the_command_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["mint", "--directory", str(tmp_path), "--role", "editor", "--sub", "li"])

    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"there is no key in {tmp_path}" in said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "asked", ["--role mayor --sub li", "--sub li", "--role editor", "--role editor --sub x --days 0"]
)
def test_a_token_needs_a_known_role_a_bearer_and_an_end(
    asked: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_key(tmp_path)
    with pytest.raises(SystemExit):
        main(["mint", "--directory", str(tmp_path), *asked.split()])

    assert capsys.readouterr().out == ""
