"""The demonstration city's letters, in every state, played in order of time."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from services.kernel.calendar import day_of, official
from services.kernel.city import Moment, person, read, text, today, until
from services.kernel.clock import now
from services.kernel.contracts.mailbox import LetterKind
from services.kernel.decision import Cause
from services.kernel.mongo import MongoReader
from services.kernel.person import Role
from services.kernel.program import Program
from services.kernel.transaction import Transactor
from services.mailbox import store
from services.mailbox.actions import (
    accept_letter,
    answer_letter,
    close_letter,
    disclose_letter,
    rate_letter,
    receive_letter,
    transfer_letter,
)
from services.mailbox.api import ALPHABET
from services.mailbox.domain import Department, Letter, Rating, Writing, in_force
from services.mailbox.timers import sweeps

Spec = dict[str, Any]


def moment(spec: Spec) -> datetime:
    return Moment(**{k: spec[k] for k in ("month", "day", "time")}).at(today())


def receipt_of(letter: Spec) -> str:
    """The same at every load, so that an interrupted one goes on."""
    seed = hashlib.sha256(letter["key"].encode()).digest()
    return f"{day_of(moment(letter['received'])):%Y%m%d}-{''.join(ALPHABET[byte % 32] for byte in seed[:6])}"


def code_of(letter: Spec) -> str:
    """No secret: everybody may follow the demonstration's letters."""
    return f"{int.from_bytes(hashlib.sha256(letter['key'].encode()).digest()[6:12]) % 10**10:010d}"


def steps_of(letter: Spec) -> Iterator[tuple[datetime, str, Spec]]:
    """What happens to a letter, with its moment; the word is the step's."""
    yield moment(letter["received"]), "received", letter
    for transfer in letter.get("transferred") or []:
        yield moment(transfer["at"]), "transferred", transfer
    if letter.get("accepted"):
        yield moment(letter["accepted"]), "accepted", letter
    for word in ("answered", "closed", "rated", "disclosed"):
        if letter.get(word):
            yield moment(letter[word].get("at", letter[word])), word, letter[word]


async def load(program: Program) -> None:
    """Once; a load that was interrupted goes on. `SystemExit` where other letters are here."""
    letters: list[Spec] = read(__file__)["letters"]
    reader = MongoReader(program.db)
    receipts = {receipt_of(letter): letter for letter in letters}
    there = set(await reader.ids(Letter, {}, sort="_id", limit=0))
    if strangers := there - receipts.keys():
        raise SystemExit(f"This database holds other letters already ({', '.join(sorted(strangers)[:3])} …).")
    codes = {letter["department"] for letter in letters}
    await until(
        "mailbox to hear of the city's departments",
        lambda: known(reader, codes),
    )
    past = sorted(
        ((at, receipt, word, what) for receipt, letter in receipts.items() for at, word, what in steps_of(letter)),
        key=lambda step: (step[0], step[1]),
    )
    transact = program.transact.because(Cause(who="city", request="city"))
    for at, receipt, word, what in past:
        if at < now():
            await sweep_until(transact, at)
            await play(program, transact, receipts[receipt], receipt, word, what, at)
    await sweep_until(transact, now())
    example = next(receipt for receipt, letter in receipts.items() if letter.get("answered"))
    print(f"{len(letters)} letters are loaded. Try receipt {example} with code {code_of(receipts[example])}.")


async def known(reader: MongoReader, codes: set[str]) -> bool:
    return await reader.count(Department, {"_id": {"$in": sorted(codes)}}) == len(codes)


async def sweep_until(transact: Transactor, at: datetime) -> None:
    """What time did up to a moment of the past."""
    for sweep in sweeps():
        while await sweep.once(transact, at):
            continue


async def play(
    program: Program, transact: Transactor, letter: Spec, receipt: str, word: str, what: Spec, at: datetime
) -> None:
    """One step; a step that was played before changes nothing or is passed."""
    found = await MongoReader(program.db).look(Letter, receipt)
    handler = person(Role.HANDLER, found.department if found else letter["department"])
    if word == "received":
        if found is None:
            await receive(program, transact, letter, receipt, at)
        return
    assert found is not None
    if word == "transferred" and all(s.department != what["to"] for s in found.steps):
        await transact(transfer_letter, receipt, to=what["to"], by=handler, at=at)
    elif word == "accepted" and all(s.state != "accepted" for s in found.steps) and found.answer is None:
        await transact(accept_letter, receipt, by=handler, at=at)
    elif word == "answered" and found.answer is None:
        await transact(answer_letter, receipt, text=text(what["text"], at), by=handler, at=at)
    elif word == "closed":
        await transact(close_letter, receipt, by=handler, at=at)
    elif word == "rated":
        await transact(rate_letter, receipt, Rating(stars=what["stars"], solved=what["solved"]), at=at)
    elif word == "disclosed" and found.disclosed is None:
        said = {name: text(what[name], at) for name in ("title", "question", "answer")}
        extract = json.dumps(said, ensure_ascii=False).encode()
        contact = [v for v in letter["contact"].values() if v]
        await transact(disclose_letter, receipt, extract, contact=contact, by=handler, at=at)


async def receive(program: Program, transact: Transactor, letter: Spec, receipt: str, at: datetime) -> None:
    writing = Writing(
        kind=LetterKind(letter["kind"]),
        mailbox=letter["mailbox"],
        title=text(letter["title"], at),
        text=text(letter["text"], at),
        contact=program.vault.seal(json.dumps(letter["contact"], ensure_ascii=False).encode()),
        consent=letter["consent"],
    )
    await transact(
        receive_letter, receipt, writing, code_digest=program.vault.digest(code_of(letter)),
        policy=in_force(store.policies(), at), calendar=official(), at=at,
    )  # fmt: skip
