"""The demonstration city's letters, in every state, played in order of time."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from pydantic import BaseModel, ConfigDict

from services.kernel.contracts.mailbox import Contact, LetterKind
from services.kernel.domain.calendar import day_of
from services.kernel.domain.clock import now
from services.kernel.domain.decision import Cause, Unit
from services.kernel.domain.event import Known
from services.kernel.domain.person import Person, Role
from services.kernel.domain.sealed import Sealed
from services.kernel.running.city import Moment, at_work, person, read, text, until
from services.kernel.running.program import Program
from services.kernel.storage.crypto import digest
from services.kernel.storage.mongo import MongoReader
from services.mailbox.actions import (
    accept_letter,
    answer_letter,
    close_letter,
    disclose_letter,
    rate_letter,
    receive_letter,
    transfer_letter,
    wake_letter,
)
from services.mailbox.api.citizen import ALPHABET
from services.mailbox.domain import Department, Extract, Letter, Rating, Writing, first_department
from services.mailbox.domain.reception import current_rules
from services.mailbox.domain.rules import Rules

OFFICE = person(Role.OFFICE)
BEFORE = timedelta(minutes=15)  # how long before a letter to the mayor is accepted the office directs it


class CityTransfer(BaseModel):
    """It was handed over."""

    to: str
    reason: str
    at: Moment


class CityAnswer(BaseModel):
    """It was answered."""

    text: str
    at: Moment


class CityClosing(BaseModel):
    """It was closed."""

    at: Moment


class CityRating(BaseModel):
    """Its writer judged the answer."""

    stars: int
    solved: bool
    at: Moment


class CityDisclosure(BaseModel):
    """An extract of it was published."""

    title: str
    question: str
    answer: str
    at: Moment


class CityLetter(BaseModel):
    """A letter of `data/city.json`; its texts carry {y}, {m}, {d}. `department`: who takes it on.

    Its moments are seen from the first working day that is not over when it is loaded (`at_work`), so that one received
    as many working days before as its limit has is due that day.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    kind: Known[LetterKind]
    mailbox: str
    department: str
    title: str
    text: str
    contact: Contact
    consent: bool
    received: Moment
    accepted: Moment | None = None
    transferred: tuple[CityTransfer, ...] = ()
    answered: CityAnswer | None = None
    closed: CityClosing | None = None
    rated: CityRating | None = None
    disclosed: CityDisclosure | None = None

    @property
    def mark(self) -> str:
        """The receipt number's six characters, from the key."""
        return "".join(ALPHABET[byte % 32] for byte in self.seed[:6])

    @property
    def code(self) -> str:
        """No secret: everybody may follow the demonstration's letters."""
        return f"{int.from_bytes(self.seed[6:12]) % 10**10:010d}"

    @property
    def seed(self) -> bytes:
        return hashlib.sha256(self.key.encode()).digest()

    def receipt(self, day: date) -> str:
        return f"{day_of(self.received.at(day)):%Y%m%d}-{self.mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Something that happened to a letter."""

    at: datetime
    receipt: str
    act: Callable[[Unit], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that happens to one letter, as seen from `day`."""

    letter: CityLetter
    rules: Rules
    day: date

    def scenes(self) -> Iterator[Scene]:
        letter = self.letter
        arrived = letter.received.at(self.day)
        policy = self.rules.policy(arrived)
        yield self._scene(
            letter.received, receive_letter, self._writing(arrived), code_digest=Sealed(digest(letter.code))
        )
        if letter.accepted:
            if first_department(letter.mailbox, policy) != letter.department:
                directed = partial(transfer_letter, to=letter.department, reason="转主管部门办理", by=OFFICE)
                yield self._scene(letter.accepted, directed, before=BEFORE)
            yield self._scene(letter.accepted, accept_letter, by=handler(letter.department))
        department = letter.department
        for each in letter.transferred:
            yield self._scene(each.at, transfer_letter, to=each.to, reason=each.reason, by=handler(department))
            department = each.to
        yield from self._answered(handler(department))

    def _answered(self, by: Person) -> Iterator[Scene]:
        letter = self.letter
        if letter.answered:
            at = letter.answered.at
            yield self._scene(at, answer_letter, text=text(letter.answered.text, at.at(self.day)), by=by)
        if letter.closed:
            yield self._scene(letter.closed.at, close_letter, by=by)
        if letter.rated:
            yield self._scene(
                letter.rated.at, rate_letter, Rating(stars=letter.rated.stars, solved=letter.rated.solved)
            )
        if letter.disclosed:
            extract = self._extract(letter.disclosed)
            yield self._scene(letter.disclosed.at, disclose_letter, extract, contact=letter.contact.told, by=by)

    def _writing(self, at: datetime) -> Writing:
        return Writing(
            kind=self.letter.kind,
            mailbox=self.letter.mailbox,
            title=Sealed(text(self.letter.title, at)),
            text=Sealed(text(self.letter.text, at)),
            contact=Sealed(self.letter.contact.model_dump_json()),
            consent=self.letter.consent,
        )

    def _extract(self, told: CityDisclosure) -> Extract:
        title, question, answer = (
            text(each, told.at.at(self.day)) for each in (told.title, told.question, told.answer)
        )
        return Extract(title=title, question=question, answer=answer)

    def _scene(
        self,
        moment: Moment,
        action: Callable[..., Awaitable[object]],
        *args: object,
        before: timedelta = timedelta(),
        **how: object,
    ) -> Scene:
        at, receipt = moment.at(self.day) - before, self.letter.receipt(self.day)
        return Scene(at=at, receipt=receipt, act=lambda unit: action(unit, receipt, *args, at=at, **how))


def handler(department: str) -> Person:
    return person(Role.HANDLER, department)


async def load(program: Program) -> None:
    """Load the letters once, all in one transaction. `SystemExit` if the database holds other letters."""
    letters = [CityLetter.model_validate(each) for each in read(__file__)["letters"]]
    reader, day = program.transact.reader(), at_work(day_of(now()))
    there = await reader.ids(Letter, {}, sort="_id", limit=0)
    if found := example(letters, there):
        return print(f"The city's letters are already loaded. {found}")
    if there:
        raise SystemExit(f"This database holds other letters: the city is loaded into an empty one only ({there[0]}).")
    departments = {code for letter in letters for code in (letter.department, *(t.to for t in letter.transferred))}
    rules = await current_rules(reader)
    departments |= {policy.mayor_department for policy in rules.policies}
    await until("mailbox to hear of the city's departments", lambda: known(reader, departments))
    scenes = [scene for letter in letters for scene in Life(letter=letter, rules=rules, day=day).scenes()]
    past = sorted(scenes, key=lambda scene: (scene.at, scene.receipt))
    await program.transact.because(Cause(who="city", request="city"))(play, past, now())
    receipts = await reader.ids(Letter, {}, sort="_id", limit=0)
    print(f"Loaded {len(receipts)} letters in {len(past)} steps. {example(letters, receipts)}")


def example(letters: Iterable[CityLetter], receipts: Iterable[str]) -> str | None:
    """A letter to try out.

    It is found by its mark, whenever it was loaded. None if no city letter is there.
    """
    marks = {receipt.rpartition("-")[2]: receipt for receipt in receipts}
    there = [letter for letter in letters if letter.mark in marks]
    tried = next((letter for letter in there if letter.answered), next(iter(there), None))
    return f"Try receipt {marks[tried.mark]} with code {tried.code}." if tried else None


async def known(reader: MongoReader, codes: set[str]) -> bool:
    return await reader.count(Department, {"_id": {"$in": sorted(codes)}}) == len(codes)


async def play(unit: Unit, scenes: Sequence[Scene], until: datetime) -> None:
    """Play the whole past in one transaction.

    Otherwise the running program's sweep would find a letter before its answer is played, and announce it as overdue.
    """
    arrived: dict[str, None] = {}
    for scene in scenes:
        await wake_all(unit, arrived, scene.at)
        await scene.act(unit)
        arrived[scene.receipt] = None
    await wake_all(unit, arrived, until)


async def wake_all(unit: Unit, receipts: Iterable[str], at: datetime) -> None:
    """Wake every letter that was due up to a moment of the past, in order of time."""
    letters = [await unit.get(Letter, receipt) for receipt in receipts]
    woken = [(letter.wakes_at, letter.id) for letter in letters if letter.wakes_at and letter.wakes_at <= at]
    for _, receipt in sorted(woken):
        await wake_letter(unit, receipt, at=at)
