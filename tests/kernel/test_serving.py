"""The two ports of a program: what stands on which, who may not have them, and how they end."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from deploy.local import tokens
from deploy.local.places import ROOT
from deploy.local.processes import free_ports, is_free
from services.columns.__main__ import SERVICE
from services.columns.settings import ColumnsSettings
from services.kernel.http import auth
from services.kernel.running.program import Program
from tests.support.waiting import eventually, until

NOBODY = "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"
SLOW = """\
import asyncio, sys, types
from services.kernel.running.serving import serve
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for part in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{part}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await asyncio.to_thread(sys.stdin.readline)
    await send({"type": "http.response.body", "body": b" and done"})
public, within = map(int, sys.argv[1:])
settings = types.SimpleNamespace(host="127.0.0.1", port=public, inside_port=within, connections=9)
serve(types.SimpleNamespace(settings=settings), app)
"""


@pytest.fixture
def told(tmp_path: Path) -> dict[str, str]:
    """The environment of a program whose servers are away."""
    return {
        "MONGO_URL": NOBODY,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "CITYGATE_JWKS": str(tokens.make_key(tmp_path)),
        "CITYGATE_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "CITYGATE_PUBLIC_URL": "https://city.example",
    }


@pytest.fixture
async def program(told: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Program]:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    made = Program(SERVICE, ColumnsSettings.model_validate({}))
    yield made
    made.db.client.close()


class KeyFile:
    """The key set of a program, that somebody may spoil."""

    def __init__(self, path: Path) -> None:
        self.path, self.good = path, path.read_text()

    def write(self, content: str) -> None:
        self.path.write_text(content)


@pytest.fixture
def key_file(program: Program) -> KeyFile:
    return KeyFile(Path(program.settings.jwks))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", free_ports(1)[0])) as listening:
        yield listening.getsockname()[1]


async def test_what_operations_need_stands_on_the_inside_port_alone(
    client: httpx.AsyncClient, inner: httpx.AsyncClient
) -> None:
    public = {path: (await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")}

    assert public == {"/healthz": 200, "/readyz": 404, "/metrics": 404}
    assert (await inner.get("/healthz")).json() == {"ok": True}
    assert "citygate_request_seconds" in (await inner.get("/metrics")).text
    assert (await inner.get("/departments")).status_code == 404


async def test_ready_names_what_does_not_answer(inner: httpx.AsyncClient) -> None:
    ready = await inner.get("/readyz")

    assert ready.status_code == 503
    assert "mongodb" in ready.json()["wrong"]


async def test_a_key_set_without_a_usable_key_makes_a_program_unready_until_a_good_one_is_read(
    program: Program, inner: httpx.AsyncClient, key_file: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def complaint() -> str:
        return str((await inner.get("/readyz")).json()["wrong"].get("keys", ""))

    async def content() -> bool:
        return not await complaint()

    monkeypatch.setattr("services.kernel.running.program.PING", 0.01)  # nobody answers it here
    monkeypatch.setattr(auth, "FRESH", 0.0)
    monkeypatch.setattr(auth, "AGAIN", 0.01)
    assert await complaint() == "CITYGATE_JWKS: the key set was not read yet"
    reading = asyncio.create_task(program.keys.run())
    await eventually(content)

    for bad in ('{"keys": []}', "<html>", '{"keys": [{"kty": "oct", "k": "AAAA"}]}'):
        key_file.write(bad)
        await eventually(complaint)
        assert (await complaint()).startswith("CITYGATE_JWKS: the key set is no JSON, or holds no key")
        key_file.write(key_file.good)
        await eventually(content)
    reading.cancel()


@pytest.mark.parametrize("variable", ["CITYGATE_PORT", "CITYGATE_INSIDE_PORT"])
def test_a_taken_port_ends_the_program_with_one_sentence(variable: str, taken: int, told: Mapping[str, str]) -> None:
    public, within = free_ports(2)
    ports = {"CITYGATE_PORT": str(public), "CITYGATE_INSIDE_PORT": str(within), variable: str(taken)}
    done = subprocess.run(
        [sys.executable, "-m", "services.columns"], env=os.environ | told | ports, cwd=ROOT, timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line == (
        f"Port {taken} of 127.0.0.1 cannot be listened on (Address already in use): "
        f"free it, or set {variable} to another."
    )


def test_told_to_end_it_answers_what_is_under_way_and_the_inside_to_the_last() -> None:
    public, within = free_ports(2)
    command = [sys.executable, "-c", SLOW, str(public), str(within)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) as process, httpx.Client() as client:
        try:
            until(lambda: not is_free(public))
            with client.stream("GET", f"http://127.0.0.1:{public}/") as answer:
                parts = answer.iter_text()
                assert next(parts) == "begun"
                process.send_signal(signal.SIGTERM)
                until(lambda: is_free(public))
                assert client.get(f"http://127.0.0.1:{within}/healthz").is_success
                process.communicate(b"go on\n")
                assert next(parts) == " and done"
            assert process.wait(20) == 0
            assert is_free(within)
        finally:
            process.kill()
