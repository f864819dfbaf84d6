"""A letter that is erased: nothing of it can be read anywhere, and nothing that is counted has moved."""

import httpx
import pytest

from services.kernel import telemetry
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Refused
from services.kernel.running.commands import erase, parser
from services.kernel.running.program import Program
from services.kernel.storage.crypto import Unsealable
from services.mailbox.__main__ import SERVICE
from services.mailbox.actions import erase_letter
from tests.mailbox.desk import EXTRACT, Desk, done, expect_problem, journal
from tests.mailbox.examples import CONTACT, NEW
from tests.support.stored import all_bytes

pytestmark = pytest.mark.servers
ANSWER, NOTE = "路灯已于今日修复。", "此事属水利职责范围"
PRIVATE = [NEW["title"], NEW["text"], ANSWER, NOTE, *CONTACT.values()]


async def lived(desk: Desk) -> dict[str, str]:
    """The receipt of a letter that was handed over, answered and rated."""
    written = done(await desk.hand_in(key="click-1"), 201)
    receipt = written["receipt"]
    done(await desk.client.post(f"/letters/{receipt}/contact", headers=desk.handler))
    done(await desk.step(receipt, "transfer", {"to": "water", "reason": NOTE}))
    water = desk.office
    for step, body in (("acceptance", None), ("answer", {"text": ANSWER})):
        done(await desk.client.post(f"/letters/{receipt}/{step}", json=body, headers=water))
    done(await desk.rate(receipt, written["code"]))
    return {"receipt": receipt, "code": written["code"]}


async def test_what_a_letter_says_is_in_clear_nowhere_neither_before_nor_after_it_is_erased(
    desk: Desk, program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure("mailbox", "json")  # to the stdout that is captured here
    letter = await lived(desk)
    before = await all_bytes(program.db)

    await program.transact(erase_letter, letter["receipt"], reason="期满", at=now())

    said = capsys.readouterr()
    assert '"erase_letter"' in said.out
    for where in (before, await all_bytes(program.db), (said.out + said.err).encode()):
        assert letter["receipt"].encode() in where or b"receive_letter" in where
        assert [word for word in PRIVATE if word.encode() in where or ascii(word)[1:-1].encode() in where] == []
    [kept] = await program.db["answers"].find().to_list(None)
    with pytest.raises(Unsealable):
        program.vault.open(kept["answer"])


async def test_an_erased_letter_can_be_read_by_nobody_and_counts_as_before(desk: Desk, program: Program) -> None:
    letter = await lived(desk)
    before = await desk.letter(letter["receipt"])

    await program.transact(erase_letter, letter["receipt"], reason="期满", at=now())

    after = await desk.letter(letter["receipt"])
    assert (after["title"], after["text"], after["answer"]) == (None, None, None)
    assert [step["reason"] for step in after["steps"]] == [None] * len(after["steps"])
    same = {"kind", "mailbox", "department", "state", "received_at", "due_at", "answered_at", "rating", "overdue_since"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    expect_problem(await desk.ask(letter["receipt"], letter["code"]), 404, "letter.no_such_receipt")
    looked = await desk.client.post(f"/letters/{letter['receipt']}/contact", headers=desk.office)
    expect_problem(looked, 410, "letter.erased")


async def test_an_answer_kept_for_a_key_is_gone_with_the_letter_and_nothing_is_done_again(
    desk: Desk, program: Program
) -> None:
    letter = await lived(desk)
    assert (await desk.hand_in(key="click-1")).json()["receipt"] == letter["receipt"]

    await program.transact(erase_letter, letter["receipt"], reason="期满", at=now())

    expect_problem(await desk.hand_in(key="click-1"), 410, "answer.gone")
    assert await program.db["letter"].count_documents({}) == 1


async def test_the_extract_of_an_erased_letter_is_hidden(desk: Desk, program: Program) -> None:
    written = await desk.answered()
    done(await desk.step(written["receipt"], "disclosure", EXTRACT))

    await program.transact(erase_letter, written["receipt"], reason="来信人要求", at=now())
    await program.transact(erase_letter, written["receipt"], reason="再一次", at=now())

    told = [record["type"] for record in await journal(program, written["receipt"]) if "sequence" in record]
    assert told[-2:] == ["letter.disclosed", "letter.hidden"]
    expect_problem(await desk.step(written["receipt"], "disclosure", EXTRACT), 410, "letter.erased")


async def test_a_letter_whose_clock_runs_is_not_erased(desk: Desk, program: Program) -> None:
    written = await desk.write()

    with pytest.raises(Refused, match=r"letter\.unanswered"):
        await program.transact(erase_letter, written["receipt"], reason="x", at=now())

    assert (await desk.letter(written["receipt"]))["text"] == NEW["text"]


async def test_the_command_erases_what_it_is_given_and_says_what_it_cannot(
    desk: Desk, program: Program, client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    first, running = await desk.answered(), await desk.write()
    asked = parser(SERVICE).parse_args(["erase", f"letter/{first['receipt']}", "--reason", "期满"])

    await erase(program, asked)
    await erase(program, asked)

    assert capsys.readouterr().out.count(f"Erased what was personal in letter/{first['receipt']}.") == 2
    [erased] = [r for r in await journal(program, first["receipt"]) if r["type"] == "letter.erased"]
    assert "期满" in erased["value"]
    for what, said in (
        ("letter/none", "no letter"),
        ("item/1", "kind/id"),
        (f"letter/{running['receipt']}", "Answer it before"),
    ):
        with pytest.raises(SystemExit, match=said):
            await erase(program, parser(SERVICE).parse_args(["erase", what, "--reason", "x"]))
