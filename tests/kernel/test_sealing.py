"""Sealed fields as they are stored: encrypted for their place, unchanged where unchanged, gone when erased."""

from collections.abc import Callable
from dataclasses import replace

import bson
import pytest
from bson import Binary
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Servers
from services.kernel.domain.decision import Cause, Gone, Unit
from services.kernel.running.personal import rewrap
from services.kernel.storage import sealing
from services.kernel.storage.crypto import Unsealable, Vault
from services.kernel.storage.mongo import Database, Document, connect
from services.kernel.storage.sealing import DataKey
from services.kernel.storage.transaction import Transactor
from tests.kernel.diary import AT, Diary, diary, erase, page, texts, write

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


async def journal(db: Database) -> list[Document]:
    return await db["journal"].find().sort([("version", 1), ("n", 1)]).to_list(None)


async def test_what_is_sealed_is_stored_as_ciphertext_and_read_as_it_was(db: Database, transact: Transactor) -> None:
    wanted = diary(SECRET, page(SECRET, happy=SECRET), page(""), motto=SECRET)

    saved = await transact(write, wanted, SECRET)

    assert saved == replace(wanted, version=1)
    assert await transact.reader().look(Diary, "d1") == saved
    assert await transact.reader().find(Diary, {"place": "清远"}, sort="_id", limit=5) == [saved]
    everything = b"".join(bson.encode(each) for each in [await stored(db), *await journal(db)])
    assert SECRET.encode() not in everything
    assert "清远".encode() in everything
    assert KEY.encode() not in b"".join(map(bson.encode, await journal(db)))


async def test_unchanged_text_keeps_its_ciphertext_and_only_what_changed_is_noted(
    db: Database, transact: Transactor
) -> None:
    await transact(write, diary(SECRET, page("一", happy="笑"), motto="勤"))
    before = await stored(db)

    await transact(write, diary(SECRET, page("一", happy="哭"), motto="勤"))
    after = await stored(db)
    await transact(write, diary(SECRET, page("一", happy="哭"), page("二", day=2), motto="勤"))

    _, record, more = await journal(db)
    assert (list(record["changes"]), list(more["changes"])) == (["pages.0.marks.happy"], ["pages.1"])
    assert [before["title"], before["motto"], before["pages"][0]["text"], before[KEY]] == [
        after["title"], after["motto"], after["pages"][0]["text"], after[KEY],
    ]  # fmt: skip
    assert record["changes"]["pages.0.marks.happy"] == [
        before["pages"][0]["marks"]["happy"], after["pages"][0]["marks"]["happy"],
    ]  # fmt: skip


async def test_the_same_text_is_another_ciphertext_in_another_field_and_in_another_aggregate(
    db: Database, transact: Transactor
) -> None:
    await transact(write, diary(SECRET, page(SECRET), motto=SECRET))
    await transact(write, diary(SECRET, page(SECRET), motto=SECRET, id="d2"))

    found = [each for id in ("d1", "d2") for d in [await stored(db, id)] for each in (d["title"], d["motto"])]
    assert len(set(found)) == 4


def to_another_field(one: Document, _: Document) -> Document:
    return {"motto": one["title"]}


def to_another_aggregate(_: Document, other: Document) -> Document:
    return {"title": other["title"]}


def with_its_key(_: Document, other: Document) -> Document:
    return {"title": other["title"], "motto": other["motto"], KEY: other[KEY]}


def spoilt(one: Document, _: Document) -> Document:
    return {"title": Binary(one["title"][:-1] + bytes([one["title"][-1] ^ 1]), sealing.SUBTYPE)}


@pytest.mark.parametrize("moved", [to_another_field, to_another_aggregate, with_its_key, spoilt])
async def test_a_ciphertext_that_was_moved_or_changed_does_not_open(
    db: Database, transact: Transactor, moved: Callable[[Document, Document], Document]
) -> None:
    await transact(write, diary("一", motto="勤"))
    await transact(write, diary("二", motto="俭", id="d2"))

    await db["diary"].update_one({"_id": "d1"}, {"$set": moved(await stored(db), await stored(db, "d2"))})

    found = await transact.reader().look(Diary, "d1")
    assert found is not None
    with pytest.raises(Unsealable):
        texts(found)


async def test_who_has_no_vault_neither_opens_nor_writes_what_is_sealed(db: Database, transact: Transactor) -> None:
    bare = Transactor(db, CAUSE)
    await transact(write, diary(SECRET))
    found = await bare.reader().look(Diary, "d1")

    assert found is not None
    with pytest.raises(TypeError, match="keys of the program"):
        texts(found)
    for wanted in (diary("二"), diary("二", id="d2")):
        with pytest.raises(TypeError, match="keys of the program"):
            await bare(write, wanted)
    assert await db["diary"].count_documents({}) == 1


async def test_erasing_deletes_the_key_and_with_it_all_that_was_sealed(db: Database, transact: Transactor) -> None:
    await transact(write, diary(SECRET, page(SECRET, happy=SECRET), motto=SECRET))
    kept = await stored(db)

    saved = await transact(erase, "d1", at=AT)

    found = await stored(db)
    assert texts(saved) == [None] * 4
    assert saved.place == "清远"
    assert await transact.reader().look(Diary, "d1") == saved
    assert KEY in kept
    assert KEY not in found
    record = (await journal(db))[-1]
    assert record["type"] == "diary.erased"
    assert "sequence" not in record


async def test_the_erased_goes_on_living_but_takes_no_new_text(db: Database, transact: Transactor) -> None:
    await transact(write, diary(SECRET, page(SECRET)))
    erased = await transact(erase, "d1", at=AT)

    moved = await transact(write, replace(erased, place="阳山"))
    with pytest.raises(Gone):
        await transact(write, replace(moved, motto=diary(SECRET).title))

    assert list((await journal(db))[-1]["changes"]) == ["place"]
    assert KEY not in await stored(db)


async def test_written_and_erased_in_one_unit_it_is_stored_without_a_key(db: Database, transact: Transactor) -> None:
    async def both(unit: Unit) -> None:
        await write(unit, diary(SECRET), SECRET)
        await erase(unit, "d1", at=AT)

    async def with_a_question_between(unit: Unit) -> None:
        await write(unit, diary(SECRET, id="d2"), SECRET)
        await unit.count(Diary, {})
        await erase(unit, "d2", at=AT)

    async def from_outside(unit: Unit) -> None:
        await erase(unit, "d3", at=AT)
        await unit.count(Diary, {})
        await write(unit, replace(await unit.get(Diary, "d3"), place="阳山"))

    await transact(both)
    await transact(with_a_question_between)
    await transact(write, diary(SECRET, id="d3"))
    await transact(from_outside)

    for id in ("d1", "d2", "d3"):
        assert KEY not in await stored(db, id)
        found = await transact.reader().look(Diary, id)
        assert found is not None
        assert found.title.text is None


TEXTS = st.text(max_size=8)
PAGES = st.lists(st.tuples(TEXTS, st.integers(0, 3), st.dictionaries(st.sampled_from("abc"), TEXTS)), max_size=3)
DIARIES = st.builds(
    lambda title, motto, pages: diary(title, *(page(t, d, **marks) for t, d, marks in pages), motto=motto),
    TEXTS, st.none() | TEXTS, PAGES,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives=st.lists(st.tuples(DIARIES, st.booleans()), min_size=1, max_size=5), other=DIARIES)
async def test_any_sequence_of_saves_and_rotations_reads_as_it_was_saved(
    servers: Servers, lives: list[tuple[Diary, bool]], other: Diary
) -> None:
    db = connect(servers.mongo_url, "t_sealing")
    both, last = [Vault(f"{OLD},{NEW}"), Vault(f"{NEW},{OLD}")], None
    await db["diary"].delete_many({})
    for wanted, turn in lives:
        transact = Transactor(db, CAUSE, vault=both[turn])
        first = await transact(write, wanted)
        noted = await transact(write, wanted)
        assert first == replace(wanted, version=noted.version - 1)
        assert await transact.reader().look(Diary, "d1") == noted
        record = await db["journal"].find_one({"subject": "diary/d1"}, sort=[("_id", -1)])
        assert record is not None
        assert record["changes"] == {}, "nothing changed, so nothing is noted"
        await rewrap(db, Diary, both[not turn])
        last = noted
    alone = Transactor(db, CAUSE, vault=Vault(NEW))
    await rewrap(db, Diary, both[True])
    assert await alone.reader().look(Diary, "d1") == last
    db.client.close()


def test_a_data_key_does_not_show_itself() -> None:
    key = DataKey(Vault(OLD), "diary/d1")
    token = key.encrypt(SECRET.encode(), "a")

    assert key.decrypt(token, "a").decode() == SECRET
    assert "d1" not in repr(key)
