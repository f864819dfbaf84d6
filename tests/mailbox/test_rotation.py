"""Keys wrapped anew while letters are written and answered, and what operators type."""

import asyncio
import os
import sys

import httpx
import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from deploy.local.stack import Servers
from services.kernel.running import personal
from services.kernel.running.commands import rotate
from services.kernel.running.program import Program, create_app
from services.mailbox.__main__ import SERVICE
from services.mailbox.domain import Letter
from tests.mailbox.desk import Desk, done, journal
from tests.mailbox.examples import CONTACT, NEW
from tests.mailbox.test_erasure import ANSWER, PRIVATE, lived

pytestmark = pytest.mark.servers


def replica(program: Program, *keys: str) -> Program:
    """Another process of it, with these encryption keys."""
    return Program(SERVICE, program.settings.model_copy(update={"encryption_keys": SecretStr(",".join(keys))}))


def served(program: Program, desk: Desk) -> Desk:
    """The same people at the door of another replica."""
    transport = httpx.ASGITransport(create_app(program), raise_app_exceptions=False)
    return Desk(httpx.AsyncClient(transport=transport, base_url="http://replica"), desk.bearer)


async def test_keys_are_rotated_while_letters_are_written_and_answered(
    desk: Desk, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "BATCH", 3)
    old, new = program.settings.encryption_keys.get_secret_value(), Fernet.generate_key().decode()
    receipts = [(await desk.write())["receipt"] for _ in range(12)]
    both = [replica(program, new, old), replica(program, old, new)]
    desks = [served(each, desk) for each in both]
    busy = True

    async def turning() -> int:
        turns = 0
        while busy or turns < 2:
            for rotating in both:
                await rotate(rotating)
            turns += 1
        return turns

    async def handled(n: int, receipt: str) -> None:
        done(await desks[n % 2].step(receipt, "acceptance"))
        await desks[n % 2].write()
        done(await desks[1 - n % 2].step(receipt, "answer", {"text": ANSWER}))

    turning_all_the_time = asyncio.create_task(turning())
    await asyncio.gather(*(handled(n, receipt) for n, receipt in enumerate(receipts)))
    busy = False
    await turning_all_the_time
    await rotate(both[0])

    alone = replica(program, new)
    found = await alone.transact.reader().find(Letter, {}, sort="_id", limit=0)
    assert len(found) == 24
    assert {letter.writing.text.text for letter in found} == {NEW["text"]}
    assert [letter.answer.text for letter in found if letter.answer] == [ANSWER] * 12


async def test_after_rotation_and_without_the_old_key_kept_answers_and_contacts_still_open(
    desk: Desk, program: Program
) -> None:
    written = await lived(desk)
    new = Fernet.generate_key().decode()
    await rotate(replica(program, new, program.settings.encryption_keys.get_secret_value()))

    there = served(replica(program, new), desk)

    seen = done(await there.client.post(f"/letters/{written['receipt']}/contact", headers=desk.office))
    assert seen["phone"] == CONTACT["phone"]
    assert done(await there.hand_in(key="click-1"), 201)["code"] == written["code"]
    assert done(await there.ask(written["receipt"], written["code"]))["text"] == NEW["text"]


async def command(program: Program, servers: Servers, *arguments: str, keys: str | None = None) -> tuple[int, str]:
    """What an operator types; its exit code and all it printed."""
    settings = program.settings
    env = os.environ | {
        "MONGO_URL": servers.mongo_url, "KAFKA_BOOTSTRAP_SERVERS": servers.kafka_address, "CITYGATE_LOCAL": "true",
        "CITYGATE_NAMESPACE": settings.namespace, "CITYGATE_JWKS": str(settings.jwks), "CITYGATE_PORT": "1",
        "CITYGATE_INSIDE_PORT": "2", "CITYGATE_PUBLIC_URL": "http://portal.test",
        "CITYGATE_ENCRYPTION_KEYS": keys or settings.encryption_keys.get_secret_value(),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.mailbox", *arguments, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_operators_rotate_and_erase_by_command(desk: Desk, program: Program, servers: Servers) -> None:
    receipt, still_open = (await lived(desk))["receipt"], (await desk.write())["receipt"]
    new = f"{Fernet.generate_key().decode()},{program.settings.encryption_keys.get_secret_value()}"

    rotated = [await command(program, servers, "rotate", keys=new) for _ in range(2)]
    asked = [f"letter/{still_open}", "letter/20260101-AAAAAA", f"letter/{receipt}"]
    erased, again = [await command(program, servers, "erase", *asked, "--reason", "期满", keys=new) for _ in range(2)]

    assert [code for code, _ in rotated] == [0, 0]
    assert "2 keys of letter" in rotated[0][1]
    assert "0 keys of letter" in rotated[1][1]
    for code, said in (erased, again):
        assert code == 1
        assert f"Erased what was personal in letter/{receipt}." in said
        assert f"letter/{still_open}: Answer it before you erase it" in said
        assert "letter/20260101-AAAAAA: There is no letter" in said
    said = "".join(said for _, said in (*rotated, erased, again))
    assert [word for word in PRIVATE if word in said or ascii(word)[1:-1] in said] == []
    assert [each["type"] for each in await journal(program, receipt)].count("letter.erased") == 1
