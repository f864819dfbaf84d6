"""Personal texts: readable for the rules, for nobody else, and for nobody at all once they are erased."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticSerializationError

from services.kernel.domain.decision import Aggregate, Cause, Decision, Unit
from services.kernel.domain.event import Fact
from services.kernel.domain.sealed import Sealed
from services.kernel.running.personal import begin_rotation, rotation
from services.kernel.running.task import Tasks
from services.kernel.storage.crypto import DataKey, Unsealable, Vault
from services.kernel.storage.mongo import Database, MongoReader, document, read
from services.kernel.storage.transaction import Transactor
from tests.support.sample import AT
from tests.support.stored import all_bytes

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "欧阳明月家的路灯不亮"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Aggregate):
    """Somebody's note, with remarks."""

    KIND: ClassVar[str] = "note"

    text: Sealed
    remarks: tuple[Sealed, ...] = ()
    stars: int = 0


class Noted(Fact):
    TYPE: ClassVar[str] = "note.noted"


def noted(note: Note, *, erases: bool = False) -> Decision[Note]:
    return Decision(note, (Noted(at=AT),), erases=erases)


@pytest.fixture
def transact(db: Database) -> Transactor:
    return Transactor(db, Cause(who="tester", request="r"), vault=Vault(OLD))


async def write(unit: Unit, id: str, text: str = SECRET) -> Note:
    return unit.save(noted(Note(id=id, text=Sealed(text))))


async def change(unit: Unit, id: str, how: Callable[[Note], Note], erases: bool = False) -> Note:
    return unit.save(noted(how(await unit.get(Note, id)), erases=erases))


def test_a_sealed_text_shows_itself_nowhere() -> None:
    note = Note(id="a", text=Sealed(SECRET))

    assert SECRET not in repr(note) + str(note) + f"{note.text}"
    with pytest.raises(PydanticSerializationError, match="no form outside"):
        document(note)


def test_the_same_text_is_the_same_and_another_is_not() -> None:
    assert Sealed("a") == Sealed("a") != Sealed("b")
    assert Sealed("a") != "a"
    assert len({Sealed("a"), Sealed("a"), Sealed("b")}) == 2


def test_what_was_sealed_for_another_or_changed_does_not_open() -> None:
    vault = Vault(OLD)
    key = DataKey(vault, "note/a")
    token = key.seal(Sealed(SECRET))

    assert DataKey(vault, "note/a", key.wrapped).open(token) == SECRET
    for wrong in (DataKey(vault, "note/b", key.wrapped), DataKey(vault, "note/a", vault.seal(b"k" * 32))):
        with pytest.raises(Unsealable):
            wrong.open(token)
    for spoilt in (token[:-1], token[:5], b"", token[:20] + bytes([token[20] ^ 1]) + token[21:]):
        with pytest.raises(Unsealable):
            DataKey(vault, "note/a", key.wrapped).open(spoilt)


@pytest.mark.servers
async def test_a_sealed_text_lies_nowhere_in_the_clear_and_reads_as_it_was(db: Database, transact: Transactor) -> None:
    await transact(write, "a")
    await transact(change, "a", lambda note: replace(note, remarks=(Sealed("住在人民二路"),)))

    found = await transact.reader().look(Note, "a")
    assert found
    assert (found.text.text, [remark.text for remark in found.remarks]) == (SECRET, ["住在人民二路"])
    stored = await all_bytes(db)
    assert b"note.noted" in stored
    assert [word for word in (SECRET, "人民二路") if word.encode() in stored] == []


@pytest.mark.servers
async def test_what_did_not_change_keeps_its_bytes_and_is_not_written_again(db: Database, transact: Transactor) -> None:
    await transact(write, "a")
    before = await db["note"].find_one({"_id": "a"})

    await transact(change, "a", lambda note: replace(note, stars=5))
    await transact(change, "a", lambda note: replace(note, text=Sealed(SECRET), stars=4))  # typed once more

    after = await db["note"].find_one({"_id": "a"})
    assert before
    assert after
    assert (after["text"], after["key"]) == (before["text"], before["key"])
    changes = [r["changes"] async for r in db["journal"].find({"version": {"$gt": 1}}).sort("version", 1)]
    assert changes == [{"stars": [0, 5]}, {"stars": [5, 4]}]


@pytest.mark.servers
async def test_what_is_erased_is_gone_with_its_key_and_what_is_counted_stays(
    db: Database, transact: Transactor
) -> None:
    await transact(write, "a")
    await transact(change, "a", lambda note: replace(note, stars=5))

    await transact(change, "a", lambda note: note, True)

    found = await transact.reader().look(Note, "a")
    assert found
    assert (found.text.text, found.stars) == (None, 5)
    stored = await db["note"].find_one({"_id": "a"})
    assert stored
    assert "key" not in stored
    await transact(change, "a", lambda note: replace(note, stars=4))
    again = await transact.reader().look(Note, "a")
    assert again
    assert (again.text.text, again.stars) == (None, 4)


@pytest.mark.servers
async def test_after_rotation_the_old_key_of_the_program_can_be_taken_away(db: Database, transact: Transactor) -> None:
    for n in range(450):  # more than two batches
        await transact(write, f"n{n:03}")
    await transact(change, "n007", lambda note: note, True)
    both = Vault(f"{NEW},{OLD}")
    rotating = Transactor(db, Cause(who="tester", request="r"), vault=both)

    await rotating(begin_rotation, "rotation:1", by="tester", at=AT)
    ended = await Tasks(rotating, [rotation(both, [Note])]).ended("rotation:1")

    assert ended.progress.done == 449
    found = (
        await Transactor(db, Cause(who="t", request="r"), vault=Vault(NEW)).reader().find(Note, {}, sort="_id", limit=0)
    )
    assert {note.text.text for note in found} == {SECRET, None}
    assert [note.id for note in found if note.text.text is None] == ["n007"]


@pytest.mark.servers
async def test_what_is_written_while_keys_are_wrapped_anew_is_lost_on_neither_side(
    db: Database, transact: Transactor
) -> None:
    """A writer that read the old key before it was wrapped anew must not put it back."""
    await transact(write, "a")
    both = Vault(f"{NEW},{OLD}")
    rotating = Transactor(db, Cause(who="tester", request="r"), vault=both)
    met = 0

    async def in_the_middle(unit: Unit) -> None:
        nonlocal met
        note = await unit.get(Note, "a")
        met += 1
        if met == 1:
            await rotating(begin_rotation, "rotation:1", by="tester", at=AT)
            await Tasks(rotating, [rotation(both, [Note])]).ended("rotation:1")
        unit.save(noted(replace(note, remarks=(Sealed("住在人民二路"),))))

    await rotating(in_the_middle)

    assert met == 2, "it collided and ran again"
    found = await MongoReader(db, vault=Vault(NEW)).look(Note, "a")
    assert found
    assert (found.text.text, found.remarks[0].text) == (SECRET, "住在人民二路")


texts = st.text(st.characters(codec="utf-8"), max_size=40)


@given(st.lists(st.tuples(texts, st.lists(texts, max_size=3)), min_size=1, max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_written_in_whatever_order_reads_back(changes: list[tuple[str, list[str]]]) -> None:
    vault = Vault(OLD)
    key = DataKey(vault, "note/a")
    stored = {"_id": "a", "version": 1, **document(Note(id="a", text=Sealed("")), key), "key": key.wrapped}
    for text, remarks in changes:
        here = DataKey(vault, "note/a", stored["key"])
        note = read(Note, stored, here)
        changed = replace(note, text=Sealed(text), remarks=tuple(map(Sealed, remarks)))
        same = note.text.text == text
        written = document(changed, here)
        assert (written["text"] == stored["text"]) is same
        stored |= written

    found = read(Note, stored, DataKey(vault, "note/a", stored["key"]))
    assert (found.text.text, [remark.text for remark in found.remarks]) == changes[-1]
