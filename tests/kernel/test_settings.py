import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, ValidationError

from deploy.local.tokens import make_key
from gateway.settings import GatewaySettings
from services.kernel.settings import Settings, load

KEY = Fernet.generate_key().decode()
SECRET = "correct-horse"


class MailboxSettings(Settings):
    letters_per_day: int = Field(5, gt=0, description="the letters one address may send a day")
    words: tuple[str, ...] = ()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("CITYGATE_"):
            monkeypatch.delenv(name)
    make_key(tmp_path)
    given = {
        "MONGO_URL": f"mongodb://city:{SECRET}@localhost/?replicaSet=city",
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
        "CITYGATE_PORT": "8003",
        "CITYGATE_JWKS": str(tmp_path / "jwks.json"),
        "CITYGATE_ENCRYPTION_KEYS": KEY,
        "CITYGATE_PUBLIC_URL": "https://city.example",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def complaints(capsys: pytest.CaptureFixture[str], kind: type[Settings] = Settings) -> list[str]:
    with pytest.raises(SystemExit) as caught:
        load(kind)
    assert caught.value.code == 2
    assert caught.value.__cause__ is None
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()


def test_the_environment_is_read_and_the_rest_has_defaults() -> None:
    settings = load(Settings)

    assert settings.mongo_url.get_secret_value().endswith("replicaSet=city")
    assert (settings.kafka, settings.port, settings.host) == ("localhost:9092", 8003, "127.0.0.1")
    assert (settings.namespace, settings.local, settings.clock_shift) == ("citygate", False, timedelta())
    assert (settings.issuer, settings.audience, settings.log) == ("citygate-local", "citygate", "auto")
    assert (settings.service_token, settings.request_seconds, settings.request_bytes) == (None, 15, 1_000_000)


def test_an_api_is_reached_where_it_listens_unless_another_address_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).own_url == "http://127.0.0.1:8003"

    monkeypatch.setenv("CITYGATE_API_URL", "https://letters.city.example/")
    assert load(Settings).own_url == "https://letters.city.example"


def test_a_service_adds_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYGATE_LETTERS_PER_DAY", "9")

    assert load(MailboxSettings).letters_per_day == 9


def test_everything_wrong_is_said_at_once_a_line_each_by_the_variable_s_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MONGO_URL")
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS")
    monkeypatch.setenv("CITYGATE_PORT", "eighty")
    monkeypatch.setenv("CITYGATE_NAMESPACE", "Über")
    monkeypatch.setenv("CITYGATE_LETTERS_PER_DAY", "0")

    lines = complaints(capsys, MailboxSettings)

    assert lines[:2] == [
        "MONGO_URL is missing. Set it to the mongodb:// URL of a replica set.",
        "KAFKA_BOOTSTRAP_SERVERS is missing. Set it to host:port of brokers, by comma.",
    ]
    assert [line.split()[0] for line in lines[2:]] == [
        "CITYGATE_PORT",
        "CITYGATE_NAMESPACE",
        "CITYGATE_LETTERS_PER_DAY",
    ]
    assert lines[4].endswith("Set it to the letters one address may send a day.")


def test_a_variable_that_is_set_but_empty_counts_as_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYGATE_JWKS", "")
    monkeypatch.setenv("CITYGATE_NAMESPACE", "")

    assert [line.split(".")[0] for line in complaints(capsys)] == ["CITYGATE_JWKS is missing"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGO_URL", f"mysql://city:{SECRET}@localhost/"),
        ("MONGO_URL", "mongodb://"),
        ("MONGO_URL", f"mongodb://city:{SECRET}@ss@localhost"),
        ("MONGO_URL", f"mongodb://city:{SECRET}/@localhost"),
        ("MONGO_URL", f"mongodb://city:{SECRET}@localhost:99999"),
        ("MONGO_URL", f"mongodb://city:{SECRET}@localhost/?replicaset"),
        ("MONGO_URL", f"mongodb://city:{SECRET}@localhost/?replicaSett=city"),
        ("MONGO_URL", f"mongodb://city:{SECRET}@localhost/?wTimeoutMS={SECRET}"),
        ("MONGO_URL", f"mongodb://localhost/?tls=true&tlsCAFile=/no/{SECRET}"),
        ("MONGO_URL", f"mongodb+srv://city:{SECRET}@"),
        ("CITYGATE_SERVICE_TOKEN", f"{SECRET} "),
        ("CITYGATE_SERVICE_TOKEN", f"{SECRET}\r\nX-Other: 1"),
        ("CITYGATE_SERVICE_TOKEN", f"{SECRET}令牌"),
        ("CITYGATE_ENCRYPTION_KEYS", SECRET),
        pytest.param("CITYGATE_ENCRYPTION_KEYS", f"{KEY},{SECRET}", id="behind a key that is right"),
    ],
)
def test_a_wrong_secret_is_complained_of_without_being_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)

    lines = complaints(capsys)

    assert [line.split()[0] for line in lines] == [name]
    assert SECRET not in lines[0]
    assert KEY not in lines[0]
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({})
    assert SECRET not in str(caught.value)
    assert KEY not in str(caught.value)


def test_settings_do_not_show_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYGATE_SERVICE_TOKEN", "e30.e30.c2ln")
    settings = load(Settings)

    shown = repr(settings) + str(settings) + repr(settings.model_dump()) + settings.model_dump_json()
    assert settings.service_token == SecretStr("e30.e30.c2ln")
    assert not [secret for secret in (SECRET, KEY, "e30.e30.c2ln") if secret in shown]


@pytest.mark.parametrize("shift", ["86400", "-3600", "0.5", "P3D"])
def test_only_a_local_run_may_shift_its_clock(
    shift: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYGATE_CLOCK_SHIFT", shift)

    assert [line.split()[0] for line in complaints(capsys)] == ["CITYGATE_CLOCK_SHIFT"]


def test_a_local_run_shifts_its_clock_by_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYGATE_LOCAL", "true")
    monkeypatch.setenv("CITYGATE_CLOCK_SHIFT", "86400")

    assert load(Settings).clock_shift == timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CITYGATE_PORT", "0"),
        ("CITYGATE_PORT", "65536"),
        ("CITYGATE_LOCAL", "perhaps"),
        ("CITYGATE_NAMESPACE", "citygate/../other"),
        ("CITYGATE_NAMESPACE", "a" * 32),
        ("CITYGATE_NAMESPACE", "city\n"),
        ("CITYGATE_JWKS", "/no/such/file"),
        ("CITYGATE_JWKS", "ftp://idp/jwks"),
        ("CITYGATE_JWKS", "."),
        ("CITYGATE_JWKS", "https://"),
        ("CITYGATE_JWKS", "https://idp:99999/jwks"),
        ("CITYGATE_INSIDE_PORT", "0"),
        ("CITYGATE_INSIDE_PORT", "8003"),
        ("CITYGATE_INSIDE_PORT", "65536"),
        ("CITYGATE_LOG", "xml"),
        ("CITYGATE_REQUEST_SECONDS", "0"),
        ("CITYGATE_REQUEST_BYTES", "-1"),
        ("CITYGATE_REQUEST_SECONDS", "inf"),
        ("KAFKA_BOOTSTRAP_SERVERS", "localhost"),
        ("KAFKA_BOOTSTRAP_SERVERS", "localhost:99999"),
        ("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092,other:0"),
        ("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092, other:9092"),
        ("CITYGATE_WORDS", "not json"),
    ],
)
def test_a_value_that_cannot_work_stops_the_start(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)

    (line,) = complaints(capsys, MailboxSettings)
    assert line.split()[0] == name


@pytest.mark.parametrize("url", ["https://idp.example/jwks", "http://idp.example/jwks"])
def test_the_key_set_may_be_a_url_that_is_not_asked_at_start(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYGATE_JWKS", url)

    assert load(Settings).jwks == url


def test_settings_do_not_change() -> None:
    settings = load(Settings)

    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]  # the mistake that is meant


@pytest.mark.parametrize("wrong", ["not json", "{}", '{"keys": []}', '{"keys": 7}', "[" * 100_000, "\x00"])
def test_a_key_set_in_a_file_is_read_at_start(wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "jwks.json").write_text(wrong)

    (line,) = complaints(capsys)
    assert line.startswith("CITYGATE_JWKS is wrong: ")


def test_a_key_set_of_private_or_other_bytes_is_complained_of_without_showing_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jwks.json").write_bytes(b"\xff" + SECRET.encode())

    (line,) = complaints(capsys)
    assert SECRET not in line


def test_the_inside_port_is_a_hundred_above_the_public_one_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(Settings).inside_port == 8103

    monkeypatch.setenv("CITYGATE_INSIDE_PORT", "9")
    assert load(Settings).inside_port == 9


def test_a_public_port_that_leaves_none_above_it_is_told_beside_all_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MONGO_URL")
    monkeypatch.setenv("CITYGATE_PORT", "65500")

    assert [line.split()[0] for line in complaints(capsys)] == ["MONGO_URL", "CITYGATE_INSIDE_PORT"]


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUBLIC", "MAILBOX", "PUBLISHING", "SCORING"):
        monkeypatch.setenv(f"CITYGATE_{name}_URL", "https://city.example/portal/")
    monkeypatch.setenv("CITYGATE_SERVICE_TOKEN", "e30.e30.c2ln")


@pytest.mark.usefixtures("portal")
@pytest.mark.parametrize(
    "url",
    [
        "http://[", "http://", "http:///path", "city.example", "ftp://city.example", "http://city:99999", "http://city:0",
        "http://city:eighty", "http://ci ty", "http://city\n", f"http://me:{SECRET}@city", f"http://city/?key={SECRET}",
        f"http://city/#{SECRET}",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_refused_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITYGATE_PUBLIC_URL", url)
    monkeypatch.setenv("CITYGATE_MAILBOX_URL", url)

    lines = complaints(capsys, GatewaySettings)
    assert [line.split()[0] for line in lines] == ["CITYGATE_PUBLIC_URL", "CITYGATE_MAILBOX_URL"]
    assert SECRET not in "".join(lines)


@pytest.mark.usefixtures("portal")
def test_addresses_have_no_slash_at_their_end() -> None:
    assert load(GatewaySettings).public_url == "https://city.example/portal"


@pytest.mark.usefixtures("portal")
def test_whatever_is_wrong_nothing_is_left_for_the_next_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jwks.json").write_text("<html>")
    wrong = {
        "MONGO_URL": f"mongodb://user:{SECRET}@ss@h", "KAFKA_BOOTSTRAP_SERVERS": "h:99999", "CITYGATE_PORT": "99999",
        "CITYGATE_INSIDE_PORT": "99999", "CITYGATE_LOCAL": "perhaps", "CITYGATE_CLOCK_SHIFT": "soon",
        "CITYGATE_ENCRYPTION_KEYS": SECRET, "CITYGATE_SERVICE_TOKEN": f"{SECRET} é", "CITYGATE_PUBLIC_URL": "http://[",
        "CITYGATE_MAILBOX_URL": "http://", "CITYGATE_WRITING_LIMIT": "many",
    }  # fmt: skip
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)

    lines = complaints(capsys, GatewaySettings)

    assert sorted(line.split()[0] for line in lines) == sorted([*wrong, "CITYGATE_JWKS"])
    assert SECRET not in "".join(lines)
