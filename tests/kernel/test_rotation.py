"""Keys are wrapped anew under another key of the program, whatever happens meanwhile."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pymongo import MongoClient

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause, Unit
from services.kernel.domain.sealed import Sealed
from services.kernel.running.personal import rewrap
from services.kernel.storage.crypto import Unsealable, Vault
from services.kernel.storage.mongo import Database, Document
from services.kernel.storage.transaction import Transactor
from tests.kernel.diary import Diary, diary, texts, write

pytestmark = pytest.mark.servers
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
KEY = "key"
CAUSE = Cause(who="tester", request="-")
SECRET = "路灯坏了三天"


@pytest.fixture
def transact(db: Database) -> Transactor:
    return Transactor(db, CAUSE, vault=Vault(OLD))


async def stored(db: Database, id: str = "d1") -> Document:
    found = await db["diary"].find_one({"_id": id})
    assert found is not None
    return found


async def test_who_read_an_old_key_while_it_was_wrapped_anew_runs_again_and_does_not_put_it_back(
    db: Database, transact: Transactor
) -> None:
    await transact(write, diary(SECRET))
    both = Vault(f"{NEW},{OLD}")
    met = 0

    async def in_the_middle(unit: Unit) -> None:
        nonlocal met
        there = await unit.get(Diary, "d1")
        met += 1
        if met == 1:
            assert await rewrap(db, Diary, both) == 1
        await write(unit, replace(there, motto=Sealed("勤")))

    await Transactor(db, CAUSE, vault=both)(in_the_middle)

    found = await Transactor(db, CAUSE, vault=Vault(NEW)).reader().look(Diary, "d1")
    assert found is not None
    assert (met, texts(found)) == (2, [SECRET, "勤"])


async def written(db: Database, count: int, vault: Vault) -> None:
    transact = Transactor(db, CAUSE, vault=vault)

    async def many(unit: Unit) -> None:
        for n in range(count):
            await write(unit, diary(f"第{n}", id=f"d{n:03}"))

    await transact(many)


async def readable(db: Database, vault: Vault) -> int:
    found = await Transactor(db, CAUSE, vault=vault).reader().find(Diary, {}, sort="_id", limit=0)
    return sum(each.title.text == f"第{int(each.id[1:])}" for each in found)


async def test_after_rotation_the_old_key_is_not_needed_and_nothing_else_was_written(db: Database) -> None:
    await written(db, 7, Vault(OLD))
    before = [{**d, KEY: None} for d in await db["diary"].find().sort("_id", 1).to_list(None)]
    with pytest.raises(Unsealable):
        await readable(db, Vault(NEW))

    assert await rewrap(db, Diary, Vault(f"{NEW},{OLD}")) == 7

    assert await readable(db, Vault(NEW)) == 7
    assert [{**d, KEY: None} for d in await db["diary"].find().sort("_id", 1).to_list(None)] == before
    assert await rewrap(db, Diary, Vault(NEW)) == 0


async def test_a_rotation_that_was_killed_goes_on_where_it_stood(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.running.personal.BATCH", 3)
    await written(db, 10, Vault(OLD))
    both = Vault(f"{NEW},{OLD}")
    opened: list[bytes] = []
    rotate = Vault.rotate

    def killed_at_the_eighth(vault: Vault, sealed: bytes) -> bytes:
        if len(opened) == 7:
            raise KeyboardInterrupt
        opened.append(sealed)
        return rotate(vault, sealed)

    with monkeypatch.context() as killing:
        killing.setattr(Vault, "rotate", killed_at_the_eighth)
        with pytest.raises(KeyboardInterrupt):
            await rewrap(db, Diary, both)
    assert await db["diary"].count_documents({f"{KEY}.by": both.mark}) == 6
    assert await readable(db, both) == 10

    assert await rewrap(db, Diary, both) == 4
    assert await readable(db, Vault(NEW)) == 10


async def test_rotation_never_gives_a_key_back_to_who_was_erased_meanwhile(
    db: Database, servers: Servers, transact: Transactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await transact(write, diary(SECRET))
    rotate = Vault.rotate

    def erased_meanwhile(vault: Vault, sealed: bytes) -> bytes:
        with MongoClient[Any](servers.mongo_url) as client:
            client[db.name]["diary"].update_one({"_id": "d1"}, {"$unset": {KEY: ""}})
        return rotate(vault, sealed)

    monkeypatch.setattr(Vault, "rotate", erased_meanwhile)
    assert await rewrap(db, Diary, Vault(f"{NEW},{OLD}")) == 0

    assert KEY not in await stored(db)


async def test_an_unknown_key_stops_rotation_and_names_no_content(db: Database) -> None:
    await written(db, 1, Vault(OLD))

    with pytest.raises(Unsealable):
        await rewrap(db, Diary, Vault(NEW))

    assert await readable(db, Vault(OLD)) == 1
